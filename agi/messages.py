"""Where citizens' messages are written, and whether they were: Asterisk does not say that its disk is full."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ivr_flows.model import Recorded

BYTES_PER_MS = 16
"""8 kHz, 16 bit."""
HEADER_BYTES = 44
LEAST_MS = 1500
"""Shorter is no message: who says nothing leaves a second of silence."""
TOLERATED_LOSS = 0.9


@dataclass(frozen=True, slots=True)
class MessageFolder:
    """Asterisk's folder of recordings, as this process sees it too; on another host nothing can be looked at."""

    folder: Path
    least_free_bytes: int = 50 * 1024 * 1024

    def has_room(self) -> bool:
        """Whether there is disk for a message."""
        try:
            return shutil.disk_usage(self.folder).free >= self.least_free_bytes
        except FileNotFoundError:
            return True

    def path(self, name: str) -> str:
        """What Asterisk is told: the file without its ending."""
        return str(self.folder / name)

    def judge(self, name: str, told_ms: int) -> Recorded:
        """What became of the message of which Asterisk says that it wrote `told_ms`."""
        file = self.folder / f"{name}.wav"
        if self.folder.exists():
            try:
                written_ms = max(0, file.stat().st_size - HEADER_BYTES) // BYTES_PER_MS
            except FileNotFoundError:
                return Recorded("failed")
            if written_ms < told_ms * TOLERATED_LOSS:
                file.unlink(missing_ok=True)
                return Recorded("failed")
        if told_ms < LEAST_MS:
            file.unlink(missing_ok=True)
            return Recorded("empty")
        return Recorded("kept", file.name, round(told_ms / 1000))
