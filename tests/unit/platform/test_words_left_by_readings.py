"""What a reading leaves behind is written before its answer leaves; what cannot be written makes the reading fail."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.platform.database import Database, leave_word, make_engine


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(make_engine(f"sqlite:///{tmp_path / 'test.db'}"))
    with database.transaction() as session:
        session.execute(text("CREATE TABLE words (word TEXT)"))
    return database


def write(session: Session) -> None:
    session.execute(text("INSERT INTO words VALUES ('read')"))


def count(database: Database) -> int:
    with database.reading() as session:
        return len(session.execute(text("SELECT word FROM words")).all())


def test_a_reading_leaves_its_word_when_it_is_over(database: Database) -> None:
    with database.reading() as session:
        leave_word(session, write)
        assert count(database) == 0

    assert count(database) == 1


def test_a_writer_leaves_it_in_its_own_transaction(database: Database) -> None:
    def work() -> None:
        with database.transaction() as session:
            leave_word(session, write)
            raise KeyError

    with pytest.raises(KeyError):
        work()

    assert count(database) == 0


def test_a_reading_that_fails_leaves_none(database: Database) -> None:
    def read() -> None:
        with database.reading() as session:
            leave_word(session, write)
            raise KeyError

    with pytest.raises(KeyError):
        read()

    assert count(database) == 0


def test_a_word_that_cannot_be_written_is_an_error_of_the_reading(database: Database) -> None:
    def refuse(_session: Session) -> None:
        raise PermissionError

    with pytest.raises(PermissionError), database.reading() as session:
        leave_word(session, refuse)
