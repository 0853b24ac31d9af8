"""One change at a time on a node. The kernel holds the lock, so it ends with its process, however that ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from app.contract.changes import LockHolder, StepName
from dialplan.changes.saying import Said, say
from dialplan.line_plan import SHANGHAI

GLANCE_SECONDS = 0.3
"""Who only looks at the lock holds it for an instant, and names nobody: that is waited for."""
RETRY_SECONDS = 0.02


class Locked(Said):
    """Somebody else is changing this node."""

    def __init__(self, holder: LockHolder | None) -> None:
        self.holder = holder
        if holder is None:
            super().__init__(say("locked"))
        else:
            since = holder.since.astimezone(SHANGHAI).strftime("%H:%M:%S")
            at = f", now at step {holder.step.value}" if holder.step else ""
            super().__init__(say("locked_by", by=holder.by, since=since, pid=holder.pid, what=holder.what, at=at))


class ChangeLock:
    """The lock of one node, held while a change runs; its file says by whom."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "lock"
        self._holder: LockHolder | None = None

    @contextlib.contextmanager
    def hold(self, by: str, what: str, *, wait_seconds: float = 0) -> Iterator[None]:
        """Hold it for a block. Raises Locked when somebody else does, and goes on doing so for `wait_seconds`."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            self._take(file, wait_seconds)
            self._holder = LockHolder(by=by, since=datetime.now(UTC), what=what, pid=os.getpid())
            self._write()
            try:
                yield
            finally:
                self._holder = None
                file.truncate(0)

    def _take(self, file: TextIO, wait_seconds: float) -> None:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = self._written()
                patience = max(wait_seconds, 0 if holder else GLANCE_SECONDS)
                if time.monotonic() - began >= patience:
                    raise Locked(holder) from None
                time.sleep(RETRY_SECONDS)

    def enter(self, step: StepName) -> None:
        """Say which step runs, for those who look meanwhile."""
        if self._holder:
            self._holder = self._holder.model_copy(update={"step": step})
            self._write()

    def _write(self) -> None:
        """The file is for those who look; a disk that is full must not end what holds the lock."""
        if self._holder:
            with contextlib.suppress(OSError), self._file.open("r+", encoding="utf-8") as file:
                file.truncate(0)  # the same file: a rename would free the lock
                file.write(self._holder.model_dump_json())

    def _written(self) -> LockHolder | None:
        with contextlib.suppress(OSError, ValidationError):
            return LockHolder.model_validate_json(self._file.read_text(encoding="utf-8"))
        return None

    def holder(self) -> LockHolder | None:
        """Who holds it now; None when it is free."""
        try:
            with self._file.open("r", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._written()
        return None
