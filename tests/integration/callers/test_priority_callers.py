"""Flagged numbers go straight to a person, and who calls again finds the agent he spoke with."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import AuditEntry, Role
from app.broadcasts.models import BroadcastKind
from app.broadcasts.service import announce, mark_spoken
from app.contract.lookup import CallerCard, LookupRequest
from app.ingest.effects import Terms
from app.ingest.lookup import look_up
from app.ingest.service import store_batch
from app.platform.clock import utc_now
from app.platform.database import Database
from tests.integration.store.calling import NUMBER, agent_event, answered_call, batch

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
FLAG = {"number": "+86 199-0001-2345", "kind": "elderly", "reason": "82 岁，听力不便"}
Ask = Callable[..., CallerCard]


@pytest.fixture
def enter(client: TestClient, database: Database) -> Callable[..., dict[str, str]]:
    def log_in(username: str = "2001", role: Role = Role.SUPERVISOR) -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(session, username, display_name="李静", role=role, password=PASSWORD, now=utc_now())
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


@pytest.fixture
def ask(database: Database, now: datetime) -> Ask:
    """The lookup of a call of this number, so many hours later."""

    def look(number: str = NUMBER, *, hours: float = 0) -> CallerCard:
        request = LookupRequest(call_id="node1-9.9", trunk="carrier", dnis="12345", ani=number)
        with database.reading() as session:
            return look_up(session, request, area_code="0375", now=now + timedelta(hours=hours))

    return look


def test_a_flagged_number_is_put_first_until_the_flag_is_cleared(
    client: TestClient, enter: Callable[..., dict[str, str]], ask: Ask, database: Database
) -> None:
    headers = enter()
    assert not ask().is_priority

    made = client.post("/api/v1/priority-callers", headers=headers, json=FLAG)
    again = client.post("/api/v1/priority-callers", headers=headers, json={**FLAG, "kind": "minor"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert (made.json()["caller_number"], made.json()["kind_text"]) == ("199****2345", "老年人")
    assert (ask().is_priority, ask("13800000009").is_priority) == (True, False)

    where = f"/api/v1/priority-callers/{made.json()['id']}/clear"
    assert client.post(where, headers=headers, json={"reason": "号码已换主人"}).status_code == 200
    assert client.post(where, headers=headers, json={"reason": "号码已换主人"}).json()["code"] == "already-cleared"
    assert not ask().is_priority
    assert client.post("/api/v1/priority-callers", headers=headers, json=FLAG).status_code == 201  # flagged anew

    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.object_type == "priority_caller")).all()
    assert [(one.action, one.actor) for one in entries] == [
        ("priority_set", "2001"), ("priority_cleared", "2001"), ("priority_set", "2001"),
    ]  # fmt: skip
    assert NUMBER not in str([one.detail for one in entries])


@pytest.mark.parametrize(
    "wrong", [{"number": "110"}, {"number": "anonymous"}, {"kind": "leader"}, {"reason": " "}, {"reason": "a\nb"}]
)
def test_what_is_no_flag_is_refused(
    client: TestClient, enter: Callable[..., dict[str, str]], wrong: dict[str, Any]
) -> None:
    assert client.post("/api/v1/priority-callers", headers=enter(), json={**FLAG, **wrong}).status_code == 422


def test_agents_and_supervisors_flag_and_others_do_not(
    client: TestClient, enter: Callable[..., dict[str, str]]
) -> None:
    assert client.post("/api/v1/priority-callers", headers=enter("1001", Role.AGENT), json=FLAG).status_code == 201
    assert client.post("/api/v1/priority-callers", headers=enter("3001", Role.OPS), json=FLAG).status_code == 403
    assert client.get("/api/v1/priority-callers").status_code == 403


def test_lists_are_paged_and_filtered(client: TestClient, enter: Callable[..., dict[str, str]]) -> None:
    headers = enter()
    for last in range(5):
        client.post("/api/v1/priority-callers", headers=headers, json={**FLAG, "number": f"1380000000{last}"})

    first = client.get("/api/v1/priority-callers", params={"limit": 3}).json()
    second = client.get("/api/v1/priority-callers", params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert len({row["id"] for row in first["items"] + second["items"]}) == 5
    assert second["next_cursor"] is None
    found = client.get("/api/v1/priority-callers", params={"caller": "138 0000 0003"}).json()["items"]
    assert [row["caller_number"] for row in found] == ["138****0003"]
    assert client.get("/api/v1/priority-callers", params={"kind": "minor"}).json()["items"] == []


def test_who_calls_again_within_a_day_finds_the_agent_he_spoke_with(
    ask: Ask, database: Database, now: datetime
) -> None:
    signed_in = agent_event("signed_in", "8001", now - timedelta(hours=3), seat="PJSIP/8001")
    call = answered_call("node1-1.1", now - timedelta(hours=2))
    with database.transaction() as session:
        store_batch(session, batch(signed_in, *call.events), Terms(), now)

    assert (ask().last_agent, ask().last_agent_seat) == ("8001", "8001")
    assert (ask("13800000009").last_agent, ask(hours=23).last_agent) == ("", "")

    with database.transaction() as session:
        paused = agent_event("paused", "8001", now, reason="meal")
        store_batch(session, batch(paused, first_seq=90), Terms(), now)
    assert (ask().last_agent, ask().last_agent_seat) == ("8001", "")


def test_whoever_calls_is_told_at_once_whether_something_is_on_the_air(
    database: Database, ask: Ask, now: datetime
) -> None:
    """The flow asks about it only then: while nothing is announced, nobody loses time."""
    assert not ask().has_broadcast
    with database.transaction() as session:
        until = now + timedelta(hours=1)
        row = announce(
            session, kind=BroadcastKind.INCIDENT, text="停水抢修中", expires_at=until, by="2001", now=now, line="12345"
        )
        broadcast_id = row.id
    assert not ask().has_broadcast, "its audio is not there yet"
    with database.transaction() as session:
        mark_spoken(session, broadcast_id, now)

    assert ask().has_broadcast
    assert ask("").has_broadcast, "also of a hidden number"
    assert not ask(hours=2).has_broadcast, "its time is over"
    with database.reading() as session:
        other = LookupRequest(call_id="node1-9.9", trunk="carrier", dnis="12315", ani=NUMBER, original_line="12315")
        assert not look_up(session, other, area_code="0375", now=now).has_broadcast, "it is another line's"
