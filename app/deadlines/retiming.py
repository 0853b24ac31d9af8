"""Clocks follow a calendar that is new or was corrected, batch by batch: no ticket is locked for long."""

from datetime import date

import structlog
from sqlalchemy import or_, select

from app.deadlines import service
from app.deadlines.arithmetic import midnight
from app.deadlines.models import TicketClock
from app.deadlines.versions import load_calendar
from app.platform.database import Database

BATCH = 500

log = structlog.get_logger()


def retime(database: Database, year: int) -> int:
    """Time every open clock again that waits for a calendar, or that ends in this year or later.

    Returns of how many tickets something moved. Run twice, it changes nothing the second time.
    """
    reaches = or_(TicketClock.due_at.is_(None), TicketClock.due_at >= midnight(date(year, 1, 1)))
    after = moved = 0
    while True:
        with database.transaction() as session:
            query = select(TicketClock).where(TicketClock.stopped_at.is_(None), TicketClock.id > after, reaches)
            clocks = session.scalars(query.order_by(TicketClock.id).limit(BATCH).with_for_update()).all()
            if not clocks:
                break
            moved += service.recompute(session, clocks, load_calendar(session))
            after = clocks[-1].id
    log.info("clocks_retimed", year=year, moved=moved)
    return moved
