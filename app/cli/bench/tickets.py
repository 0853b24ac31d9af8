"""A million tickets on PostgreSQL: list, read and save through the API, beside bare SQLAlchemy on the same rows."""

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.accounts.service import create_user
from app.catalogue.service import seed
from app.cli.bench.report import Measure, percentile
from app.cli.servers import postgresql, redis_server
from app.contract.ports import free_port
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from app.platform.migrations import upgrade
from app.tickets.models import Ticket

CLIENTS = 4
PAGE = 50
PASSWORD_BYTES = 18

# Synthetic tickets over two years; numbers of the fictitious 199000xxxxx range.
FILL = """
INSERT INTO tickets (ticket_number, query_code, status, source_channel, original_line, caller_number, contact_number,
    contact_name, ticket_type, subject_code, region_code, address, title, content, demand, answer, secrecy,
    needs_reply, accepted_by, version, created_at, updated_at)
SELECT '410400' || lpad(n::text, 13, '0'), lpad((n::bigint * 7919 % 100000000)::text, 8, '0'),
    (ARRAY['draft', 'accepted', 'accepted', 'accepted', 'finished'])[1 + n % 5], 'phone', '12345',
    '199000' || lpad((n % 100000)::text, 5, '0'), '', '市民' || n % 1000,
    (ARRAY['consult', 'help', 'complaint', 'suggest'])[1 + n % 4],
    (SELECT code FROM subjects WHERE level = 3 ORDER BY code OFFSET n % 40 LIMIT 1), '410402',
    '建设路' || n % 900 || '号',
    '关于小区供水的问题 ' || n, '市民来电反映小区供水不足，已持续多日，影响日常生活。', '尽快恢复供水', '', 'public',
    true, '800' || 1 + n % 4, 1, now() - (n || ' minutes')::interval, now() - (n || ' minutes')::interval
FROM generate_series(1, :rows) AS n
"""


@dataclass(frozen=True)
class Rate:
    """A closed loop's result."""

    per_second: float
    p99_ms: float
    failures: int


def bench_tickets(*, rows: int, seconds: float, say: Callable[[str], None]) -> list[Measure]:
    """Measure list, read and save; every figure has its bare baseline from the same rows and the same run."""
    with postgresql() as database_url, redis_server() as redis_url:
        engine = make_engine(database_url)
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        say(f"writing {rows:,} tickets")
        _fill(database_url, engine, rows, password)
        with web_process(database_url, redis_url) as base_url:
            measures = []
            ids = list(range(1, rows, max(5, rows // 5000 // 5 * 5)))  # n % 5 = 1: accepted, so it may be saved
            for name, bare, call in (
                ("list", _bare_list, _list_call),
                ("read", _bare_read, _read_call),
                ("save", _bare_save, _SaveCall()),
            ):
                say(f"ticket {name}: bare SQLAlchemy")
                baseline = _bare_rate(engine, bare, ids, seconds)
                say(f"ticket {name}: API")
                rate = asyncio.run(_api_rate(base_url, password, call, ids, seconds))
                note = f"{CLIENTS} clients; bare p99 {baseline.p99_ms:.1f} ms" + (
                    f"; {rate.failures} failed" if rate.failures else ""
                )
                measures.append(
                    Measure("case store", f"ticket {name}", rate.per_second, "req/s", baseline.per_second, note=note)
                )
                measures.append(Measure("case store", f"ticket {name} p99", rate.p99_ms, "ms"))
        engine.dispose()
    return measures


def _fill(database_url: str, engine: Engine, rows: int, password: str) -> None:
    upgrade(database_url)
    with Database(engine).transaction() as session:
        seed(session)
        create_user(
            session, username="8001", display_name="测试", role=Role.SUPERVISOR, password=password, now=utc_now()
        )
    with engine.begin() as connection:
        index = connection.scalar(text("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_tickets_search'"))
        connection.execute(text("DROP INDEX ix_tickets_search"))  # ten times as quick to build it at the end
        connection.execute(text(FILL), {"rows": rows})
        connection.execute(text(index))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE tickets"))


@contextmanager
def web_process(database_url: str, redis_url: str) -> Iterator[str]:
    """The real web process, one worker."""
    port = free_port()
    environment = {
        **os.environ,
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_REDIS_URL": redis_url,
        "HOTLINE_WEB_PORT": str(port),
        "HOTLINE_SESSION_SECRET": secrets.token_hex(32),
        "HOTLINE_COMMAND_TOKEN": secrets.token_hex(32),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.web"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base_url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                if httpx.get(f"{base_url}/health").status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the web process did not start")
            time.sleep(0.1)
        yield base_url
    finally:
        process.terminate()
        process.wait(15)


def _bare_list(session: Session, _ticket_id: int) -> None:
    session.scalars(select(Ticket).order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(PAGE)).all()


def _bare_read(session: Session, ticket_id: int) -> None:
    session.get_one(Ticket, ticket_id)


def _bare_save(session: Session, ticket_id: int) -> None:
    session.execute(update(Ticket).where(Ticket.id == ticket_id).values(title=f"bare {time.monotonic()}"))
    session.commit()


def _bare_rate(engine: Engine, work: Callable[[Session, int], None], ids: list[int], seconds: float) -> Rate:
    times: list[float] = []
    end = time.perf_counter() + seconds
    started = time.perf_counter()
    while (begin := time.perf_counter()) < end:
        with Session(engine) as session:
            work(session, ids[len(times) % len(ids)])
        times.append(time.perf_counter() - begin)
    return Rate(len(times) / (time.perf_counter() - started), percentile(times, 0.99) * 1000, 0)


Call = Callable[[httpx.AsyncClient, int], Awaitable[bool]]


async def _list_call(client: httpx.AsyncClient, _ticket_id: int) -> bool:
    return (await client.get("/api/v1/tickets", params={"limit": PAGE})).is_success


async def _read_call(client: httpx.AsyncClient, ticket_id: int) -> bool:
    return (await client.get(f"/api/v1/tickets/{ticket_id}")).is_success


class _SaveCall:
    """Saves a title; remembers each ticket's version, as a page does."""

    def __init__(self) -> None:
        self._etags: dict[int, str] = {}

    async def __call__(self, client: httpx.AsyncClient, ticket_id: int) -> bool:
        etag = self._etags.get(ticket_id, '"1"')
        changes = {"title": f"关于供水的问题 {time.monotonic()}"}
        answer = await client.patch(f"/api/v1/tickets/{ticket_id}", json=changes, headers={"If-Match": etag})
        if answer.is_success:
            self._etags[ticket_id] = answer.headers["ETag"]
        return answer.is_success


async def _api_rate(base_url: str, password: str, call: Call, ids: list[int], seconds: float) -> Rate:
    times: list[float] = []
    failures = 0
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        answer = await client.post("/api/v1/session", json={"username": "8001", "password": password})
        answer.raise_for_status()
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        end = time.perf_counter() + seconds
        position = iter(range(10**9))

        async def loop() -> None:
            nonlocal failures
            while (begin := time.perf_counter()) < end:
                if not await call(client, ids[next(position) % len(ids)]):
                    failures += 1
                times.append(time.perf_counter() - begin)

        started = time.perf_counter()
        await asyncio.gather(*(loop() for _ in range(CLIENTS)))
        return Rate((len(times) - failures) / (time.perf_counter() - started), percentile(times, 0.99) * 1000, failures)
