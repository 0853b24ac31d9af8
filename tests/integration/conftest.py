"""What integration tests stand on: both databases on the migrated schema, Redis, and a client of the whole web app.

Every test gets clean tables with the reference data loaded: SQLite as a copy of a prepared file, PostgreSQL by
TRUNCATE. Transactions are real, so commits, locks and `after_commit` behave as in production.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.accounts.auth import hash_token
from app.accounts.models import ServiceToken
from app.cli.servers import postgresql, redis_server
from app.deadlines.versions import seed as seed_deadlines
from app.lines.service import seed
from app.platform.clock import utc_now
from app.platform.database import Base, Database, make_engine
from app.platform.migrations import upgrade_engine
from app.platform.plan_words import WordKind, keep_words
from app.platform.settings import Settings
from app.web.main import create_app

REFERENCE_TABLES = {
    "regions", "subjects", "lines", "line_aliases", "line_programmes", "line_programme_steps", "reference_files",
    "calendar_years", "sla_profiles",
    "units", "exclusions", "dispatch_rules",
}  # fmt: skip


class RecordedTopics:
    """Topics that remember what was announced."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, messages: Sequence[tuple[str, str]]) -> None:
        self.sent.extend(messages)


def _prepare(engine: Engine) -> None:
    upgrade_engine(engine)
    with Database(engine).transaction() as session:
        seed(session)
        seed_deadlines(session, utc_now())


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis for the whole run."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_engine() -> Iterator[Engine]:
    """A real PostgreSQL for the whole run, migrated and seeded."""
    with postgresql() as url:
        engine = make_engine(url)
        _prepare(engine)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and seeded SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{file}")
    _prepare(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on clean tables; the test runs once per database."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "test.db")
        engine = make_engine(f"sqlite:///{tmp_path / 'test.db'}")
        yield engine
        engine.dispose()
        return
    shared: Engine = request.getfixturevalue("postgresql_engine")
    yield shared
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables if table.name not in REFERENCE_TABLES)
    with shared.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # the audit log refuses it
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture
def topics() -> RecordedTopics:
    """What the test's sessions announced after their commits: (topic, message) pairs in `.sent`."""
    return RecordedTopics()


@pytest.fixture
def database(engine: Engine, topics: RecordedTopics) -> Database:
    """Sessions on clean tables, as the application opens them."""
    return Database(engine, topics=topics)


@pytest.fixture
def settings(engine: Engine, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a web process on this test's database."""
    return Settings(
        home=tmp_path,
        database_url=engine.url.render_as_string(hide_password=False),
        redis_url=redis_url,
        session_secret="s" * 32,
        command_token="c" * 32,
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The whole web app, without a log-in."""
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def service_token(database: Database) -> Callable[..., dict[str, str]]:
    """Makes a machine's token: `headers = service_token("call-events:write")`."""

    def make(*scopes: str, name: str = "test") -> dict[str, str]:
        token = f"token-of-{name}-{'-'.join(scopes)}"
        with database.transaction() as session:
            session.add(
                ServiceToken(name=name, token_hash=hash_token(token), scopes=list(scopes), created_at=utc_now())
            )
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def now() -> datetime:
    """The moment a test takes as its present."""
    return utc_now()


@pytest.fixture
def plan_words(database: Database) -> None:
    """What an applied plan calls its queues and pause reasons."""
    queues = [("common", "综合受理"), ("consumer", "消费维权")]
    reasons = [("rest", "小休"), ("meal", "就餐"), ("wrap_up", "话后整理")]
    with database.transaction() as session:
        keep_words(session, "demo", {WordKind.QUEUE: queues, WordKind.PAUSE_REASON: reasons})
