"""The entry point `rnnspec`: dispatches to the commands, and turns what goes wrong into sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from rnnref import RnnrefError
from rnnspec import __version__
from rnnspec.command.check import check_command
from rnnspec.command.claims import claims_command
from rnnspec.command.interrupts import interrupts_come_through
from rnnspec.command.verify import verify_command
from rnnspec.errors import RnnspecError

AT_FAULT = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
NOBODY_READS = 141  # 128 + SIGPIPE


@click.group("rnnspec", invoke_without_command=True)
@click.version_option(__version__, prog_name="rnnspec")
@click.pass_context
def cli(context: click.Context) -> int:
    """Recurrent neural networks as an executable specification."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        return AT_FAULT
    return 0


cli.add_command(verify_command)
cli.add_command(check_command)
cli.add_command(claims_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        arguments: without the program's name; those of this process if None.
    """
    for stream in (sys.stdout, sys.stderr):  # mathematics needs more letters than some encodings have
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with interrupts_come_through():
            code = cli.main(arguments, prog_name="rnnspec", standalone_mode=False)
            sys.stdout.flush()
    except click.ClickException as error:
        return _at_fault(error.format_message())
    except (RnnspecError, RnnrefError) as error:
        return _at_fault(str(error))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes at exit, and would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return int(code or 0)


def _at_fault(message: str) -> int:
    click.echo(f"rnnspec: {message}", err=True)
    return AT_FAULT


if __name__ == "__main__":
    sys.exit(main())
