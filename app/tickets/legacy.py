"""Import the records of a former hotline's own system as tickets (R17). The same file again changes nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.platform.database import insert_ignore, table_of
from app.tickets.legacy_file import BrokenRow, LegacyRow
from app.tickets.models import LegacyRecord, SourceChannel, Ticket, TicketHistory, TicketStatus
from app.tickets.numbers import day_key, draw_for_days, make_query_code
from app.tickets.states import OPEN

CHUNK = 500
"""Rows per statement, and per transaction of the command."""


@dataclass
class ImportReport:
    """What became of the rows. `changed`: known already, but sent otherwise than before; the ticket stays as it is."""

    read: int = 0
    imported: int = 0
    known: int = 0
    changed: list[str] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    by_line: Counter[str] = field(default_factory=Counter)


def import_rows(
    session: Session, rows: Sequence[LegacyRow], report: ImportReport, *, source: str, region_code: str, now: datetime
) -> list[Ticket]:
    """One ticket for each row whose (source, legacy id) is new; adds to the report. Those are returned that are open.

    The key's unique constraint decides who imports a row, so two imports at once do not double anything.
    """
    by_id = {row.legacy_id: row for row in rows}
    keys = [
        {"source_system": source, "legacy_id": row.legacy_id, "row_hash": row.digest, "imported_at": now}
        for row in sorted(by_id.values(), key=lambda row: row.legacy_id)
    ]
    statement = insert_ignore(session, LegacyRecord).returning(LegacyRecord.legacy_id)
    fresh = {legacy_id: by_id[legacy_id] for legacy_id in session.scalars(statement, keys)} if keys else {}
    made = _open_tickets(session, sorted(fresh.values(), key=_day_first), region_code=region_code, now=now)
    if made:
        record = table_of(LegacyRecord)
        own = (record.c.source_system == source) & (record.c.legacy_id == bindparam("legacy"))
        became = update(record).where(own).values(ticket_id=bindparam("ticket"))
        session.connection().execute(became, [{"legacy": row.legacy_id, "ticket": ticket.id} for row, ticket in made])
    report.read += len(rows)
    report.imported += len(fresh)
    report.known += len(by_id) - len(fresh)
    report.changed += _changed(session, source, [row for key, row in by_id.items() if key not in fresh])
    report.by_line.update(row.line for row in fresh.values())
    return [ticket for row, ticket in made if row.status in OPEN]


def find_legacy_ticket(session: Session, source: str, legacy_id: str) -> Ticket | None:
    """The ticket that a former system's record has become."""
    query = select(Ticket).join(LegacyRecord, LegacyRecord.ticket_id == Ticket.id)
    return session.scalar(query.where(LegacyRecord.source_system == source, LegacyRecord.legacy_id == legacy_id))


def _day_first(row: LegacyRow) -> tuple[datetime, str]:
    return row.received_at, row.legacy_id


def _open_tickets(
    session: Session, rows: Iterable[LegacyRow], *, region_code: str, now: datetime
) -> list[tuple[LegacyRow, Ticket]]:
    """Each row with its new ticket. Numbers are those of the day it was received."""
    by_day = [(day_key(region_code, row.received_at), row) for row in rows]
    if not by_day:
        return []
    numbers = {day: iter(drawn) for day, drawn in draw_for_days(session, Counter(day for day, _ in by_day)).items()}
    made = [(row, _ticket(row, next(numbers[day]), now)) for day, row in by_day]
    session.add_all(ticket for _, ticket in made)
    session.flush()
    session.add_all(
        TicketHistory(ticket_id=ticket.id, at=now, actor="system", action="imported", changes={}, ticket_version=1)
        for _, ticket in made
    )
    session.flush()
    return made


def _ticket(row: LegacyRow, number: str, now: datetime) -> Ticket:
    """Records do not say when they were finished: re-opening and the archive count from the import."""
    is_finished = row.status is TicketStatus.FINISHED
    return Ticket(
        ticket_number=number, query_code=make_query_code(), status=row.status, source_channel=SourceChannel.LEGACY,
        original_line=row.line, caller_number=row.caller_number, contact_number=row.caller_number or "",
        contact_name=row.contact_name, ticket_type=row.ticket_type, address=row.address, title=row.title,
        content=row.content, answer=row.answer, needs_reply=not is_finished, created_at=row.received_at, updated_at=now,
        accepted_at=row.received_at, ended_at=now if is_finished else None,
    )  # fmt: skip


def _changed(session: Session, source: str, rows: Sequence[LegacyRow]) -> list[str]:
    if not rows:
        return []
    query = select(LegacyRecord.legacy_id, LegacyRecord.row_hash).where(
        LegacyRecord.source_system == source, LegacyRecord.legacy_id.in_([row.legacy_id for row in rows])
    )
    before = dict(session.execute(query).all())
    return sorted(row.legacy_id for row in rows if before.get(row.legacy_id) != row.digest)
