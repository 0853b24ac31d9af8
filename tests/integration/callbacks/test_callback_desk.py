"""Call-backs as people see them: API, page, the missed-call list and the agent's desk."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.contract import events as facts
from app.ingest.effects import Terms
from app.platform.clock import utc_now
from app.platform.database import Database
from tests.integration.callbacks.test_callback_store import CALL, NOON, NUMBER, Telephony, callbacks, claim

pytestmark = pytest.mark.services


@pytest.fixture
def telephony(database: Database) -> Telephony:
    return Telephony(database, Terms())


@pytest.fixture
def people(client: TestClient, database: Database) -> TestClient:
    """A client that an agent has logged in with."""
    with database.transaction() as session:
        create_user(
            session,
            "1001",
            display_name="张敏",
            role=Role.AGENT,
            password="a-long-password",
            now=utc_now(),
            seat="8001",
        )
    answer = client.post("/api/v1/session", json={"username": "1001", "password": "a-long-password"})
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def missed(people: TestClient) -> int:
    (row,) = people.get("/api/v1/missed-calls").json()["items"]
    return int(row["id"])


def test_a_missed_call_is_called_back_at_a_key(people: TestClient, database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.gives_up(CALL, 40)
    assert "data-call-back" in people.get("/missed-calls").text

    made = people.post("/api/v1/callbacks", json={"missed_call_id": missed(people)})
    again = people.post("/api/v1/callbacks", json={"missed_call_id": missed(people)})

    assert made.status_code == 201
    assert made.json()["id"] == again.json()["id"]
    assert (made.json()["number"], made.json()["source"]) == ("138****5678", "abandoned")
    assert made.json()["requested_by"] == "1001"
    page = people.get("/missed-calls").text
    assert "回拨已登记" in page
    assert "data-call-back" not in page
    with database.reading() as session:
        assert "callback_requested" in session.scalars(select(AuditEntry.action)).all()


def test_an_anonymous_missed_call_cannot_be_called_back(people: TestClient, telephony: Telephony) -> None:
    telephony.waits(CALL, 0, number="")
    telephony.gives_up(CALL, 40)

    answer = people.post("/api/v1/callbacks", json={"missed_call_id": missed(people)})

    assert (answer.status_code, answer.json()["code"]) == (409, "number-not-diallable")
    assert people.post("/api/v1/callbacks", json={"missed_call_id": 99}).status_code == 404


def test_the_list_filters_and_cancels(people: TestClient, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    (row,) = people.get("/api/v1/callbacks", params={"number": NUMBER, "status": "confirmed"}).json()["items"]
    assert people.get("/api/v1/callbacks", params={"source": "overflow"}).json()["items"] == []
    assert "138****5678" in people.get("/callbacks").text
    assert NUMBER not in people.get("/callbacks").text

    cancelled = people.post(f"/api/v1/callbacks/{row['id']}/cancel")

    assert (cancelled.json()["status"], cancelled.json()["settled_by"]) == ("cancelled", "1001")
    assert people.post(f"/api/v1/callbacks/{row['id']}/cancel").status_code == 200
    assert "没有符合条件的回拨" in people.get("/callbacks").text
    assert "人工取消" in people.get("/callbacks", params={"status": ""}).text
    assert people.get("/callbacks", params={"number": "abc"}).text.count("号码格式不正确") == 1


def test_a_call_back_that_is_over_cannot_be_cancelled(
    people: TestClient, database: Database, telephony: Telephony
) -> None:
    telephony.tell(None, (-600, facts.AgentSignedIn(agent="1001", queue="common", seat="8001")))
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    (call_id,) = claim(database)
    telephony.takes(call_id, 100)
    telephony.tell(call_id, (110, facts.CallbackProgressed(step=facts.CallbackStep.TALKED)))

    answer = people.post("/api/v1/callbacks/1/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "callback-settled")
    detail = people.get("/api/v1/callbacks/1").json()
    assert [one["call_id"] for one in detail["offered"]] == [call_id]


def test_the_agent_s_page_says_that_it_is_a_call_back_before_the_citizen_is_there(
    people: TestClient, database: Database, telephony: Telephony
) -> None:
    telephony.tell(None, (-600, facts.AgentSignedIn(agent="1001", queue="common", seat="8001")))
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    (call_id,) = claim(database, NOON + timedelta(minutes=10))
    telephony.takes(call_id, 700)

    pops = people.get("/api/v1/pops", params={"call_id": call_id}).json()["items"]
    panel = people.get("/desk/call", params={"call_id": call_id}).text

    assert [(pop["call_id"], pop["kind"]) for pop in pops][-1] == (call_id, "answered")
    assert "回拨市民" in panel
    assert "您接听后系统再呼叫市民" in panel
    assert NUMBER in panel
    assert callbacks(database)[0].status == "ringing"
