"""The files a journal consists of (`journal.py`): each holds the records from the `seq` in its name on."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SUFFIX = ".journal"


@dataclass
class Segment:
    """One file; its name is the first `seq` it may hold. `size` in bytes."""

    first_seq: int
    path: Path
    size: int

    @classmethod
    def starting_at(cls, first_seq: int, folder: Path) -> Self:
        """A new one, not on the disk yet."""
        return cls(first_seq, folder / f"{first_seq:016d}{SUFFIX}", 0)

    def open(self) -> int:
        """A descriptor to append with. Raises OSError (disk full, no descriptor left)."""
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


@dataclass(frozen=True)
class Place:
    """Where reading goes on after `seq`."""

    seq: int
    segment: int
    offset: int


def find_segments(folder: Path) -> list[Segment]:
    """Those on the disk, in order."""
    paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())
    return [Segment(int(path.stem), path, path.stat().st_size) for path in paths]
