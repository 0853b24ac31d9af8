"""Somebody to log in as."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role
from app.accounts.service import create_user
from app.platform.clock import utc_now
from app.platform.database import Database

PASSWORD = "correct horse battery"


@pytest.fixture
def log_in_as(client: TestClient, database: Database) -> Callable[[Role], dict[str, str]]:
    """Logs the client in as a new person of that role; returns the headers that changing requests need."""

    def enter(role: Role) -> dict[str, str]:
        with database.transaction() as session:
            create_user(session, "somebody", display_name="某人", role=role, password=PASSWORD, now=utc_now())
        answer = client.post("/api/v1/session", json={"username": "somebody", "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return enter
