"""Jobs of deadlines: sweep the clocks, hand out notices, fill in due times when a calendar has come."""

import structlog
from sqlalchemy import select

from app.deadlines.models import TicketClock
from app.deadlines.retiming import retime
from app.deadlines.sweep import sweep_all
from app.deadlines.telling import hand_out
from app.deadlines.versions import find_missing_year, load_calendar
from app.platform.job_queue import JobContext, Sweep, on_terms

log = structlog.get_logger()


@on_terms(300, is_retried=False)
def sweep_clocks(context: JobContext) -> None:
    """Near due, due, overdue: every step whose time has come."""
    sweep_all(context.database, context.clock())


def send_notices(context: JobContext) -> None:
    """Hand out notices whose time has come: pages show them, and units read them on their telephones."""
    with context.database.transaction() as session:
        hand_out(session, context.clock(), region_code=context.settings.region_code)


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
