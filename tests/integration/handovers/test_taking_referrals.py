"""A referred matter is found on one list, and one agent takes it."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import AuditEntry, Role
from app.platform.clock import utc_now
from app.platform.database import Database
from app.tickets.models import Ticket
from app.tickets.service import history

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
NUMBER = "J41040020261123000123"
WHERE = f"/api/v1/referrals/110/{NUMBER}/take"
REFERRAL: dict[str, Any] = {
    "incident_number": NUMBER,
    "alarmed_at": "2026-11-23T15:58:00+08:00",
    "address": "建设路与开源路口",
    "caller_number": "13800000001",
    "category": "噪音扰民",
    "transfer_kind": "ticket",
    "content": "工地夜间施工，噪音很大。",
}
Enter = Callable[..., dict[str, str]]


@pytest.fixture
def refer(client: TestClient, service_token: Callable[..., dict[str, str]]) -> Callable[..., None]:
    police = service_token("referrals:write", name="police-110")

    def send(**changed: Any) -> None:
        assert client.post("/api/v1/referrals", headers=police, json={**REFERRAL, **changed}).status_code == 201

    return send


@pytest.fixture
def enter(client: TestClient, database: Database) -> Enter:
    """Log in as this person; who is there already is not made anew."""
    known: set[str] = set()

    def log_in(username: str = "1001", role: Role = Role.AGENT) -> dict[str, str]:
        if username not in known:
            with database.transaction() as session:
                accounts.create_user(
                    session, username, display_name="张敏", role=role, password=PASSWORD, now=utc_now()
                )
        known.add(username)
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


def test_an_agent_takes_a_matter_once_and_it_is_his_draft(
    client: TestClient, enter: Enter, refer: Callable[..., None], database: Database
) -> None:
    refer()
    headers = enter()

    first, again = (client.post(WHERE, headers=headers, json={}) for _ in range(2))

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["agent"] == "1001"
    assert client.get("/desk", params={"ticket_id": first.json()["ticket_id"]}).text.count(REFERRAL["content"]) == 1
    assert client.get("/api/v1/referrals", params={"waiting": True}).json()["items"] == []
    other = client.post(WHERE, headers=enter("1002"), json={})
    assert (other.status_code, other.json()["code"], "1001" in other.json()["detail"]) == (409, "referral-taken", True)
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "referral_taken")).all()
        assert [entry.action for entry in history(session, ticket.id)] == ["opened", "taken_over"]
    assert [(entry.actor, entry.detail["agent"]) for entry in entries] == [("1001", "1001")]


def test_a_supervisor_gives_a_matter_to_an_agent_and_an_agent_to_himself_alone(
    client: TestClient, enter: Enter, refer: Callable[..., None]
) -> None:
    refer()
    enter("1001")
    assert client.post(WHERE, headers=enter("1002"), json={"agent": "1001"}).status_code == 403
    supervisor = enter("2001", Role.SUPERVISOR)
    assert client.post(WHERE, headers=supervisor, json={}).json()["code"] == "no-such-agent"
    assert client.post(WHERE, headers=supervisor, json={"agent": "9999"}).json()["code"] == "no-such-agent"

    assert client.post(WHERE, headers=supervisor, json={"agent": "1001"}).json()["agent"] == "1001"


@pytest.mark.parametrize("role", [Role.OPS, Role.AUDITOR, Role.UNIT_STAFF])
def test_who_does_not_work_on_matters_takes_none(
    client: TestClient, enter: Enter, refer: Callable[..., None], role: Role
) -> None:
    refer()

    assert client.post(WHERE, headers=enter("3001", role), json={"agent": "3001"}).status_code == 403


def test_a_unit_sees_no_matter_that_nobody_gave_it(
    client: TestClient, enter: Enter, refer: Callable[..., None]
) -> None:
    refer()
    enter("4001", Role.UNIT_STAFF)

    assert client.get("/api/v1/referrals").json()["items"] == []
    assert client.get("/referrals").status_code == 403


def test_a_matter_that_is_accepted_already_cannot_be_taken(
    client: TestClient, enter: Enter, refer: Callable[..., None], database: Database
) -> None:
    refer()
    with database.transaction() as session:
        session.scalars(select(Ticket)).one().status = "merged"

    assert client.post(WHERE, headers=enter(), json={}).json()["code"] == "referral-taken"
    assert client.post(WHERE.replace("0123/", "0999/"), headers=enter(), json={}).status_code == 404


def test_the_page_lists_what_waits_and_filters_it(client: TestClient, enter: Enter, refer: Callable[..., None]) -> None:
    headers = enter()
    assert "没有待领取的事项" in client.get("/referrals").text
    refer()
    refer(incident_number="J120-0001", source="120", category="求助", address="矿工路")

    page = client.get("/referrals").text
    assert ("噪音扰民" in page, "求助" in page, "138****0001" in page, "13800000001" in page) == (
        True,
        True,
        True,
        False,
    )
    assert "矿工路" not in client.get("/referrals", params={"source": "110"}).text
    assert "建设路" not in client.get("/referrals", params={"text": "J120"}).text
    assert "没有符合条件的事项" in client.get("/referrals", params={"text": "50%"}).text
    assert client.get("/desk").text.count('<a href="/referrals">2</a>') == 1

    client.post(WHERE, headers=headers, json={})

    assert "噪音扰民" not in client.get("/referrals").text
    assert "噪音扰民" in client.get("/referrals", params={"view": "taken"}).text
    assert client.get("/referrals", params={"view": "nonsense"}).status_code == 422
