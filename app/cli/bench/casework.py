"""A million synthetic tickets on PostgreSQL: what people wait for, beside the bare SQL of the same rows."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

import httpx
from sqlalchemy import Engine, text

from app.accounts.models import Role
from app.accounts.service import create_user
from app.cli.bench import casework_sql as sql
from app.cli.bench.audit_cost import audit_cost
from app.cli.bench.report import Measure, percentile
from app.cli.bench.tickets import PASSWORD_BYTES, web_process
from app.cli.servers import postgresql, redis_server
from app.cli.synthetic.seeding import days_of, seed_tickets
from app.deadlines.sweep import sweep_all
from app.deadlines.versions import seed as seed_deadlines
from app.evaluation.counting import Month
from app.lines.service import seed as seed_reference
from app.platform.clock import to_shanghai, utc_now
from app.platform.database import Database, make_engine
from app.platform.migrations import upgrade

PART = "casework"
PAGE_AIM_MS, DUPLICATES_AIM_MS, RATES_AIM_MS, SWEEP_AIM_SECONDS, SEED_AIM = 100.0, 200.0, 2_000.0, 5.0, 5_000.0
REGION = "410400"
UNIT, AGENT = "410421-zhengfu", "test-agent-01"
WORDS = (
    "停水",
    "井盖缺失",
    "拖欠工资",
    "阳光花园",
    "供暖温度不达标",
    "周庄镇",
    "油烟扰民",
    "预付卡 退款",
    "12345平安大道",
)
Say = Callable[[str], None]
Fetch = Callable[[str], None]
Reading = tuple[str, str, Sequence[str], str, Sequence[dict[str, Any]], float]
"""What is read, by whom, where; the bare SQL, what it is given in turn; the aim in milliseconds."""


def bench_casework(*, tickets: int, requests: int, say: Say) -> list[Measure]:
    """Seed, read pages as each office does, sweep; every figure beside its bare SQL."""
    with postgresql() as database_url, redis_server() as redis_url:
        engine = make_engine(database_url)
        try:
            database, password, now = Database(engine), secrets.token_urlsafe(PASSWORD_BYTES), utc_now()
            say(f"casework: seeding {tickets:,} tickets")
            measures = [_seed(database, database_url, password, tickets, now)]
            with web_process(database_url, redis_url) as base_url:
                say("casework: pages")
                measures += _pages(engine, base_url, password, requests)
                measures += _rates(engine, base_url, password, requests, now)
            say("casework: audit, sweeps")
            measures.append(audit_cost(database, PART, _some_ids(engine, "true", 200), requests))
            return [*measures, *_sweeps(database, now)]
        finally:
            engine.dispose()


def _seed(database: Database, database_url: str, password: str, tickets: int, now: datetime) -> Measure:
    upgrade(database_url)
    with database.transaction() as session:
        seed_reference(session)
        seed_deadlines(session, now)
        for name, role, unit in (
            ("supervisor", Role.SUPERVISOR, ""), ("dispatcher", Role.DISPATCHER, ""), (AGENT, Role.AGENT, ""),
            ("unit", Role.UNIT_STAFF, UNIT),
        ):  # fmt: skip
            create_user(session, name, display_name=name, role=role, password=password, now=now, unit_code=unit)
    started = time.perf_counter()
    with database.transaction() as session:
        done = seed_tickets(
            session,
            tickets,
            seed=1,
            until=now,
            days=days_of(tickets),
            region_code=REGION,
            told=lambda _done, _doing: None,
        )
    seconds = time.perf_counter() - started
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    rate = tickets / seconds
    return Measure(
        PART, f"seed {tickets:,} tickets", rate, "tickets/s", aim=f"≥ {SEED_AIM:,.0f}", is_met=rate >= SEED_AIM,
        note=f"{done.rows:,} rows in {seconds:.0f} s with indexes; all written after {done.written_seconds:.0f} s, "
        f"{tickets / done.written_seconds:,.0f} tickets/s",
    )  # fmt: skip


def _pages(engine: Engine, base_url: str, password: str, requests: int) -> list[Measure]:
    ids = _some_ids(engine, "status NOT IN ('draft', 'archived')", 200) or [1]
    fresh = _some_ids(engine, "status IN ('accepted', 'pre_audit', 'to_dispatch', 'dispatched', 'signed')", 100) or ids
    rows: list[Reading] = [
        ("work list of the dispatcher", "dispatcher", ["/work"], sql.WAITING, [{}], PAGE_AIM_MS),
        ("work list of the supervisor", "supervisor", ["/work"], sql.WAITING, [{}], PAGE_AIM_MS),
        ("work list of a unit", "unit", ["/work?view=work"], sql.OF_UNIT, [{"unit": UNIT}], PAGE_AIM_MS),
        ("work list of an agent", AGENT, ["/work"], sql.OF_AGENT, [{"agent": AGENT}], PAGE_AIM_MS),
        ("newest tickets", "supervisor", ["/tickets"], sql.NEWEST, [{}], PAGE_AIM_MS),
        ("newest tickets of a unit", "unit", ["/tickets"], sql.NEWEST_OF_UNIT, [{"unit": UNIT}], PAGE_AIM_MS),
        (
            "search by words", "supervisor", [f"/tickets?text={word}" for word in WORDS], sql.SEARCH,
            [{"pairs": _pairs(word)} for word in WORDS], PAGE_AIM_MS,
        ),
        ("ticket page", "supervisor", [f"/tickets/{key}" for key in ids], sql.TICKET, _by_id(ids), PAGE_AIM_MS),
        (
            "its part on handling", "dispatcher", [f"/tickets/{key}/handling" for key in fresh], sql.TICKET,
            _by_id(fresh), PAGE_AIM_MS,
        ),
        (
            "its part on deadlines", "supervisor", [f"/tickets/{key}/clocks" for key in ids], sql.CLOCKS, _by_id(ids),
            PAGE_AIM_MS,
        ),
        (
            "duplicate suggestion", "dispatcher", [f"/api/v1/tickets/{key}/duplicates" for key in fresh], sql.ALIKE,
            _by_id(fresh), DUPLICATES_AIM_MS,
        ),
    ]  # fmt: skip
    return [_page(engine, base_url, password, requests, row) for row in rows]


def _page(engine: Engine, base_url: str, password: str, requests: int, row: Reading) -> Measure:
    name, who, paths, bare, given, aim = row
    with _logged_in(base_url, who, password) as fetch:
        value = _p95_ms((fetch, path) for path in islice(cycle(paths), requests))
    baseline = _bare_p95_ms(engine, bare, given, requests)
    return Measure(PART, f"{name}, p95", value, "ms", baseline, f"≤ {aim:,.0f} ms", value <= aim, "beside: bare SQL")


def _rates(engine: Engine, base_url: str, password: str, requests: int, now: datetime) -> list[Measure]:
    """Of the month before this one: all of its days are told."""
    today = to_shanghai(now)
    month = Month(today.year, today.month).after(-1)
    given = [{"begins": month.begins, "ends": month.ends}]
    rows: list[Reading] = [
        (
            f"a month's rates {words}",
            "supervisor",
            [f"/api/v1/rates?month={month}{query}"],
            sql.RATES,
            given,
            RATES_AIM_MS,
        )
        for words, query in (("in all", ""), ("by unit", "&by=unit"), ("by county", "&by=region"))
    ]
    return [_page(engine, base_url, password, max(3, requests // 10), row) for row in rows]


@contextmanager
def _logged_in(base_url: str, username: str, password: str) -> Iterator[Fetch]:
    with httpx.Client(base_url=base_url, timeout=60) as client:
        client.post("/api/v1/session", json={"username": username, "password": password}).raise_for_status()

        def fetch(path: str) -> None:
            client.get(path).raise_for_status()

        fetch("/work")
        yield fetch


def _p95_ms(work: Iterator[tuple[Fetch, str]]) -> float:
    times = []
    for fetch, path in work:
        begin = time.perf_counter()
        fetch(path)
        times.append(time.perf_counter() - begin)
    return percentile(times, 0.95) * 1000


def _bare_p95_ms(engine: Engine, statement: str, given: Sequence[dict[str, Any]], requests: int) -> float:
    times = []
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for values in islice(cycle(given), requests):
            begin = time.perf_counter()
            for one in statement.split(";"):
                connection.execute(text(one), values).all()
            times.append(time.perf_counter() - begin)
    return percentile(times, 0.95) * 1000


def _sweeps(database: Database, now: datetime) -> list[Measure]:
    """An ordinary one, the one after three days of standstill, and one in which every tenth ticket is late at once."""
    minute = timedelta(minutes=1)
    measures = [
        _sweep(database, "an ordinary sweep", now + minute),
        _sweep(database, "after three days of standstill", now + timedelta(days=3)),
    ]
    with database.transaction() as session:
        late = session.connection().execute(text(sql.ALL_LATE)).rowcount
    return [*measures, _sweep(database, f"with {late:,} clocks late at once", now + timedelta(days=3) + minute)]


def _sweep(database: Database, name: str, now: datetime) -> Measure:
    with database.reading() as session:
        begin = time.perf_counter()
        session.execute(text(sql.DUE), {"now": now}).all()
        baseline = time.perf_counter() - begin
    begin = time.perf_counter()
    done = sweep_all(database, now)
    seconds = time.perf_counter() - begin
    note = f"{done.raised:,} raised, {done.steps:,} steps, {done.notices:,} notices; beside: counting what is due"
    return Measure(
        PART,
        f"sweep: {name}",
        seconds,
        "s",
        baseline,
        f"≤ {SWEEP_AIM_SECONDS:.0f} s",
        seconds <= SWEEP_AIM_SECONDS,
        note,
    )


def _some_ids(engine: Engine, condition: str, count: int) -> list[int]:
    query = f"SELECT id FROM tickets WHERE {condition} ORDER BY created_at DESC LIMIT 20000"  # noqa: S608 - our own words
    with engine.connect() as connection:
        found = list(connection.execute(text(query)).scalars())
    return found[:: max(1, len(found) // count)][:count]


def _by_id(ids: Sequence[int]) -> list[dict[str, Any]]:
    return [{"id": key} for key in ids]


def _pairs(words: str) -> list[str]:
    return sorted({word[i : i + 2] for word in words.split() for i in range(len(word) - 1)})
