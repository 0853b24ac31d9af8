"""Writers of several processes take turns on SQLite, and none is kept out for ever."""

import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.platform.database import Database, make_engine

pytestmark = pytest.mark.services


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "turns.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    engine = make_engine(f"sqlite:///{file}")
    database = Database(engine)
    with database.transaction() as session:
        session.execute(text("CREATE TABLE marks (name TEXT)"))
    yield database
    engine.dispose()


def mark(database: Database, name: str) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO marks VALUES (:name)"), {"name": name})


def mark_badly(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO marks VALUES ('lost')"))
        session.execute(text("INSERT INTO nowhere VALUES ('lost')"))


def marks(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT name FROM marks")))


def test_a_writer_waits_for_the_turn_of_another_process(database: Database, file: Path) -> None:
    with Path(f"{file}.turn").open("w") as other_process:
        fcntl.flock(other_process, fcntl.LOCK_EX)
        writer = threading.Thread(target=mark, args=(database, "late"))
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
        assert marks(database) == []  # readers wait for nobody

    writer.join(10)
    assert marks(database) == ["late"]


def test_a_failed_writer_gives_its_turn_back(database: Database) -> None:
    with pytest.raises(OperationalError):
        mark_badly(database)

    mark(database, "next")
    assert marks(database) == ["next"]


def test_a_turn_that_never_comes_is_not_waited_for_for_ever(database: Database, file: Path) -> None:
    hasty = Database(make_engine(f"sqlite:///{file}", patience_seconds=0.05))
    with Path(f"{file}.turn").open("w") as stuck_process:
        fcntl.flock(stuck_process, fcntl.LOCK_EX)
        mark(hasty, "all the same")

    hasty.engine.dispose()
    assert marks(database) == ["all the same"]
