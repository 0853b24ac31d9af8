"""Guessing is locked out, per account and per address, also when the guesses come at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.login import LogInRefused, log_in
from app.accounts.models import LoginFailure, User
from app.platform.database import Database
from app.platform.errors import TooManyAttempts
from app.platform.settings import Settings
from app.web.main import create_app

pytestmark = pytest.mark.services
PASSWORD = "correct horse battery"
MakeUser = Callable[..., User]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(settings: Settings, clock: Clock) -> Iterator[TestClient]:
    """The application with a clock that tests move."""
    with TestClient(create_app(settings, clock=clock)) as client:
        yield client


def attempt(client: TestClient, password: str, username: str = "8001") -> int:
    return client.post("/api/v1/session", json={"username": username, "password": password}).status_code


def test_the_sixth_guess_is_not_looked_at(timed: TestClient, make_user: MakeUser) -> None:
    make_user()

    assert [attempt(timed, "wrong") for _ in range(5)] == [401] * 5
    answer = timed.post("/api/v1/session", json={"username": "8001", "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["detail"] == "尝试次数过多，请在 30 秒后再试"


def test_the_lock_opens_by_itself_and_a_right_password_forgets(
    timed: TestClient, make_user: MakeUser, clock: Clock, database: Database
) -> None:
    make_user()
    for _ in range(5):
        attempt(timed, "wrong")
    clock.pass_seconds(30)

    assert attempt(timed, PASSWORD) == 200
    with database.reading() as session:
        assert session.scalars(select(LoginFailure.key).where(LoginFailure.key.like("account:%"))).all() == []


def test_each_further_guess_waits_twice_as_long(timed: TestClient, make_user: MakeUser, clock: Clock) -> None:
    make_user()
    for _ in range(5):
        attempt(timed, "wrong")
    clock.pass_seconds(30)
    assert attempt(timed, "wrong") == 401

    clock.pass_seconds(59)
    assert attempt(timed, PASSWORD) == 429
    clock.pass_seconds(1)
    assert attempt(timed, PASSWORD) == 200


def test_asking_while_locked_does_not_make_it_longer(timed: TestClient, make_user: MakeUser, clock: Clock) -> None:
    make_user()
    for _ in range(20):
        attempt(timed, "wrong")
    clock.pass_seconds(30)

    assert attempt(timed, PASSWORD) == 200


def test_a_name_that_nobody_has_is_locked_like_any_other(timed: TestClient) -> None:
    assert [attempt(timed, "wrong", "nobody") for _ in range(6)] == [401] * 5 + [429]


def test_trying_one_password_on_many_names_locks_the_address(timed: TestClient, make_user: MakeUser) -> None:
    make_user()

    assert {attempt(timed, "Spring2026!", f"user{number}") for number in range(30)} == {401}

    assert attempt(timed, PASSWORD) == 429


def test_a_right_password_of_ones_own_does_not_wash_an_address_clean(timed: TestClient, make_user: MakeUser) -> None:
    make_user()
    for number in range(29):
        attempt(timed, "Spring2026!", f"user{number}")

    assert attempt(timed, PASSWORD) == 200
    assert attempt(timed, "Spring2026!", "user30") == 401
    assert attempt(timed, "Spring2026!", "user31") == 429


def test_guesses_at_once_are_all_counted(database: Database, make_user: MakeUser, clock: Clock) -> None:
    make_user()

    def guess(number: int) -> type[Exception]:
        with pytest.raises((LogInRefused, TooManyAttempts)) as refusal:
            log_in(database, clock, "8001", f"guess {number}", "10.0.0.9")
        return refusal.type

    with ThreadPoolExecutor(8) as threads:
        refusals = list(threads.map(guess, range(24)))

    assert refusals.count(LogInRefused) == 5


def test_an_idle_log_in_ends_and_a_busy_one_goes_on(timed: TestClient, make_user: MakeUser, clock: Clock) -> None:
    make_user()
    attempt(timed, PASSWORD)
    for _ in range(3):
        clock.pass_seconds(14 * 60)
        assert timed.get("/api/v1/session").status_code == 200

    clock.pass_seconds(15 * 60)

    assert timed.get("/api/v1/session").status_code == 401


def test_a_busy_log_in_ends_with_the_shift(timed: TestClient, make_user: MakeUser, clock: Clock) -> None:
    make_user()
    attempt(timed, PASSWORD)
    for _ in range(71):
        clock.pass_seconds(600)
        assert timed.get("/api/v1/session").status_code == 200

    clock.pass_seconds(600)

    assert timed.get("/api/v1/session").status_code == 401
