"""Users are created once, with a usable name and a password worth the word."""

import pytest

from app.accounts.models import Role
from app.accounts.service import PasswordRefused, UsernameRefused, UsernameTaken, create_user, find_user, get_user
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services


def create(database: Database, username: str, password: str = "correct horse battery") -> None:
    with database.transaction() as session:
        create_user(
            session,
            username,
            display_name="王话务",
            role=Role.AGENT,
            password=password,
            now=utc_now(),
            seat="1001",
            queues={"general": 0},
        )


def test_a_user_keeps_what_was_said(database: Database) -> None:
    create(database, "8001")

    with database.reading() as session:
        user = get_user(session, "8001")
    assert (user.role, user.seat, user.queues, user.is_active) == ("agent", "1001", {"general": 0}, True)
    assert "correct horse" not in user.password_hash


def test_a_name_is_given_once(database: Database) -> None:
    create(database, "8001")

    with pytest.raises(UsernameTaken):
        create(database, "8001")


@pytest.mark.parametrize("username", ["", "a b", "王", "a" * 65, "a/b", "8001\n", "${X}", "'; DROP TABLE users; --"])
def test_a_name_that_a_queue_could_misread_is_refused(database: Database, username: str) -> None:
    with pytest.raises(UsernameRefused):
        create(database, username)


def test_a_refused_password_creates_nobody(database: Database) -> None:
    with pytest.raises(PasswordRefused):
        create(database, "8001", "short")

    with database.reading() as session:
        assert find_user(session, "8001") is None
