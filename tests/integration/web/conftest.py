"""The application on a real uvicorn, a Redis that can be stopped and started, and a page that listens."""

import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from redis import Redis

from app.accounts.models import Role
from app.accounts.service import create_user
from app.calls.models import Call, ScreenPop
from app.cli.servers import redis_server
from app.contract.ports import free_port
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from app.platform.topics import agent_topic, publish
from app.web.__main__ import HotlineServer, make_server
from app.web.main import create_app

PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 30


def wait_until(condition: Callable[[], object]) -> None:
    """Until the condition holds; the test fails when it never does."""
    until = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, "it never came true"
        pause.wait(0.02)


class Switchable:
    """A Redis on one port that tests turn off and on."""

    def __init__(self) -> None:
        self.port = free_port()
        self._running = ExitStack()
        self._pid = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._running.enter_context(redis_server(self.port))

    def stop(self) -> None:
        self._running.close()

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        with Redis.from_url(self.url) as client:
            self._pid = int(client.info("server")["process_id"])
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)


@pytest.fixture
def redis() -> Iterator[Switchable]:
    server = Switchable()
    server.start()
    yield server
    server.stop()


@dataclass
class Live:
    """The application, served."""

    app: FastAPI
    server: HotlineServer
    thread: threading.Thread
    url: str

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def stop(self) -> None:
        """What SIGTERM does."""
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)

    def pop(self, agent: str = "8001", call_id: str = "node1-1.1") -> None:
        """The agent has answered a call: written, then announced."""
        with self.database.transaction() as session:
            session.add(Call(call_id=call_id, node="node1", arrived_at=utc_now()))
            session.flush()
            session.add(ScreenPop(agent=agent, call_id=call_id, kind="answered", created_at=utc_now()))
            publish(session, agent_topic(agent), "pop")


@pytest.fixture
def live(settings: Settings, redis: Switchable) -> Iterator[Live]:
    app = create_app(settings.model_copy(update={"redis_url": SecretStr(redis.url)}))
    port = free_port()
    server = make_server(app, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    live = Live(app, server, thread, f"http://127.0.0.1:{port}")
    yield live
    live.stop()


@dataclass
class Event:
    """One server-sent event."""

    event: str
    data: dict[str, object]
    id: str


class Page:
    """An agent's browser: logged in, listening."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.headers: dict[str, str] = {}
        self.events: queue.Queue[Event | None] = queue.Queue()

    def log_in(self, username: str) -> None:
        answer = self.client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.headers = {"X-CSRF-Token": answer.json()["csrf_token"]}

    def reloaded(self) -> "Page":
        """The same browser, the page opened anew."""
        page = Page(self.client)
        page.headers = self.headers
        return page

    def listen(self, last_event_id: str = "") -> "Page":
        """Open the stream; returns when the server has answered."""
        is_open = threading.Event()
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        threading.Thread(target=self._read, args=(headers, is_open), daemon=True).start()
        assert is_open.wait(PATIENCE_SECONDS)
        return self

    def next(self) -> Event | None:
        """The next event; None when the stream has ended."""
        return self.events.get(timeout=PATIENCE_SECONDS)

    def _read(self, headers: dict[str, str], is_open: threading.Event) -> None:
        fields: dict[str, str] = {}
        try:
            with self.client.stream("GET", "/desk/events", headers=headers, timeout=None) as answer:
                for line in answer.iter_lines():
                    is_open.set()
                    name, _, value = line.partition(": ")
                    if line == "" and "data" in fields:
                        self.events.put(Event(fields["event"], json.loads(fields["data"]), fields["id"]))
                    if line == "":
                        fields = {}
                    else:
                        fields[name] = value
        except httpx.HTTPError:
            pass
        self.events.put(None)


@pytest.fixture
def page(live: Live) -> Iterator[Callable[..., Page]]:
    """Makes an agent and his page."""
    pages: list[Page] = []

    def make(username: str = "8001") -> Page:
        with live.database.transaction() as session:
            create_user(session, username, display_name="王话务", role=Role.AGENT, password=PASSWORD, now=utc_now())
        client = httpx.Client(base_url=live.url, timeout=httpx.Timeout(PATIENCE_SECONDS))
        pages.append(Page(client))
        pages[-1].log_in(username)
        return pages[-1]

    yield make
    for made in pages:
        made.client.close()


@pytest.fixture
def wait() -> Callable[[Callable[[], object]], None]:
    """`wait(lambda: condition)`."""
    return wait_until
