"""Fill a case store with synthetic tickets, in one transaction, while the next batch is being told."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.synthetic.telling import Teller
from app.cli.synthetic.times import moment_of
from app.cli.synthetic.words import NUMBER_PREFIX
from app.cli.synthetic.world import NAME_PREFIX, World
from app.cli.synthetic.writing import Writer
from app.platform.database import insert_ignore, table_of
from app.tickets.models import NumberCounter, Ticket

BATCH = 2_000
A_DAY = 1_370
"""Tickets a day: a million are two years of a city like Pingdingshan (domain.md §5)."""
LEAST_DAYS = 45

Told = Callable[[int, str], None]
"""How many tickets are written, and what is going on."""


@dataclass(frozen=True)
class Seeded:
    """What was written."""

    tickets: int
    rows: int


def days_of(count: int) -> int:
    """Over how many days so many tickets are spread."""
    return max(LEAST_DAYS, count // A_DAY)


def seed_tickets(
    session: Session, count: int, *, seed: int, until: datetime, days: int, region_code: str, told: Told
) -> Seeded:
    """Write `count` tickets of the `days` before `until`. The same arguments on an empty store: the same rows.

    Everything or nothing; on PostgreSQL others wait with their tickets until it is done.
    """
    writer = Writer(session.connection())
    writer.claim()
    since = moment_of(until - timedelta(days=days))
    world = World(session, region_code=region_code, since=since, until=moment_of(until))
    before = dict(world.counters)
    done = rows = 0
    pending: Future[None] | None = None
    with writer.without_indexes(count), ThreadPoolExecutor(1) as pool:
        for batch in Teller(world, count, seed).batches(BATCH):
            if pending is not None:
                pending.result()
            pending = pool.submit(writer.write, batch)
            done, rows = done + len(batch.of[Ticket]), rows + len(batch)
            told(done, "writing tickets")
        if pending is not None:
            pending.result()
        told(done, "building indexes")
    _keep_counters(session, before, world.counters)
    writer.release_ids()
    return Seeded(done, rows)


def _keep_counters(session: Session, before: dict[str, int], after: dict[str, int]) -> None:
    counters = table_of(NumberCounter)
    rows = [{"day": day, "last": last} for day, last in after.items() if before.get(day) != last]
    for row in rows:
        session.execute(insert_ignore(session, NumberCounter).values(day=row["day"], last=0))
        session.execute(counters.update().where(counters.c.day == row["day"]).values(last=row["last"]))


def looks_real(session: Session) -> str:
    """Why this store may hold citizens' tickets; empty: it holds none, or synthetic ones alone."""
    stranger = select(Ticket.ticket_number).where(
        ~Ticket.accepted_by.startswith(NAME_PREFIX), ~Ticket.contact_number.startswith(NUMBER_PREFIX)
    )
    number = session.scalar(stranger.limit(1))
    return f"it holds tickets that are not synthetic, e.g. {number}" if number else ""
