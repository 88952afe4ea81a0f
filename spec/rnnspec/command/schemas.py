"""The JSON schemas of what the command line writes: `python -m rnnspec.command.schemas docs`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from rnnspec.command.catalogue import Catalogue
from rnnspec.kit.report import Report, json_schema


def schemas() -> dict[str, str]:
    """The text of each schema's file, by its name."""
    kinds: dict[str, type[msgspec.Struct]] = {"report.schema.json": Report, "claims.schema.json": Catalogue}
    return {
        name: json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"
        for name, kind in kinds.items()
    }


def main(folder: str) -> None:
    """Write the schemas into a folder."""
    for name, text in schemas().items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
