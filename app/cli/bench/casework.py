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
from app.cli.bench.report import Measure, percentile
from app.cli.bench.tickets import PASSWORD_BYTES, web_process
from app.cli.servers import postgresql, redis_server
from app.cli.synthetic.seeding import days_of, seed_tickets
from app.deadlines.sweep import sweep_all
from app.deadlines.versions import seed as seed_deadlines
from app.lines.service import seed as seed_reference
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from app.platform.migrations import upgrade

PART = "casework"
PAGE_AIM_MS, DUPLICATES_AIM_MS, SWEEP_AIM_SECONDS, SEED_AIM = 100.0, 200.0, 5.0, 5_000.0
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
            say("casework: sweeps")
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
        note=f"{done.rows:,} rows in {seconds:.0f} s, indexes built",
    )  # fmt: skip


def _pages(engine: Engine, base_url: str, password: str, requests: int) -> list[Measure]:
    ids = _some_ids(engine, "status NOT IN ('draft', 'archived')", 200) or [1]
    fresh = _some_ids(engine, "status IN ('accepted', 'pre_audit', 'to_dispatch', 'dispatched', 'signed')", 100) or ids
    rows: list[tuple[str, str, Sequence[str], str, Sequence[dict[str, Any]], float]] = [
        ("work list of the dispatcher", "dispatcher", ["/work"], _WAITING, [{}], PAGE_AIM_MS),
        ("work list of the supervisor", "supervisor", ["/work"], _WAITING, [{}], PAGE_AIM_MS),
        ("work list of a unit", "unit", ["/work?view=work"], _OF_UNIT, [{"unit": UNIT}], PAGE_AIM_MS),
        ("work list of an agent", AGENT, ["/work"], _OF_AGENT, [{"agent": AGENT}], PAGE_AIM_MS),
        ("newest tickets", "supervisor", ["/tickets"], _NEWEST, [{}], PAGE_AIM_MS),
        ("newest tickets of a unit", "unit", ["/tickets"], _NEWEST_OF_UNIT, [{"unit": UNIT}], PAGE_AIM_MS),
        (
            "search by words", "supervisor", [f"/tickets?text={word}" for word in WORDS], _SEARCH,
            [{"pairs": _pairs(word)} for word in WORDS], PAGE_AIM_MS,
        ),
        ("ticket page", "supervisor", [f"/tickets/{key}" for key in ids], _TICKET, _by_id(ids), PAGE_AIM_MS),
        (
            "its part on handling", "dispatcher", [f"/tickets/{key}/handling" for key in fresh], _TICKET, _by_id(fresh),
            PAGE_AIM_MS,
        ),
        (
            "its part on deadlines", "supervisor", [f"/tickets/{key}/clocks" for key in ids], _CLOCKS, _by_id(ids),
            PAGE_AIM_MS,
        ),
        (
            "duplicate suggestion", "dispatcher", [f"/api/v1/tickets/{key}/duplicates" for key in fresh], _ALIKE,
            _by_id(fresh), DUPLICATES_AIM_MS,
        ),
    ]  # fmt: skip
    measures = []
    for name, who, paths, bare, given, aim in rows:
        with _logged_in(base_url, who, password) as fetch:
            value = _p95_ms((fetch, path) for path in islice(cycle(paths), requests))
        baseline = _bare_p95_ms(engine, bare, given, requests)
        measures.append(
            Measure(PART, f"{name}, p95", value, "ms", baseline, f"≤ {aim:.0f} ms", value <= aim, "beside: bare SQL")
        )
    return measures


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
        late = session.connection().execute(text(_ALL_LATE)).rowcount
    return [*measures, _sweep(database, f"with {late:,} clocks late at once", now + timedelta(days=3) + minute)]


def _sweep(database: Database, name: str, now: datetime) -> Measure:
    with database.reading() as session:
        begin = time.perf_counter()
        session.execute(text(_DUE), {"now": now}).all()
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


_SHORT = "id, ticket_number, status, title, urgency, region_code, created_at, next_due_at"
_WAITING = (
    f"SELECT {_SHORT} FROM tickets WHERE status IN ('accepted', 'pre_audit', 'to_dispatch', 'reopened') "  # noqa: S608
    "ORDER BY urgency = 'emergency' DESC, next_due_at, created_at LIMIT 100"
)
_OF_UNIT = (
    f"SELECT {_SHORT} FROM tickets WHERE lead_unit_code = :unit AND status IN ('signed', 'handling', "  # noqa: S608
    "'redo', 'suspended', 'extension_pending', 'return_pending') ORDER BY next_due_at LIMIT 100"
)
_OF_AGENT = (
    f"SELECT {_SHORT} FROM tickets WHERE accepted_by = :agent AND next_due_at IS NOT NULL "  # noqa: S608
    "ORDER BY next_due_at LIMIT 100"
)
_NEWEST = f"SELECT {_SHORT} FROM tickets ORDER BY created_at DESC, id DESC LIMIT 51"  # noqa: S608
_NEWEST_OF_UNIT = (
    f"SELECT {_SHORT} FROM tickets WHERE lead_unit_code = :unit ORDER BY created_at DESC, id DESC LIMIT 51"  # noqa: S608
)
_SEARCH = (
    f"SELECT {_SHORT} FROM tickets WHERE hotline_bigrams(title || ' ' || address || ' ' || content) @> :pairs "  # noqa: S608
    "ORDER BY created_at DESC, id DESC LIMIT 51"
)
_TICKET = (
    "SELECT * FROM tickets WHERE id = :id;SELECT * FROM ticket_history WHERE ticket_id = :id ORDER BY id;"
    "SELECT * FROM ticket_assignments WHERE ticket_id = :id"
)
_CLOCKS = "SELECT * FROM ticket_clocks WHERE ticket_id = :id;SELECT * FROM supervisions WHERE ticket_id = :id"
_ALIKE = (
    "SELECT o.id, o.title, o.address, o.content FROM tickets t JOIN tickets o "
    "ON o.region_code LIKE left(t.region_code, 6) || '%' AND o.subject_code LIKE left(t.subject_code, 4) || '%' "
    "AND o.created_at > t.created_at - interval '30 days' "
    "WHERE t.id = :id AND o.id <> t.id AND o.status NOT IN ('draft', 'archived', 'rejected', 'guided', 'terminated', "
    "'merged', 'finished', 'rated') ORDER BY o.created_at DESC LIMIT 300"
)
_DUE = "SELECT count(*) FROM ticket_clocks WHERE stopped_at IS NULL AND paused_since IS NULL AND due_at < :now"
_ALL_LATE = """
UPDATE ticket_clocks SET stopped_at = NULL, state = 'running', level = 0, from_level = 0, raised_at = NULL
WHERE kind = 'reply' AND stopped_at IS NOT NULL AND ticket_id % 10 < 3 AND NOT EXISTS (
    SELECT 1 FROM ticket_clocks o WHERE o.ticket_id = ticket_clocks.ticket_id AND o.kind = 'reply'
    AND o.id <> ticket_clocks.id)
"""
