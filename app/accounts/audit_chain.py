"""The chain of audit entries: what is hashed, how entries are appended. Written here and nowhere else (ADR 0290)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.accounts.models import AuditEntry, AuditHead
from app.platform.database import before_commit, insert_ignore, table_of

FIRST_HASH = "0" * 64
HEAD_ID = 1
HASHED = ("seq", "previous_hash", "at", "actor_id", "actor", "action", "object_type", "object_id", "detail", "address")
PENDING = "audit_entries"
"""Where a session keeps what it will append."""


def hash_of(entry: Mapping[str, Any]) -> str:
    """SHA-256 hex of the entry as canonical JSON: keys sorted, no blanks, UTF-8, moments in UTC with microseconds."""
    at: datetime = entry["at"]
    told = {name: entry[name] for name in HASHED} | {"at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def append(session: Session, entry: dict[str, Any]) -> None:
    """Have the entry written as the last act of this session's transaction, with all others of it.

    Writers wait for each other at the head of the chain. Taken last, and for the commit alone, that lock can meet no
    other lock the wrong way round.
    """
    pending: list[dict[str, Any]] = session.info.setdefault(PENDING, [])
    if not pending:
        before_commit(session, lambda: _write(session))
    pending.append(entry)


def _write(session: Session) -> None:
    entries: list[dict[str, Any]] = session.info.pop(PENDING)
    session.flush()  # an entry may name a user who is new
    seq, last_hash = _lock_head(session)
    rows = chained(entries, seq, last_hash)
    session.execute(insert(table_of(AuditEntry)), rows)
    head = {"seq": rows[-1]["seq"], "entry_hash": rows[-1]["entry_hash"]}
    session.execute(update(table_of(AuditHead)).values(head))


def chained(entries: Sequence[Mapping[str, Any]], seq: int, last_hash: str) -> list[dict[str, Any]]:
    """The entries with their place in the chain, which ended at `seq` with `last_hash`."""
    rows = []
    for entry in entries:
        seq += 1
        row = {**entry, "seq": seq, "previous_hash": last_hash}
        row["entry_hash"] = last_hash = hash_of(row)
        rows.append(row)
    return rows


def _lock_head(session: Session) -> tuple[int, str]:
    query = select(AuditHead.seq, AuditHead.entry_hash).where(AuditHead.id == HEAD_ID).with_for_update()
    head = session.execute(query).one_or_none()
    if head is None:  # the first entry of all
        session.execute(insert_ignore(session, AuditHead).values(id=HEAD_ID, seq=0, entry_hash=FIRST_HASH))
        head = session.execute(query).one()
    return head.seq, head.entry_hash
