"""People to log in as."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role, User
from app.accounts.service import create_user
from app.platform.clock import utc_now
from app.platform.database import Database

PASSWORD = "correct horse battery"


@pytest.fixture
def make_user(database: Database) -> Callable[..., User]:
    """Makes a person with the password PASSWORD."""

    def make(username: str = "8001", role: Role = Role.AGENT) -> User:
        with database.transaction() as session:
            return create_user(session, username, display_name="王话务", role=role, password=PASSWORD, now=utc_now())

    return make


@pytest.fixture
def log_in(client: TestClient, make_user: Callable[..., User]) -> Callable[..., dict[str, str]]:
    """Logs the client in as a new person; returns the headers that changing requests need."""

    def enter(username: str = "8001", role: Role = Role.AGENT) -> dict[str, str]:
        make_user(username, role)
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return enter
