"""One line of a journal segment: `crc seq json\\n`. Lines, so that whatever follows a damaged record is still found."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import orjson

from app.contract.events import CallEvent

CRC_LENGTH = 8
MIN_LENGTH = CRC_LENGTH + 4


class RecordUnreadable(ValueError):
    """The line is whole, but what it holds is no JSON object: something else wrote it, or the disk did."""


@dataclass(frozen=True)
class JournalRecord:
    """What the journal holds under one `seq`: the event as JSON."""

    seq: int
    json: bytes

    def as_dict(self) -> dict[str, Any]:
        """The event as it is sent: its JSON with the journal's `seq` in it. Raises RecordUnreadable."""
        try:
            content = orjson.loads(self.json)
        except ValueError as error:
            raise RecordUnreadable(f"record {self.seq} holds no JSON") from error
        if not isinstance(content, dict):
            raise RecordUnreadable(f"record {self.seq} holds no JSON object")
        return {**content, "seq": self.seq}

    @cached_property
    def event(self) -> CallEvent:
        """The event itself. Raises ValueError: RecordUnreadable, or pydantic's when another version wrote it."""
        return CallEvent.model_validate(self.as_dict())


def encode_record(seq: int, json: bytes) -> bytes:
    """One line. `json` holds no raw line break: JSON escapes them."""
    body = b"%d %b" % (seq, json)
    return b"%08x %b\n" % (crc32(body), body)


def decode_record(line: bytes) -> JournalRecord | None:
    """The record of one whole line, or None when it is torn or damaged."""
    if len(line) < MIN_LENGTH or line[-1:] != b"\n":
        return None
    body = line[CRC_LENGTH + 1 : -1]
    try:
        if int(line[:CRC_LENGTH], 16) != crc32(body):
            return None
        seq, _, json = body.partition(b" ")
        return JournalRecord(int(seq), json)
    except ValueError:
        return None
