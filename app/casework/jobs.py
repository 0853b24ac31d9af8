"""Jobs of handling: what has been quiet long enough is archived."""

from datetime import timedelta

import structlog
from sqlalchemy import select

from app.accounts.auth import SYSTEM
from app.casework.guards import REOPEN_DAYS
from app.casework.service import move
from app.platform.errors import HotlineError
from app.platform.job_queue import JobContext, Sweep
from app.tickets.models import Ticket
from app.tickets.states import BY_VERB

ARCHIVED_AT_ONCE = 500

log = structlog.get_logger()


def archive_due(context: JobContext) -> None:
    """Archive what was finished or rated 15 days ago; a transaction each, so one that fails stops no other."""
    now = context.clock()
    due = select(Ticket.id).where(
        Ticket.status.in_(BY_VERB["archive"].sources), Ticket.ended_at <= now - timedelta(days=REOPEN_DAYS)
    )
    with context.database.reading() as session:
        ids = list(session.scalars(due.order_by(Ticket.ended_at).limit(ARCHIVED_AT_ONCE)))
    for ticket_id in ids:
        try:
            with context.database.transaction() as session:
                move(session, ticket_id, "archive", {}, actor=SYSTEM, now=now)
        except HotlineError as refusal:  # re-opened meanwhile
            log.info("not_archived", ticket_id=ticket_id, reason=refusal.code)


SWEEPS = [Sweep(archive_due, every_seconds=3600)]
