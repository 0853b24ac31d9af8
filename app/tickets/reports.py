"""Reports (举报): each time somebody reads one is told to the audit log, here and nowhere else (ADR 0370).

Lists show that there is one, and nothing that the citizen said (`Ticket.listed_title`), so that a list is no reading.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import SYSTEM, Actor, Asking
from app.accounts.models import AuditEntry
from app.platform.clock import utc_now
from app.platform.database import leave_word
from app.tickets.models import Ticket

ONE_READING = timedelta(minutes=1)
"""A page fetches its parts one by one: what goes on within this time with a report that was read is no new reading."""
READ = "report_read"
NOTED = "reports_read"
"""Where a session keeps which of them it has told already."""


def note_reading(session: Session, actor: Actor, *tickets: Ticket, is_anew: bool = False) -> None:
    """This person sees what stands in these tickets: the reports among them are told to the audit log before he has
    his answer, once for each session. `is_anew`: taken away, it is a reading whatever he has read before.
    """
    note_readings(session, actor, [ticket.id for ticket in tickets if ticket.is_report], is_anew=is_anew)


def note_readings(session: Session, actor: Actor, reports: Iterable[int], *, is_anew: bool = False) -> None:
    """The same by the ids of reports."""
    noted: set[int] = session.info.setdefault(NOTED, set())
    fresh = [report for report in reports if report not in noted]
    if not fresh or actor.name == SYSTEM.name:
        return
    noted.update(fresh)
    asking = actor.asking or Asking(utc_now(), "")
    asking = replace(asking, goes_on=asking.goes_on and not is_anew)
    leave_word(session, partial(_record, actor=actor, asking=asking, reports=fresh))


def _record(session: Session, *, actor: Actor, asking: Asking, reports: list[int]) -> None:
    known = _just_read(session, actor, asking, reports) if asking.goes_on else set()
    for report in reports:
        if str(report) not in known:
            audit.record(
                session, actor, "report_read", at=asking.at, object_type="ticket", object_id=report,
                detail={"path": asking.path},
            )  # fmt: skip


def _just_read(session: Session, actor: Actor, asking: Asking, reports: list[int]) -> set[str]:
    query = (
        select(AuditEntry.object_id)
        .where(AuditEntry.object_type == "ticket", AuditEntry.object_id.in_([str(report) for report in reports]))
        .where(AuditEntry.action == READ, AuditEntry.actor == actor.name, AuditEntry.address == actor.address)
        .where(AuditEntry.at > asking.at - ONE_READING)
    )
    return set(session.scalars(query))
