"""One change at a time on a node. The kernel holds the lock, so it ends with its process, however that ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from app.contract.changes import LockHolder, StepName
from dialplan.line_plan import SHANGHAI


class Locked(Exception):
    """Somebody else is changing this node."""

    def __init__(self, holder: LockHolder | None) -> None:
        self.holder = holder
        if holder is None:
            super().__init__("somebody else is changing this node at this moment")
        else:
            since = holder.since.astimezone(SHANGHAI).strftime("%H:%M:%S")
            at = f", now at step {holder.step.value}" if holder.step else ""
            super().__init__(
                f"{holder.by} is changing this node since {since} (process {holder.pid}): {holder.what}{at}"
            )


class ChangeLock:
    """The lock of one node, held while a change runs; its file says by whom."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "lock"
        self._holder: LockHolder | None = None

    @contextlib.contextmanager
    def hold(self, by: str, what: str) -> Iterator[None]:
        """Hold it for a block. Raises Locked at once when somebody else does."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked(self._written()) from None
            self._holder = LockHolder(by=by, since=datetime.now(UTC), what=what, pid=os.getpid())
            self._write()
            try:
                yield
            finally:
                self._holder = None
                file.truncate(0)

    def enter(self, step: StepName) -> None:
        """Say which step runs, for those who look meanwhile."""
        if self._holder:
            self._holder = self._holder.model_copy(update={"step": step})
            self._write()

    def _write(self) -> None:
        if self._holder:
            with self._file.open("r+", encoding="utf-8") as file:  # the same file: a rename would free the lock
                file.truncate(0)
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
