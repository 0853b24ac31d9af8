"""What a store refused for good: kept beside the journal, sent again by hand once the cause is mended (ADR 0250)."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from app.contract.client import StoreClient, StoreError, StoreRefused
from app.contract.events import EventBatch
from app.contract.records import JournalRecord, RecordUnreadable

FILE = "parked.jsonl"
TAKEN = "parked.taken.jsonl"


@dataclass(frozen=True)
class Refused:
    """One record that was set aside, and why. `line` is how the file holds it."""

    line: str
    seq: int
    reason: str
    record: JournalRecord

    def as_dict(self) -> dict[str, Any]:
        """The event as it is sent. Raises RecordUnreadable."""
        return self.record.as_dict()


@dataclass
class Resent:
    """What became of the records of one sender."""

    kept: int = 0
    parked: int = 0
    """The store took them, and parked them itself: they are on its list now."""
    left: list[Refused] = field(default_factory=list)


class SetAside:
    """`parked.jsonl` of one journal: its process adds to it, `hotline events resend` empties it, at the same time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._taken = folder / TAKEN

    def add(self, record: JournalRecord, reason: str) -> None:
        """Keep a record. Raises OSError (disk full)."""
        self._append([_line_of(record, reason)])

    def read(self) -> list[Refused]:
        """What lies here, the oldest first; what an earlier try took and could not end comes before the rest."""
        return [_refused(line) for path in (self._taken, self._path) for line in _lines(path)]

    def take(self) -> list[Refused]:
        """The same, moved into a file of our own: what is killed now is found there by the next try."""
        with _locked(self._path) as file:
            content = file.read()
            with _locked(self._taken) as taken:
                taken.seek(0, os.SEEK_END)
                taken.write(content)
                taken.flush()
                os.fsync(taken.fileno())
            file.truncate(0)
        return [_refused(line) for line in _lines(self._taken)]

    def give_back(self, left: list[Refused]) -> None:
        """End a try: these stay, with the reason they have now."""
        self._append([one.line for one in left])
        self._taken.unlink(missing_ok=True)

    def _append(self, lines: list[str]) -> None:
        if not lines:
            return
        with _locked(self._path) as file:
            file.seek(0, os.SEEK_END)
            file.write("".join(f"{line}\n" for line in lines).encode())


async def resend(set_aside: SetAside, client: StoreClient, node: str) -> Resent:
    """Send everything again, one by one. What the store still refuses stays, with the reason of today.

    Raises StoreUnavailable, StoreUnauthorized: what was not sent by then stays as it was.
    """
    done = Resent()
    waiting = set_aside.take()
    try:
        while waiting:
            one = waiting[0]
            try:
                answer = await client.post_events(EventBatch(node=node, events=[one.as_dict()]))
            except (StoreRefused, RecordUnreadable) as error:
                done.left.append(_refused(_line_of(one.record, str(error))))
            else:
                done.parked += answer.parked
                done.kept += 1 - answer.parked
            waiting.pop(0)
    except StoreError:
        set_aside.give_back([*done.left, *waiting])
        raise
    set_aside.give_back(done.left)
    return done


def _line_of(record: JournalRecord, reason: str) -> str:
    return json.dumps({"seq": record.seq, "reason": reason, "event": record.json.decode("utf-8", "backslashreplace")})


def _refused(line: str) -> Refused:
    """A line that is none of ours is a record that nobody can read: it is shown, and stays."""
    try:
        content = json.loads(line)
        record = JournalRecord(int(content["seq"]), str(content["event"]).encode())
        return Refused(line, record.seq, str(content["reason"]), record)
    except (ValueError, KeyError, TypeError):
        return Refused(line, 0, "the line is damaged", JournalRecord(0, line.encode()))


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8", errors="backslashreplace").split("\n") if line]
    except FileNotFoundError:
        return []


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, made if need be, for nobody else until the end. Callers' numbers stand in it: mode 0600."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
