"""A real web server on a real database and a real Redis, a telephony side that posts facts, and headless Chromium."""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from app.accounts import service as accounts
from app.accounts.auth import hash_token
from app.accounts.models import Role, ServiceToken
from app.cli.line_store import planned
from app.cli.servers import redis_server
from app.cli.settings import StackSettings
from app.contract.ports import free_port
from app.deadlines.versions import seed as seed_deadlines
from app.lines.service import seed
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from app.platform.migrations import upgrade_engine
from app.platform.plan_words import keep_words
from app.platform.settings import Settings
from app.web.main import create_app
from dialplan.plan_file import load_plan
from tests.browser.telephony import CommandDoor, Telephony

PASSWORD = "hotline-password"
BRIDGE_TOKEN = "bridge-token"
COMMAND_TOKEN = "c" * 32
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--lang=zh-CN"),
]
WAIT_MS = 10_000
START_LIMIT_SECONDS = 20

expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True)
class Site:
    """The running case store."""

    url: str
    database: Database
    telephony: Telephony
    door: CommandDoor
    settings: Settings


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all browser tests; each test brings agents and numbers of its own."""
    home: Path = tmp_path_factory.mktemp("site")
    engine = make_engine(f"sqlite:///{home / 'hotline.db'}")
    upgrade_engine(engine)
    database = Database(engine)
    with database.transaction() as session:
        seed(session)
        seed_deadlines(session, utc_now())
        plan = planned(load_plan(StackSettings().site_plan))
        keep_words(session, plan.name, plan.words)
        scopes = ["call-events:write", "lookup:read"]
        session.add(
            ServiceToken(name="bridge", token_hash=hash_token(BRIDGE_TOKEN), scopes=scopes, created_at=utc_now())
        )
    door = CommandDoor(COMMAND_TOKEN)
    with redis_server() as redis_url:
        settings = Settings(
            home=home, database_url=f"sqlite:///{home / 'hotline.db'}", redis_url=redis_url,
            session_secret="s" * 32, command_token=COMMAND_TOKEN, bridge_url=door.url, wrap_up_seconds=600,
            callback_hours="0-24",
            dialplan_command=f"{sys.executable} -m tests.fakes.dialplan_program",
        )  # fmt: skip
        with _running(settings) as url:
            telephony = Telephony(url, BRIDGE_TOKEN)
            door.telephony = telephony
            yield Site(url, database, telephony, door, settings)
            telephony.close()
    door.close()
    engine.dispose()


class _running:  # reads as a verb
    """`with _running(settings) as url`: uvicorn in a thread of its own, stopped afterwards."""

    def __init__(self, settings: Settings) -> None:
        port = free_port()
        config = uvicorn.Config(
            create_app(settings), host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> str:
        self._thread.start()
        limit = time.monotonic() + START_LIMIT_SECONDS
        while not self._server.started:
            assert time.monotonic() < limit, "the web server did not start"
            self._thread.join(0.05)
        return self._url

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(START_LIMIT_SECONDS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Person:
    username: str
    display_name: str
    seat: str = ""


_numbers = itertools.count(1)


@pytest.fixture
def person(site: Site) -> Callable[..., Person]:
    """Makes an account: `person()` is an agent with a seat, `person(Role.SUPERVISOR)` …"""

    def make(role: Role = Role.AGENT, unit: str = "") -> Person:
        number = next(_numbers)
        made = Person(f"{2000 + number}", "张敏" if role is Role.AGENT else "周晓燕", f"{8000 + number}")
        with site.database.transaction() as session:
            accounts.create_user(
                session, made.username, display_name=made.display_name, role=role, password=PASSWORD, now=utc_now(),
                seat=made.seat if role is Role.AGENT else "", queues={"common": 0} if role is Role.AGENT else {},
                unit_code=unit,
            )  # fmt: skip
        return made

    return make


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browsers' consoles complained about; the test fails when anything is left in it."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens a fresh browser profile: `open_page(width=390, color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_one(*, width: int = 1366, height: int = 768, color_scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=color_scheme, locale="zh-CN"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: _hear(complaints, message))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()


def _hear(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in {"error", "warning"}:
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def log_in(site: Site, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """A page of this person, logged in, on his start page."""

    def enter(who: Person, *, page: Page | None = None, **kind: object) -> Page:
        page = page or open_page(**kind)
        page.goto(f"{site.url}/login")
        page.get_by_label("工号").fill(who.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    return enter


@pytest.fixture
def at_desk(site: Site, log_in: Callable[..., Page]) -> Callable[..., Page]:
    """A page of this agent at the desk, signed in to the queue and connected."""

    def sit_down(who: Person, **kind: object) -> Page:
        site.telephony.sign_in(who.username, who.seat)
        page = log_in(who, **kind)
        expect(page.locator("#link-text")).to_have_text("已连接")
        expect(page.locator("#state-text")).to_have_text("就绪")
        return page

    return sit_down


@pytest.fixture
def number() -> str:
    """A mobile number that nobody else in this run has."""
    return f"138{next(_numbers):04d}5678"
