"""Ctrl-C, wherever it finds the program.

Python raises `KeyboardInterrupt` at the line that is being run. Where that line belongs to a
finalizer or to a callback of the garbage collector (Hypothesis has one), no caller can catch
it: Python complains on standard error, and the program goes on as if nobody had interrupted it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds until an interrupt that came to nothing is raised again. By then, the finalizer or
# callback is through, as a rule; if it is not, there is a next time.
_AGAIN = 0.01


@contextmanager
def interrupts_come_through() -> Iterator[None]:
    """Raise `KeyboardInterrupt` again, a moment later, where Python had to ignore it.

    An alarm does it, since starting a thread takes locks, which what was interrupted may hold.
    Changes nothing outside the main thread, which alone is interrupted, and where there are no
    alarms (Windows).
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return
    hook = sys.unraisablehook

    def raise_again(ignored: sys.UnraisableHookArgs) -> None:
        if ignored.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            hook(ignored)

    alarm = signal.signal(signal.SIGALRM, signal.default_int_handler)
    sys.unraisablehook = raise_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
