"""Who watches pops arrive: Redis itself, by its own clock, and one open page per agent that confirms what it shows."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import httpx
from redis import Redis
from redis.exceptions import RedisError

from app.cli.bench.stack import BenchStack
from app.cli.env_file import read_assignments
from app.platform.topics import PREFIX

OPEN_SECONDS = 60


class Arrivals:
    """When each answered pop was first seen, by call id (seconds since the epoch); how many could not be confirmed."""

    def __init__(self) -> None:
        self.committed: dict[str, float] = {}
        self.received: dict[str, float] = {}
        self.unconfirmed = 0


@contextmanager
def listening(stack: BenchStack, usernames: Sequence[str], arrivals: Arrivals) -> Iterator[None]:
    """For as long as the block: one thread with every page, one with what Redis is told after each commit."""
    opened = threading.Barrier(3)
    pages = _Pages([_log_in(stack, username) for username in usernames], arrivals, opened)
    redis = Redis.from_url(read_assignments((stack.home / "hotline.env").read_text())["HOTLINE_REDIS_URL"])
    topics = threading.Thread(target=_read_topics, args=(redis, arrivals, opened), daemon=True)
    pages.start()
    topics.start()
    opened.wait(OPEN_SECONDS)
    try:
        yield
    finally:
        pages.close()
        redis.connection_pool.disconnect()
        topics.join(OPEN_SECONDS)


def _log_in(stack: BenchStack, username: str) -> httpx.AsyncClient:
    with httpx.Client(base_url=stack.url, timeout=20, trust_env=False) as client:
        answer = client.post("/api/v1/session", json={"username": username, "password": stack.user(username)})
        answer.raise_for_status()
        return httpx.AsyncClient(
            base_url=stack.url,
            cookies=client.cookies,
            headers={"X-CSRF-Token": answer.json()["csrf_token"]},
            timeout=httpx.Timeout(20, read=None),
            trust_env=False,
        )


class _Pages(threading.Thread):
    """Every agent's page on one event loop."""

    def __init__(self, clients: list[httpx.AsyncClient], arrivals: Arrivals, opened: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self._clients = clients
        self._arrivals = arrivals
        self._opened = opened
        self._loop = asyncio.new_event_loop()
        self._reading: asyncio.Future[list[None]] | None = None

    def run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner, suppress(asyncio.CancelledError):
            runner.run(self._read_all())

    def close(self) -> None:
        """Close every page; returns when that is done."""
        if self._reading is not None:
            self._loop.call_soon_threadsafe(self._reading.cancel)
        self.join(OPEN_SECONDS)

    async def _read_all(self) -> None:
        ready = [asyncio.Event() for _ in self._clients]
        pages = zip(self._clients, ready, strict=True)
        self._reading = asyncio.gather(*(_read_page(client, self._arrivals, is_open) for client, is_open in pages))
        await asyncio.gather(*(is_open.wait() for is_open in ready))
        await asyncio.to_thread(self._opened.wait, OPEN_SECONDS)
        try:
            await self._reading
        finally:
            for client in self._clients:
                await client.aclose()


async def _read_page(client: httpx.AsyncClient, arrivals: Arrivals, is_open: asyncio.Event) -> None:
    event, confirming = "", set[asyncio.Task[None]]()
    async with client.stream("GET", "/desk/events") as answer:
        answer.raise_for_status()
        is_open.set()
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:") and event == "pop":
                pop = json.loads(line[5:])
                if pop["kind"] == "answered":
                    arrivals.received.setdefault(pop["call_id"], time.time())
                    confirm = asyncio.ensure_future(_confirm(client, pop["pop_id"], arrivals))
                    confirming.add(confirm)
                    confirm.add_done_callback(confirming.discard)


async def _confirm(client: httpx.AsyncClient, pop_id: int, arrivals: Arrivals) -> None:
    try:
        (await client.post(f"/api/v1/pops/{pop_id}/acknowledge")).raise_for_status()
    except httpx.HTTPError:
        arrivals.unconfirmed += 1


def _read_topics(redis: Redis, arrivals: Arrivals, opened: threading.Barrier) -> None:
    """The word leaves right after the commit and names the pop. Redis says when it came, by its own clock."""
    with suppress(RedisError, OSError, ValueError), redis.monitor() as monitor:  # type: ignore[no-untyped-call]
        opened.wait(OPEN_SECONDS)
        for seen in monitor.listen():
            words = str(seen["command"]).split(" ")
            if words[0] == "PUBLISH" and words[1].startswith(f"{PREFIX}agent:") and words[2:4] == ["pop", "answered"]:
                arrivals.committed.setdefault(words[4], float(seen["time"]))
