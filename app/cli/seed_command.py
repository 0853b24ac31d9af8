"""`hotline db seed --tickets N`: synthetic tickets with progress, and not into a store that may hold real ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from app.cli.console import QUIET_TERMINAL_SECONDS, StepFailed, console, report_done, say
from app.cli.seeding import open_database
from app.cli.settings import StackSettings
from app.cli.synthetic.seeding import Seeded, Told, days_of, looks_real, seed_tickets
from app.platform.clock import SHANGHAI, utc_now
from app.platform.settings import Settings

HERE = frozenset({None, "", "localhost", "127.0.0.1", "::1"})


def seed_many(count: int, *, seed: int, days: int | None, until: str, is_sure: bool) -> None:
    """Write them and say how quickly. Raises StepFailed: the store may be a real one, or cannot be written."""
    stack = StackSettings()
    try:
        region_code = Settings().region_code  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        raise StepFailed("there are no secrets yet", "run `hotline setup`") from error
    end = read_moment(until)
    with open_database(stack) as store:
        with store.reading() as session:
            why = _is_elsewhere(store.engine) or looks_real(session)
        if why and not is_sure:
            raise StepFailed(f"this store may be a real one: {why}", "give --yes if it is not")
        started = time.monotonic()
        with _progress(count) as told, store.transaction() as session:
            done = seed_tickets(
                session, count, seed=seed, until=end, days=days or days_of(count), region_code=region_code, told=told
            )
        _analyse(store.engine)
    _report(done, time.monotonic() - started)


def read_moment(text: str) -> datetime:
    """`2026-11-23T10:00`, in Asia/Shanghai unless it says otherwise; empty: now. Raises StepFailed."""
    if not text:
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise StepFailed(f"`{text}` is no moment", "write 2026-11-23T10:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _is_elsewhere(engine: Engine) -> str:
    return "" if engine.url.host in HERE else f"its database is on {engine.url.host}"


def _analyse(engine: Engine) -> None:
    """The planner learns what is there."""
    words = "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(words)


@contextmanager
def _progress(count: int) -> Iterator[Told]:
    """A bar at a terminal, else a line every so often."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    said_at = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("writing tickets", total=count)

        def told(done: int, doing: str) -> None:
            nonlocal said_at
            bar.update(task, completed=done, description=doing)
            if not console.is_terminal and time.monotonic() - said_at > QUIET_TERMINAL_SECONDS:
                said_at = time.monotonic()
                say(f"               {doing}: {done:,} of {count:,}")

        yield told


def _report(done: Seeded, seconds: float) -> None:
    report_done(
        "tickets",
        f"{done.tickets:,} with {done.rows:,} rows in {seconds:.1f} s, {done.tickets / seconds:,.0f}/s "
        f"(all written after {done.written_seconds:.1f} s; then indexes)",
    )
