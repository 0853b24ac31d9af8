"""Reads queue_log from where it stopped, across rotations, and never half a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import structlog

log = structlog.get_logger(__name__)

HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in one file. `head` (CRC of its first bytes) tells a new file from an old one with the same inode."""

    inode: int
    offset: int
    head: int = 0
    head_bytes: int = 0


class LogTail:
    """One log file and its rotated elders (`queue_log`, `queue_log.1`, `queue_log-20261123` …)."""

    def __init__(self, path: Path, checkpoint: Checkpoint | None) -> None:
        self.path = path
        self.checkpoint = checkpoint

    def end(self) -> Checkpoint | None:
        """The place behind the last whole line; None while there is no file."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                start = max(0, size - 65536)
                file.seek(start)
                tail = file.read(size - start)
                return self._place(self.path, start + tail.rfind(b"\n") + 1)
        except FileNotFoundError:
            return None

    def read_new(self) -> Iterator[str]:
        """Every whole line behind the checkpoint; the checkpoint moves along as lines are taken."""
        for path, start in self._unread_files():
            offset = start
            try:
                with path.open("rb") as file:
                    file.seek(start)
                    for line in file:
                        if not line.endswith(b"\n"):
                            break
                        offset += len(line)
                        yield line.rstrip(b"\r\n").decode("utf-8", "replace")
                    self.checkpoint = self._place(path, offset)
            except FileNotFoundError:
                continue  # rotated away between the listing and the opening: its lines come with the next reading

    def _unread_files(self) -> list[tuple[Path, int]]:
        files = sorted(self.path.parent.glob(f"{self.path.name}*"), key=_age)
        files = [path for path in files if path.is_file() and path.suffix not in (".gz", ".xz", ".bz2")]
        if self.checkpoint is None:
            return [(path, 0) for path in files]
        for index, path in enumerate(files):
            if self._is_at_checkpoint(path):
                return [(path, self.checkpoint.offset), *((later, 0) for later in files[index + 1 :])]
        if files:
            log.error("queue_log_checkpoint_lost", inode=self.checkpoint.inode, offset=self.checkpoint.offset)
        return [(path, 0) for path in files]

    def _is_at_checkpoint(self, path: Path) -> bool:
        known = self.checkpoint
        if known is None:
            return False
        status = path.stat()
        if status.st_ino != known.inode or status.st_size < known.offset:
            return False
        return _head(path, known.head_bytes) == known.head

    def _place(self, path: Path, offset: int) -> Checkpoint:
        head_bytes = min(HEAD_BYTES, offset)
        return Checkpoint(path.stat().st_ino, offset, _head(path, head_bytes), head_bytes)


def _head(path: Path, length: int) -> int:
    with path.open("rb") as file:
        return crc32(file.read(length))


def _age(path: Path) -> tuple[float, str]:
    """Oldest first: a rotated file is not written any more."""
    return path.stat().st_mtime, path.name
