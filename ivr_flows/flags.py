"""Switches that flows branch on (`flag.NAME`), in one small file of the node: they work with the case store down."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FLAGS = "flags.json"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class InvalidFlag(ValueError):
    """A name that no flow could branch on."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether it is on, since when (ISO 8601, UTC), by whom and why."""

    on: bool
    at: str = ""
    by: str = ""
    note: str = ""


def read_flags(folder: Path) -> dict[str, Flag]:
    """The switches by name; none when the file is missing or damaged."""
    try:
        raw: Any = json.loads((folder / FLAGS).read_text(encoding="utf-8"))
        return {str(name): Flag(**one) for name, one in sorted(raw.items())}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def set_flag(folder: Path, name: str, flag: Flag) -> None:
    """Set one switch. Raises InvalidFlag, OSError."""
    if not NAME.fullmatch(name):
        raise InvalidFlag(f"'{name}' is no name of a switch: small letters, figures, - and _")
    flags = {**read_flags(folder), name: flag}
    folder.mkdir(parents=True, exist_ok=True)
    interim = folder / f"{FLAGS}.new"
    interim.write_text(
        json.dumps({one: asdict(each) for one, each in flags.items()}, ensure_ascii=False), encoding="utf-8"
    )
    interim.replace(folder / FLAGS)
