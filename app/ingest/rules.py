"""Pure part of ingest: what may be stored, and why not."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from pydantic import ValidationError

from app.accounts.auth import SYSTEM, Actor
from app.calls.rules import AGENT_EVENTS
from app.contract.events import CallEnded, CallEvent
from app.ingest.senders import own_fact

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SLACK = timedelta(days=1)
MAX_BIG = 2**63 - 1
MAX_INT = 2**31 - 1
MAX_BODY = 10_000
MAX_REASON = 1000


@dataclass(frozen=True)
class Parked:
    """An event that is put aside, with its reason. `seq` is 0 where none could be read."""

    seq: int
    reason: str
    body: str
    fingerprint: str


def parse_event(raw: Any, *, node: str, now: datetime, sender: Actor = SYSTEM) -> CallEvent | Parked:
    """The event as this sender may tell it, or why it is put aside.

    Never raises: nothing that a sender writes may block the rest.
    """
    try:
        _refuse_unstorable(raw)
        event = own_fact(CallEvent.model_validate(raw), sender)
        _refuse_unusable(event, now)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        return park(raw, node=node, reason=_reason_of(error))
    return event


def park(raw: Any, *, node: str, reason: str) -> Parked:
    """Put an event aside. What is kept is plain ASCII, so that every database takes it."""
    try:
        body = json.dumps(raw, default=str)
    except (ValueError, TypeError, RecursionError):
        body = ascii(type(raw))
    seq = raw.get("seq") if isinstance(raw, dict) else 0
    return Parked(
        seq=seq if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= MAX_BIG else 0,
        reason=_printable(reason)[:MAX_REASON],
        body=body[:MAX_BODY],
        fingerprint=sha256(f"{node}\n{body}".encode()).hexdigest(),
    )


def cursor_after(cursor: int, items: list[CallEvent | Parked]) -> int:
    """The highest sequence kept: stored, known already, or parked."""
    return max([cursor, *(item.seq for item in items)])


def _refuse_unstorable(raw: Any) -> None:
    """ValueError for what a database cannot hold: half a surrogate pair, a NUL, a number beyond 64 bits."""
    text = orjson.dumps(raw)
    if b"\\u0000" in text and _has_nul(raw):
        raise ValueError("a NUL character")


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)


def _refuse_unusable(event: CallEvent, now: datetime) -> None:
    if not event.call_id and event.type not in AGENT_EVENTS:
        raise ValueError(f"{event.type} without call_id")
    if not EARLIEST <= event.occurred_at <= now + CLOCK_SLACK:
        raise ValueError(f"occurred_at {event.occurred_at.isoformat()} is out of range")
    if event.seq > MAX_BIG or (isinstance(event.payload, CallEnded) and event.payload.hangup_cause > MAX_INT):
        raise ValueError("a number beyond what its column holds")


def _reason_of(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()[:5])
    return f"{type(error).__name__}: {error}"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
