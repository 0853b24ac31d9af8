"""A person of the hotline who is logged in, and a node with the flows that ship; its commands are the real ones."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import Role
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from ivr_flows.loader import FLOWS
from ivr_flows.versions import FlowStore

PASSWORD = "correct horse battery"
LogIn = Callable[..., dict[str, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A node as set-up leaves it: the flows that ship are version 1."""
    shipped = sorted(FLOWS.glob("*.yaml"))
    FlowStore(settings.home / "flows").publish(shipped, by="hotline setup", note="as shipped", at=utc_now())
    return settings


@pytest.fixture
def log_in(client: TestClient, database: Database) -> LogIn:
    """Logs the client in as a new person; returns the headers of his requests."""

    def enter(username: str = "ops1", role: Role = Role.OPS) -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(session, username, display_name="某人", role=role, password=PASSWORD, now=utc_now())
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return enter
