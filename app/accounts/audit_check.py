"""Verifying the audit log: is the chain whole, and is it the one that was checked before? (ADR 0290)

A chain alone does not show that somebody who may do anything in the database wrote all of it anew. So each check that
finds it whole notes where it ended in a file outside the database, and the next one looks whether that still holds.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.audit_chain import FIRST_HASH, HASHED, HEAD_ID, hash_of
from app.accounts.models import AuditCheck, AuditEntry, AuditHead
from app.platform.clock import to_shanghai
from app.platform.database import Database, table_of
from app.platform.topics import publish

TOPIC = "audit"
READ_AT_ONCE = 2000
ANCHORS = Path("audit/anchors.jsonl")
"""Below the home folder."""
NIGHT_HOURS = range(2, 6)
"""Asia/Shanghai."""
AT_MOST = timedelta(hours=30)
"""A machine that was off all night checks in the day."""
AT_LEAST = timedelta(hours=20)

log = structlog.get_logger()


class BreakKind(StrEnum):
    """How a chain may be broken."""

    ALTERED = "altered"
    MISSING = "missing"
    DISCONNECTED = "disconnected"
    CUT_OFF = "cut_off"
    HEAD = "head"
    REWRITTEN = "rewritten"


@dataclass(frozen=True)
class ChainBreak:
    """Where the chain breaks first: the entry's `seq`, up to which other one, and what is known of it."""

    kind: BreakKind
    seq: int
    until: int = 0
    known: str = ""

    def __str__(self) -> str:
        match self.kind:
            case BreakKind.ALTERED:
                return f"entry {self.seq} was altered: its content does not give its hash ({self.known})"
            case BreakKind.MISSING:
                return f"entries {self.seq} to {self.until} are missing ({self.known} comes next)"
            case BreakKind.DISCONNECTED:
                return f"entry {self.seq} does not carry the hash of entry {self.seq - 1} ({self.known})"
            case BreakKind.CUT_OFF:
                return f"the newest entries, {self.seq} to {self.until}, are missing"
            case BreakKind.HEAD:
                return f"the head of the chain does not carry the hash of its last entry, {self.seq}"
            case BreakKind.REWRITTEN:
                return f"entry {self.seq} is not the one that was checked on {self.known}: the chain was written anew"


@dataclass(frozen=True)
class Anchor:
    """Where the chain ended when it was found whole."""

    seq: int
    entry_hash: str
    at: str


class AnchorsUnreadable(Exception):
    """The file of earlier checks was damaged: what it would show cannot be told."""


@dataclass(frozen=True)
class ChainReport:
    """What a check found. `broken` is none when the chain is whole."""

    entries: int
    last_seq: int
    entry_hash: str
    broken: ChainBreak | None
    took_ms: int = 0


def walk(
    entries: Iterable[Mapping[str, Any]], anchors: Mapping[int, Anchor]
) -> tuple[int, int, str, ChainBreak | None]:
    """Entries in their order → how many were read, the last one's `seq` and hash, and where they break first. Pure."""
    count, seq, last_hash = 0, 0, FIRST_HASH
    for entry in entries:
        known = f"{entry['action']} by {entry['actor']}, {entry['at'].isoformat(timespec='seconds')}, id {entry['id']}"
        if entry["seq"] != seq + 1:
            return count, seq, last_hash, ChainBreak(BreakKind.MISSING, seq + 1, entry["seq"] - 1, known)
        if entry["previous_hash"] != last_hash:
            return count, seq, last_hash, ChainBreak(BreakKind.DISCONNECTED, entry["seq"], known=known)
        if hash_of(entry) != entry["entry_hash"]:
            return count, seq, last_hash, ChainBreak(BreakKind.ALTERED, entry["seq"], known=known)
        count, seq, last_hash = count + 1, entry["seq"], entry["entry_hash"]
        anchor = anchors.get(seq)
        if anchor is not None and anchor.entry_hash != last_hash:
            return count, seq, last_hash, ChainBreak(BreakKind.REWRITTEN, seq, known=anchor.at)
    return count, seq, last_hash, None


def verify(session: Session, anchors: Mapping[int, Anchor]) -> ChainReport:
    """Read the whole chain. Entries written meanwhile are left to the next check."""
    began = time.monotonic()
    newest = session.scalar(select(func.max(AuditEntry.seq))) or 0
    head = session.execute(select(AuditHead.seq, AuditHead.entry_hash).where(AuditHead.id == HEAD_ID)).one_or_none()
    head_seq, head_hash = (head.seq, head.entry_hash) if head else (0, FIRST_HASH)
    until = max(newest, head_seq)
    count, seq, last_hash, broken = walk(_read(session, until), anchors)
    expected = max([head_seq, *anchors])
    if broken is None and seq < expected:
        broken = ChainBreak(BreakKind.CUT_OFF, seq + 1, expected)
    if broken is None and (seq, last_hash) != (head_seq, head_hash):
        broken = ChainBreak(BreakKind.HEAD, seq)
    return ChainReport(count, seq, last_hash, broken, round((time.monotonic() - began) * 1000))


def _read(session: Session, until: int) -> Iterator[Mapping[str, Any]]:
    table = table_of(AuditEntry)
    columns = [table.c[name] for name in ("id", "entry_hash", *HASHED)]
    last = 0
    while last < until:  # pages, so that no statement holds the database for long
        query = select(*columns).where(table.c.seq > last, table.c.seq <= until).order_by(table.c.seq)
        rows = [dict(row) for row in session.execute(query.limit(READ_AT_ONCE)).mappings()]
        yield from rows
        if len(rows) < READ_AT_ONCE:
            break
        last = rows[-1]["seq"]


def read_anchors(home: Path) -> dict[int, Anchor]:
    """Where earlier checks found the end of the chain, by `seq`. AnchorsUnreadable."""
    file = home / ANCHORS
    if not file.exists():
        return {}
    try:
        anchors = [Anchor(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise AnchorsUnreadable(f"{file} cannot be read: {error}") from error
    return {anchor.seq: anchor for anchor in anchors}


def _note_anchor(home: Path, report: ChainReport, now: datetime, known: Mapping[int, Anchor]) -> None:
    if report.last_seq == 0 or report.last_seq in known:
        return
    file = home / ANCHORS
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({"seq": report.last_seq, "entry_hash": report.entry_hash, "at": now.isoformat()})
    with file.open("a", encoding="utf-8") as out:
        out.write(line + "\n")


def check_chain(database: Database, home: Path, *, by: str, now: datetime) -> ChainReport:
    """Verify, keep what was found, and raise the alarm when it is broken."""
    anchors = read_anchors(home)
    with database.reading() as session:
        report = verify(session, anchors)
    with database.transaction() as session:
        session.add(
            AuditCheck(
                checked_at=now,
                checked_by=by,
                entries=report.entries,
                last_seq=report.last_seq,
                entry_hash=report.entry_hash,
                took_ms=report.took_ms,
                break_kind=report.broken.kind if report.broken else "",
                break_seq=report.broken.seq if report.broken else None,
            )
        )
        publish(session, TOPIC, "check")
    if report.broken:
        log.error("audit_chain_broken", where=str(report.broken), seq=report.broken.seq)
    else:
        _note_anchor(home, report, now, anchors)
        log.info("audit_chain_whole", entries=report.entries, seq=report.last_seq, entry_hash=report.entry_hash)
    return report


def find_last_check(session: Session) -> AuditCheck | None:
    """The newest check, whoever ordered it."""
    return session.scalars(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(1)).first()


def is_check_due(last: datetime | None, now: datetime) -> bool:
    """Once a night; by day only where the night was missed."""
    if last is None or now - last >= AT_MOST:
        return True
    return now - last >= AT_LEAST and to_shanghai(now).hour in NIGHT_HOURS
