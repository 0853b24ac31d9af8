"""Whose call may be attached to a ticket: an agent's own, the one he holds; a supervisor's any."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from app.accounts.models import Role
from app.accounts.service import create_user
from app.calls.models import Call
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.store.calling import Caller, answered_call, batch

pytestmark = pytest.mark.services

PASSWORD = "a-Long-pass-phrase-42"
COLLEAGUES_NUMBER = "19900054321"
Attach = Callable[[str, str], Response]


@pytest.fixture
def attach(client: TestClient, database: Database, now: datetime) -> Attach:
    """Ticket 1 is 8001's, of an earlier call. `attach(username, call_id)`: this person attaches the call to it."""

    def make(username: str, call_id: str) -> Response:
        role = Role.SUPERVISOR if username.startswith("9") else Role.AGENT
        with database.transaction() as session:
            create_user(session, username=username, display_name=username, role=role, password=PASSWORD, now=now)
        logged_in = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        headers = {"X-CSRF-Token": logged_in.json()["csrf_token"]}
        return client.post("/api/v1/tickets/1/attach-call", json={"call_id": call_id}, headers=headers)

    _report(database, answered_call("node1-1.1", now - timedelta(minutes=30)), now)
    return make


def _report(database: Database, call: Caller, now: datetime) -> None:
    with database.transaction() as session:
        store_batch(session, batch(*call.events), Terms(), now)


def _tickets(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(t.accepted_by, t.status) for t in session.scalars(select(Ticket).order_by(Ticket.id))]


def _live_call_of_8002(database: Database, now: datetime) -> None:
    call = Caller("node1-1.2", now - timedelta(seconds=20), number=COLLEAGUES_NUMBER).arrives().queues().rings("8002")
    _report(database, call.is_answered_by("8002"), now)


def test_an_agent_cannot_attach_the_live_call_of_a_colleague(attach: Attach, database: Database, now: datetime) -> None:
    _live_call_of_8002(database, now)
    refused = attach("8001", "node1-1.2")

    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    assert "只能关联您自己接听的来电" in refused.json()["detail"]
    assert _tickets(database) == [("8001", "draft"), ("8002", "draft")]
    with database.reading() as session:
        assert session.scalar(select(Call.ticket_id).where(Call.call_id == "node1-1.2")) == 2


def test_a_supervisor_attaches_any_call(attach: Attach, database: Database, now: datetime) -> None:
    _live_call_of_8002(database, now)

    assert attach("9001", "node1-1.2").status_code == 200
    assert _tickets(database) == [("8001", "draft"), ("8002", "merged")]


def test_an_agent_attaches_a_call_that_he_answered_and_has_finished(
    attach: Attach, database: Database, now: datetime
) -> None:
    _report(database, answered_call("node1-1.2", now - timedelta(minutes=10)), now)

    assert attach("8001", "node1-1.2").status_code == 200
    assert _tickets(database) == [("8001", "draft"), ("8001", "merged")]


def test_an_agent_attaches_a_call_that_rings_at_his_seat(attach: Attach, database: Database, now: datetime) -> None:
    _report(database, Caller("node1-1.2", now - timedelta(seconds=20)).arrives().queues().rings("8001"), now)

    assert attach("8001", "node1-1.2").status_code == 200


def test_a_call_that_does_not_exist_is_not_found(attach: Attach) -> None:
    assert attach("8001", "node1-9.9").status_code == 404
