"""Broadcasts over HTTP and for flows, on both databases: announce, hear, follow, end, tell."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.broadcasts import service
from app.broadcasts.jobs import tend_broadcasts
from app.broadcasts.models import Broadcast
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings

pytestmark = pytest.mark.services

NOTHING = {"found": False, "values": {}}
OUTAGE = "新华区因管网抢修停水，工作人员正在抢修。"


class Officer:
    """The duty officer at his page, and callers at their telephones."""

    def __init__(self, client: TestClient, database: Database, headers: dict[str, str]) -> None:
        self.client, self.database, self._headers = client, database, headers

    def log_in(self, role: Role = Role.SUPERVISOR) -> None:
        with self.database.transaction() as session:
            create_user(session, role.value, display_name="班长", role=role, password="a-long-password", now=utc_now())
        answer = self.client.post("/api/v1/session", json={"username": role.value, "password": "a-long-password"})
        self.client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def announce(self, **values: object) -> Any:
        body = {"kind": "incident", "text": OUTAGE, "expires_at": (utc_now() + timedelta(hours=2)).isoformat()}
        return self.client.post("/api/v1/broadcasts", json={**body, **values})

    def on_air(self, **values: object) -> int:
        answer = self.announce(**values)
        assert answer.status_code == 201, answer.text
        with self.database.transaction() as session:
            service.mark_spoken(session, answer.json()["id"], utc_now())
        return int(answer.json()["id"])

    def call(self, what: str, *, ani: str = "13812345678", **arguments: str) -> Any:
        body = {"call_id": "node1-1.1", "line": "12345", "ani": ani, "arguments": arguments}
        answer = self.client.post(f"/api/v1/flow-lookups/{what}", json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def officer(client: TestClient, database: Database, service_token: Callable[..., dict[str, str]]) -> Officer:
    officer = Officer(client, database, service_token("lookup:read"))
    officer.log_in()
    return officer


def test_callers_hear_it_once_its_audio_is_there_and_until_it_is_ended(officer: Officer) -> None:
    expected = "2026-11-24T18:30:00+08:00"
    made = officer.announce(expected_at=expected).json()
    assert (made["spoken_at"], made["is_on_air"], made["created_by"]) == (None, False, "supervisor")
    assert officer.call("broadcast") == NOTHING

    with officer.database.transaction() as session:
        service.mark_spoken(session, made["id"], utc_now())
    heard = officer.call("broadcast")
    ended = officer.client.post(f"/api/v1/broadcasts/{made['id']}/end")

    assert heard["values"] == {
        "id": made["id"], "prompt": f"broadcast-{made['id']}", "is_incident": True, "until_date": "2026-11-24",
        "until_time": "18:30",
    }  # fmt: skip
    assert ended.json()["ended_by"] == "supervisor"
    assert officer.call("broadcast") == NOTHING
    assert officer.client.post(f"/api/v1/broadcasts/{made['id']}/end").status_code == 409


def test_who_announces_and_ends_stands_in_the_audit_log(officer: Officer) -> None:
    made = officer.on_air(kind="notice")
    officer.client.post(f"/api/v1/broadcasts/{made}/end")

    with officer.database.reading() as session:
        told = session.execute(select(AuditEntry.action, AuditEntry.actor, AuditEntry.object_id)).all()
    assert ("broadcast_announced", "supervisor", str(made)) in told
    assert ("broadcast_ended", "supervisor", str(made)) in told


def test_one_key_follows_an_outage_once_however_often_it_is_pressed(officer: Officer) -> None:
    made = officer.on_air()

    assert officer.call("follow-broadcast", broadcast=str(made))["found"] is True
    assert officer.call("follow-broadcast", broadcast=str(made))["found"] is True
    assert officer.call("follow-broadcast", ani="", broadcast=str(made)) == NOTHING
    officer.client.post(f"/api/v1/broadcasts/{made}/end")

    (row,) = officer.client.get(f"/api/v1/broadcasts/{made}/followers").json()["items"]
    assert (row["number"], row["told_at"], row["call_id"]) == ("138****5678", None, "node1-1.1")
    (listed,) = officer.client.get("/api/v1/broadcasts").json()["items"]
    assert (listed["followers"], listed["untold"]) == (1, 1)


@pytest.mark.parametrize("wanted", ["0", "99", "x", "1; DROP TABLE", "9" * 40, ""])
def test_what_is_not_on_the_air_cannot_be_followed(officer: Officer, wanted: str) -> None:
    notice = officer.on_air(kind="notice")

    assert officer.call("follow-broadcast", broadcast=wanted) == NOTHING
    assert officer.call("follow-broadcast", broadcast=str(notice)) == NOTHING


def test_people_tell_a_follower_and_tick_him_off(officer: Officer) -> None:
    made = officer.on_air()
    officer.call("follow-broadcast", broadcast=str(made))
    officer.client.post(f"/api/v1/broadcasts/{made}/end")
    (row,) = officer.client.get(f"/api/v1/broadcasts/{made}/followers").json()["items"]
    where = f"/api/v1/broadcasts/{made}/followers/{row['id']}"

    shown = officer.client.post(f"{where}/reveal", json={"reason": "告知供水恢复"})
    told = officer.client.post(f"{where}/told")

    assert shown.json() == {"caller_number": "13812345678"}
    assert told.json()["told_by"] == "supervisor"
    with officer.database.reading() as session:
        revealed = select(AuditEntry.object_type).where(AuditEntry.action == "number_revealed")
        assert session.scalars(revealed).all() == ["incident_follower"]


def test_the_sweep_ends_what_has_expired(officer: Officer, settings: Settings) -> None:
    made = officer.on_air()
    later = utc_now() + timedelta(hours=3)

    tend_broadcasts(JobContext(settings, officer.database, lambda: later))

    with officer.database.reading() as session:
        row = session.get_one(Broadcast, made)
        assert (row.ended_by, row.ended_at, row.over_at) == ("expiry", later, None), "time is no proof that it is over"


@pytest.mark.parametrize(
    "values",
    [
        {"text": "短"},
        {"text": "<script>alert(1)</script> 停水停水"},
        {"text": "停" * 301},
        {"kind": "song"},
        {"line": "x"},
        {"region_code": "平顶山"},
        {"expires_at": "2020-01-01T00:00:00+08:00"},
        {"expires_at": "2099-01-01T00:00:00+08:00"},
        {"expires_at": "2026-11-23T18:00:00"},
        {"surprise": 1},
    ],
)
def test_a_broadcast_that_cannot_be_is_refused(officer: Officer, values: dict[str, object]) -> None:
    assert officer.announce(**values).status_code == 422


def test_an_agent_sees_what_callers_hear_and_changes_nothing(client: TestClient, database: Database) -> None:
    agent = Officer(client, database, {})
    agent.log_in(Role.AGENT)

    assert client.get("/api/v1/broadcasts").status_code == 200
    assert agent.announce().status_code == 403


def test_the_page_shows_broadcasts_and_followers(officer: Officer) -> None:
    assert "没有正在播放的公告" in officer.client.get("/broadcasts").text
    made = officer.on_air()
    officer.call("follow-broadcast", broadcast=str(made))

    page = officer.client.get("/broadcasts").text
    assert OUTAGE in page
    assert "播放中" in page
    assert "138****5678" in officer.client.get(f"/broadcasts/{made}").text
    assert officer.client.get("/broadcasts/99").status_code == 404
