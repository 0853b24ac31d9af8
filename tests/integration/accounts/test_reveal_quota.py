"""Full numbers: with a reason, each in the log; who looks at unusually many is told to the auditors, and goes on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.auth import Actor
from app.accounts.models import AuditEntry, Role
from app.accounts.reveals import list_over_quota, note_reveal
from app.calls.models import Call
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings

pytestmark = pytest.mark.services

LogIn = Callable[..., dict[str, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Three numbers a day."""
    return settings.model_copy(update={"reveal_quota": 3})


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(
            session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "super").order_by(AuditEntry.seq))
        )


def test_beyond_the_quota_the_auditors_are_told_once_and_nobody_is_stopped(
    client: TestClient, database: Database, log_in: LogIn
) -> None:
    with database.transaction() as session:
        session.add(
            Call(call_id="node1-1.0", node="node1", state="ended", caller_number="19900000001", arrived_at=utc_now())
        )
    headers = log_in("super", Role.SUPERVISOR)
    url = "/api/v1/calls/node1-1.0/reveal"
    assert client.post(url, json={"reason": ""}, headers=headers).status_code == 422
    for _ in range(3):
        assert client.post(url, json={"reason": "回拨核实"}, headers=headers).status_code == 200
    assert client.get("/api/v1/audit-state").json()["over_quota"] == []
    for _ in range(2):
        answer = client.post(url, json={"reason": "回拨核实"}, headers=headers)
        assert answer.json() == {"caller_number": "19900000001"}

    assert actions(database) == ["logged_in", *["number_revealed"] * 4, "reveal_quota_passed", "number_revealed"]
    assert client.get("/api/v1/audit-state").json()["over_quota"] == [{"name": "super", "count": 5}]
    assert "今天已查看完整号码" in client.get("/audit-watch").text


def test_a_new_day_begins_at_midnight_in_shanghai(database: Database) -> None:
    evening = utc_now().replace(hour=15, minute=59)
    with database.transaction() as session:
        for _ in range(2):
            note_reveal(session, Actor("8001"), object_type="call", object_id="1", reason="核实", quota=9, at=evening)

    with database.reading() as session:
        assert [one.count for one in list_over_quota(session, quota=1, now=evening)] == [2]
        assert list_over_quota(session, quota=1, now=evening + timedelta(minutes=1)) == []
