"""Jobs of deadlines: sweep the clocks, hand out notices, fill in due times when a calendar has come."""

import structlog
from sqlalchemy import select, update

from app.deadlines.models import Notice, TicketClock
from app.deadlines.notices import TOPIC
from app.deadlines.retiming import retime
from app.deadlines.sweep import sweep_all
from app.deadlines.versions import find_missing_year, load_calendar
from app.platform.job_queue import JobContext, Sweep, on_terms
from app.platform.topics import publish

SENT_AT_ONCE = 1000

log = structlog.get_logger()


@on_terms(300, is_retried=False)
def sweep_clocks(context: JobContext) -> None:
    """Near due, due, overdue: every step whose time has come."""
    sweep_all(context.database, context.clock())


def send_notices(context: JobContext) -> None:
    """Hand out notices whose time has come. Pages show them; adapters for SMS read the same rows."""
    now = context.clock()
    with context.database.transaction() as session:
        waiting = select(Notice.id).where(Notice.sent_at.is_(None), Notice.send_at <= now)
        ids = list(session.scalars(waiting.order_by(Notice.send_at).limit(SENT_AT_ONCE)))
        if not ids:
            return
        mine = update(Notice).where(Notice.id.in_(ids), Notice.sent_at.is_(None)).values(sent_at=now)
        for notice_id, audience in session.execute(mine.returning(Notice.id, Notice.audience)):
            publish(session, f"notices:{audience}", str(notice_id))
        publish(session, TOPIC, "notices")


def retime_clocks(context: JobContext, year: int) -> None:
    """A year's calendar is new or corrected: running clocks follow."""
    retime(context.database, year)


def fill_missing_due_times(context: JobContext) -> None:
    """Clocks that waited for a calendar which is here by now; and a warning while the next year's is missing."""
    with context.database.reading() as session:
        known = select(TicketClock.missing_year).where(TicketClock.missing_year.is_not(None)).distinct()
        waited = session.scalars(known.where(TicketClock.stopped_at.is_(None)))
        years = load_calendar(session).years
        waiting = [year for year in waited if year in years]
        missing = find_missing_year(session, context.clock())
    for year in sorted(waiting):
        retime(context.database, year)
    if missing is not None:
        log.warning("calendar_missing", year=missing)


SWEEPS = [
    Sweep(sweep_clocks, every_seconds=60),
    Sweep(send_notices, every_seconds=30),
    Sweep(fill_missing_due_times, every_seconds=3600),
]
