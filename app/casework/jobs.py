"""Jobs of handling: the quiet is archived, a suspension ends on its review day, who supports is reminded."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import exists, select

from app.accounts.auth import SYSTEM
from app.casework.guards import REOPEN_DAYS
from app.casework.models import RequestKind, RequestStatus, UnitRequest
from app.casework.notices import remind_supporting
from app.casework.service import move
from app.deadlines.calendar import DAY
from app.platform.clock import to_shanghai
from app.platform.errors import HotlineError
from app.platform.job_queue import JobContext, Sweep
from app.tickets.models import Assignment, AssignmentKind, Ticket, TicketStatus
from app.tickets.states import BY_VERB

ARCHIVED_AT_ONCE = 500

log = structlog.get_logger()


def archive_due(context: JobContext) -> None:
    """Archive what was finished or rated 15 days ago."""
    due = select(Ticket.id).where(
        Ticket.status.in_(BY_VERB["archive"].sources),
        Ticket.ended_at <= context.clock() - timedelta(days=REOPEN_DAYS),
    )
    with context.database.reading() as session:
        ids = list(session.scalars(due.order_by(Ticket.ended_at).limit(ARCHIVED_AT_ONCE)))
    _move_each(context, ids, "archive")


def end_suspensions(context: JobContext) -> None:
    """Clocks run again where the review day of a suspension has come; the guard looks at the last one."""
    today = to_shanghai(context.clock()).date().isoformat()
    approved = exists().where(
        UnitRequest.ticket_id == Ticket.id,
        UnitRequest.kind == RequestKind.SUSPENSION,
        UnitRequest.status == RequestStatus.APPROVED,
        UnitRequest.detail["review_on"].as_string() <= today,
    )
    with context.database.reading() as session:
        ids = list(session.scalars(select(Ticket.id).where(Ticket.status == TicketStatus.SUSPENDED, approved)))
    _move_each(context, ids, "lapse_suspension")


def remind_supporting_units(context: JobContext) -> None:
    """Who supports is told on the day before the lead unit's day, and once more when it is over without a report."""
    now = context.clock()
    today = to_shanghai(now).date()
    due = select(Assignment).where(
        Assignment.kind == AssignmentKind.SUPPORTING, Assignment.ended_at.is_(None), Assignment.reported_at.is_(None),
        Assignment.due_on.between(today - DAY, today + DAY),
    )  # fmt: skip
    with context.database.transaction() as session:
        remind_supporting(session, session.scalars(due.order_by(Assignment.id)).all(), now)


def _move_each(context: JobContext, ids: Sequence[int], verb: str) -> None:
    """A transaction each, so that one that fails stops no other."""
    now = context.clock()
    for ticket_id in ids:
        try:
            with context.database.transaction() as session:
                move(session, ticket_id, verb, {}, actor=SYSTEM, now=now)
        except HotlineError as refusal:  # not yet, or somebody has moved it meanwhile
            log.debug("not_moved", ticket_id=ticket_id, verb=verb, reason=refusal.code)


SWEEPS = [
    Sweep(archive_due, every_seconds=3600),
    Sweep(end_suspensions, every_seconds=600),
    Sweep(remind_supporting_units, every_seconds=3600),
]
