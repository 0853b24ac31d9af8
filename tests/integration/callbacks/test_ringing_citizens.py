"""Click-to-call: the citizen of a ticket is rung, and who asked never sees the number."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.callbacks.models import Callback
from app.calls.models import Call
from app.platform.clock import utc_now
from app.platform.database import Database
from app.tickets.models import Ticket
from app.tickets.service import create_ticket

pytestmark = pytest.mark.services

NUMBER, PASSWORD = "19900012345", "correct horse battery"


@pytest.fixture
def ticket(database: Database) -> int:
    """A ticket of agent 8001, without a call."""
    now = utc_now()
    with database.transaction() as session:
        for name, role, queues in (("8001", Role.AGENT, {"consumer": 1, "common": 0}), ("caller", Role.FOLLOW_UP, {})):
            create_user(session, name, display_name=name, role=role, password=PASSWORD, now=now, queues=queues)
        made = create_ticket(session, {"contact_number": NUMBER}, actor="8001", region_code="410400", now=now)
        return made.id


def enter(client: TestClient, name: str) -> None:
    answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]


def test_the_citizen_is_rung_through_the_agents_queue_and_the_ticket_goes_with_it(
    client: TestClient, database: Database, ticket: int
) -> None:
    enter(client, "8001")
    page = client.get(f"/tickets/{ticket}").text
    assert f'data-rings="/api/v1/tickets/{ticket}/ring"' in page

    first = client.post(f"/api/v1/tickets/{ticket}/ring")
    again = client.post(f"/api/v1/tickets/{ticket}/ring")

    assert first.status_code == 201
    assert NUMBER not in first.text
    assert (first.json()["number"], first.json()["source"], first.json()["queue"]) == ("199****2345", "staff", "common")
    assert first.json()["id"] == again.json()["id"]
    with database.reading() as session:
        row = session.scalars(select(Callback)).one()
        assert (row.number, row.ticket_id, row.requested_by) == (NUMBER, ticket, "8001")
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.object_type == "ticket")).all() == [
            "citizen_rung", "citizen_rung",
        ]  # fmt: skip


def test_who_has_no_queue_rings_through_that_of_the_tickets_call(
    client: TestClient, database: Database, ticket: int
) -> None:
    enter(client, "caller")
    assert client.post(f"/api/v1/tickets/{ticket}/ring").json()["code"] == "no-queue"
    with database.transaction() as session:
        session.add(
            Call(
                call_id="node1-1.0",
                node="node1",
                state="ended",
                queue="housing",
                arrived_at=utc_now(),
                ticket_id=ticket,
            )
        )

    assert client.post(f"/api/v1/tickets/{ticket}/ring").json()["queue"] == "housing"


@pytest.mark.parametrize("number", ["", "+14155550123"])
def test_a_number_that_no_machine_dials_is_refused(
    client: TestClient, database: Database, ticket: int, number: str
) -> None:
    with database.transaction() as session:
        session.get_one(Ticket, ticket).contact_number = number
    enter(client, "8001")

    answer = client.post(f"/api/v1/tickets/{ticket}/ring")
    assert (answer.status_code, answer.json()["code"]) == (409, "number-not-diallable")
