"""The database: engine, session, types. `commit()` stands here and nowhere else.

SQLite (WAL) and PostgreSQL run the same migrations and the same tests. What leaves after a commit (topics, jobs) is
registered with `after_commit` and dropped on a rollback (style.md rule 8).
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Engine, Integer, MetaData, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.types import JSON, TypeDecorator

PATIENCE_SECONDS = 5.0
"""How long a writer waits for others."""
TURN_POLL_SECONDS = 0.0005
POOL = {"poolclass": QueuePool, "pool_size": 40, "max_overflow": 0}
"""Connections of a process; `app.platform.http` admits fewer requests. Opened when first needed, then kept: one beyond
the pool's size would be closed each time. Named, as SQLite in memory has another one."""
CONNECT_SECONDS = 5
"""PostgreSQL that does not answer is told as an error after so long."""
READS = "reads"
"""In `session.info`: a session that never writes."""

BigId = BigInteger().with_variant(Integer(), "sqlite")
JsonColumn = JSON().with_variant(postgresql.JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC on both databases. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: give it a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraint names follow one pattern, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JsonColumn, list[Any]: JsonColumn}  # noqa: RUF012


def make_engine(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Engine:
    """Engine for SQLite (WAL, foreign keys on, transactions that begin when told) or PostgreSQL.

    A writer waits for others for `patience_seconds`, then fails: OperationalError. An error names its statement, never
    the values: they are citizens' names and numbers, and errors are logged.
    """
    if url.startswith("sqlite"):
        connect = {"timeout": patience_seconds, "check_same_thread": False}
        engine = create_engine(url, connect_args=connect, hide_parameters=True, **POOL)
        event.listen(engine, "connect", _prepare_sqlite)
        turns = _SqliteTurns(engine.url.database, patience_seconds)
        event.listen(engine, "begin", turns.begin)
        event.listen(engine, "checkin", turns.end)
        return engine
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        hide_parameters=True, **POOL,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={patience_seconds * 1000:.0f}"},
    )  # fmt: skip


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event starts transactions, not the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


class _SqliteTurns:
    """One writer at a time on this machine, woken when the other is done.

    Left to itself SQLite looks again after sleeps of up to 100 ms, and under load somebody is always quicker: batches
    of facts then waited for seconds. Threads take turns by a lock, processes by a lock on a file beside the database
    (released by the kernel if its holder dies). Whoever waited too long goes on to SQLite's own waiting.
    """

    def __init__(self, database: str | None, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._turn = threading.Lock()
        self._path = f"{database}.turn" if database and database != ":memory:" else None

    def begin(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE for writers: a read that later writes would fail at once with SQLITE_BUSY, unwaited."""
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("has_turn"):
            connection.info["has_turn"] = self._turn.acquire(timeout=self._patience_seconds)
            if connection.info["has_turn"] and self._path:
                connection.info["turn_file"] = _lock_file(self._path, self._patience_seconds)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def end(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """The connection goes back: its transaction is over, however it ended."""
        if (file := record.info.pop("turn_file", None)) is not None:
            os.close(file)
        if record.info.pop("has_turn", False):
            self._turn.release()


def _lock_file(path: str, patience_seconds: float) -> int | None:
    """The descriptor that holds the lock on this file; None when it could not be had in time."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # not ours to write: SQLite's own waiting is left
        return None
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(TURN_POLL_SECONDS)
        except OSError:
            break
        else:
            return file
    os.close(file)
    return None


class Database:
    """Hands out sessions; the only place that commits.

    `companions` (topics, jobs) travel in `session.info`, so that a use case needs the session alone.
    """

    def __init__(self, engine: Engine, **companions: object) -> None:
        self.engine = engine
        self.companions = companions
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._readers = sessionmaker(_for_reading(engine), expire_on_commit=False, info={READS: True})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, rolls back on any error, and then tells others (`after_commit`)."""
        with self._sessions(info=self.companions) as session:
            try:
                yield session
                for finish in session.info.pop("before_commit", []):
                    finish()
                session.commit()
            except BaseException:
                session.rollback()
                raise
            for announce in session.info.pop("after_commit", []):
                announce()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that never writes; on SQLite it waits for no writer. What `leave_word` was given follows it."""
        with self._readers() as session:
            yield session
        if words := session.info.pop("words", []):
            with self.transaction() as writing:
                for write in words:
                    write(writing)


def _for_reading(engine: Engine) -> Engine:
    """On PostgreSQL no transaction is opened: two journeys less per request; each statement sees what is committed."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine.execution_options(read_only=True)


def before_commit(session: Session, finish: Callable[[], None]) -> None:
    """Run `finish` as the last act of this session's transaction; what it raises rolls everything back."""
    session.info.setdefault("before_commit", []).append(finish)


def after_commit(session: Session, announce: Callable[[], None]) -> None:
    """Run `announce` once the transaction of this session is true; it must not raise."""
    session.info.setdefault("after_commit", []).append(announce)


def leave_word(session: Session, write: Callable[[Session], None]) -> None:
    """Have something written about what this session reads: now, where it may write itself; else in a transaction of
    its own once the reading is over, and before its answer leaves. A reading that fails leaves no word.
    """
    if session.info.get(READS):
        session.info.setdefault("words", []).append(write)
    else:
        write(session)


def insert_ignore(session: Session, model: type[Base]) -> Any:
    """INSERT .. ON CONFLICT DO NOTHING of either database; chain `.values(...)` and `.returning(...)`."""
    return _insert_ignore(session.get_bind().dialect.name, model)


@cache
def _insert_ignore(dialect: str, model: type[Base]) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table_of(model)).on_conflict_do_nothing()


def table_of(model: type[Base]) -> Table:
    """The table without its class: statements on it do the same, defaults included, for half the ORM's time."""
    assert isinstance(model.__table__, Table)  # noqa: S101 - narrows: none of ours is a join
    return model.__table__
