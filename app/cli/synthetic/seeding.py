"""Fill a case store with synthetic tickets, in one transaction, while other processes tell the next ones."""

import gc
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.synthetic.rows import Batch, Constants, batch_of
from app.cli.synthetic.spread import Spread
from app.cli.synthetic.telling import STRETCH, Teller
from app.cli.synthetic.times import moment_of
from app.cli.synthetic.words import NUMBER_PREFIX
from app.cli.synthetic.world import NAME_PREFIX, World
from app.cli.synthetic.writing import Writer
from app.platform.database import insert_ignore, table_of
from app.tickets.models import NumberCounter, Ticket

MOST_PROCESSES = 8
"""More tell quicker than one writes."""
TOLD_AHEAD = 2
"""Stretches that each process may be ahead of the writer."""
TOGETHER_FROM = 10 * STRETCH
"""Tickets from which on several processes are worth their start."""
A_DAY = 1_370
"""Tickets a day: a million are two years of a city like Pingdingshan (domain.md §5)."""
LEAST_DAYS = 45

Told = Callable[[int, str], None]
"""How many tickets are written, and what is going on."""


@dataclass(frozen=True)
class Seeded:
    """What was written; `written_seconds` until all rows were in, before indexes were built."""

    tickets: int
    rows: int
    written_seconds: float = 0.0


@dataclass(frozen=True)
class Script:
    """What a process needs to tell any stretch."""

    world: World
    spread: Spread
    seed: int
    constants: Constants
    is_text: bool

    def tell(self, stretch: int) -> Batch:
        """Its rows, in the form in which they are written."""
        return batch_of(
            Teller(self.world, self.spread, stretch, self.seed).tell(), self.constants, is_text=self.is_text
        )


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
    spread = Spread(count, since=since, until=world.until, seed=seed)
    done = rows = 0
    started = time.perf_counter()
    with writer.alone(count), _told(Script(world, spread, seed, writer.constants, writer.is_postgresql)) as batches:
        for batch in batches:
            writer.write(batch)
            done, rows = done + batch.tickets, rows + batch.rows
            told(done, "writing tickets")
        written_seconds = time.perf_counter() - started
        told(done, "building indexes")
    _keep_counters(session, world, spread)
    writer.release_ids()
    return Seeded(done, rows, written_seconds)


@contextmanager
def _told(script: Script) -> Iterator[Iterator[Batch]]:
    """Stretch after stretch, in order; told by as many processes as there are processors, if that is worth it."""
    stretches = range(-(-script.spread.count // STRETCH))
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if script.spread.count < TOGETHER_FROM or processes == 1:
        yield map(script.tell, stretches)
        return
    fork = multiprocessing.get_context("fork")  # the world is there at once, and a child never touches the database
    pool = ProcessPoolExecutor(processes, fork, initializer=_learn, initargs=(script,))
    try:
        yield _in_order(pool, stretches, processes * TOLD_AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, stretches: range, most: int) -> Iterator[Batch]:
    """Never more than `most` beyond what is wanted: they lie in memory."""
    pending: deque[Future[Batch]] = deque()
    for stretch in stretches:
        pending.append(pool.submit(_tell, stretch))
        if len(pending) > most:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


_scripts: list[Script] = []
"""In a telling process: the one script."""


def _learn(script: Script) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the writer decides when it is over
    gc.freeze()
    gc.disable()  # hundreds of thousands of rows that are all needed, and no cycles
    _scripts[:] = [script]


def _tell(stretch: int) -> Batch:
    return _scripts[0].tell(stretch)


def _keep_counters(session: Session, world: World, spread: Spread) -> None:
    counters = table_of(NumberCounter)
    for day, tickets in spread.days():
        key = world.day_key(day)
        session.execute(insert_ignore(session, NumberCounter).values(day=key, last=0))
        last = world.counters.get(key, 0) + tickets
        session.execute(counters.update().where(counters.c.day == key).values(last=last))


def looks_real(session: Session) -> str:
    """Why this store may hold citizens' tickets; empty: it holds none, or synthetic ones alone."""
    stranger = select(Ticket.ticket_number).where(
        ~Ticket.accepted_by.startswith(NAME_PREFIX), ~Ticket.contact_number.startswith(NUMBER_PREFIX)
    )
    number = session.scalar(stranger.limit(1))
    return f"it holds tickets that are not synthetic, e.g. {number}" if number else ""
