"""The store over HTTP: who may do what, problem details, ETags, idempotent creation, masked numbers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.calls.models import Call
from app.contract.events import CallEvent
from app.platform.database import Database
from tests.integration.store.calling import Caller, abandoned_call, answered_call, batch

pytestmark = pytest.mark.services

PASSWORD = "a-Long-pass-phrase-42"
CONTENT = "李女士来电咨询周庄镇停水何时恢复"

Headers = dict[str, str]
Token = Callable[..., Headers]


@pytest.fixture
def log_in(client: TestClient, database: Database, now: datetime) -> Callable[[str, Role], Headers]:
    """Logs a new person in; the headers of his changing requests."""

    def make(username: str, role: Role) -> Headers:
        with database.transaction() as session:
            create_user(session, username=username, display_name=username, role=role, password=PASSWORD, now=now)
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return make


@pytest.fixture
def report(client: TestClient, service_token: Token) -> Callable[..., dict[str, Any]]:
    headers = service_token("call-events:write", name="bridge")

    def send(*events: CallEvent | object) -> dict[str, Any]:
        body = batch(*events).model_dump(mode="json")
        answer = client.post("/api/v1/call-events", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    return send


@pytest.fixture
def start(now: datetime) -> datetime:
    return now - timedelta(minutes=30)


def test_a_sender_reports_asks_for_its_cursor_and_nothing_else(
    client: TestClient, service_token: Token, start: datetime
) -> None:
    headers = service_token("call-events:write")
    body = batch(*answered_call("node1-1.1", start).events).model_dump(mode="json")

    assert client.post("/api/v1/call-events", json=body, headers=headers).json() == {
        "accepted": 8, "duplicate": 0, "parked": 0, "cursor": 8,
    }  # fmt: skip
    cursor = client.get("/api/v1/call-events/cursor", params={"node": "node1.ami"}, headers=headers)
    assert cursor.json() == {"node": "node1.ami", "cursor": 8}
    assert client.get("/api/v1/tickets", headers=headers).status_code == 403
    assert client.post("/api/v1/call-events", json=body).status_code == 401
    assert client.post("/api/v1/lookup", json={"call_id": "x", "trunk": "t"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"node": "NODE", "events": []},
        {"node": "n"},
        {"node": "n", "events": {}},
        {"node": "n", "events": [0] * 1001},
    ],
)
def test_a_batch_that_is_no_batch_is_refused_as_a_problem(
    client: TestClient, service_token: Token, body: object
) -> None:
    answer = client.post("/api/v1/call-events", json=body, headers=service_token("call-events:write"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_half_a_surrogate_pair_in_the_body_is_parked(client: TestClient, service_token: Token) -> None:
    headers = {**service_token("call-events:write"), "Content-Type": "application/json"}
    bad = '{"seq": 3, "x": "\\ud800"}, {"seq": 4, "x": NaN}, {"seq": 5, "x": "\\u0000"}'
    body = f'{{"node": "node1.ami", "events": [{bad}]}}'
    answer = client.post("/api/v1/call-events", content=body, headers=headers)

    assert (answer.status_code, answer.json()["parked"], answer.json()["cursor"]) == (200, 3, 5)


def test_lookup_knows_the_line_the_caller_and_his_open_tickets(
    client: TestClient, service_token: Token, report: Callable[..., Any], start: datetime
) -> None:
    headers = service_token("lookup:read")
    question = {"call_id": "node1-1.2", "trunk": "carrier", "dnis": "037512315", "ani": "+8619900012345"}
    unknown = {"is_known": False, "is_priority": False, "original_line": "12315", "queue": "", "open_tickets": 0}
    unknown |= {"last_agent": "", "last_agent_seat": "", "has_broadcast": False, "day": ""}
    assert client.post("/api/v1/lookup", json=question, headers=headers).json() == unknown
    report(*answered_call("node1-1.1", start).events)

    known = client.post("/api/v1/lookup", json=question, headers=headers).json()
    assert known == {**unknown, "is_known": True, "open_tickets": 1, "last_agent": "8001"}
    anonymous = client.post("/api/v1/lookup", json={**question, "ani": "anonymous", "dnis": ""}, headers=headers)
    assert anonymous.json() == {**unknown, "original_line": ""}


def test_an_agent_fills_his_draft_and_accepts_it(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    headers = log_in("8001", Role.AGENT)
    [row] = client.get("/api/v1/tickets").json()["items"]
    url = f"/api/v1/tickets/{row['id']}"
    read = client.get(url)
    assert (read.headers["etag"], read.json()["caller_number"]) == ('"1"', "19900012345")  # his own draft
    changes = {"ticket_type": "consult", "subject_code": "030101", "region_code": "410421", "content": CONTENT}
    assert client.patch(url, json=changes, headers=headers).status_code == 428
    saved = client.patch(url, json=changes, headers={**headers, "If-Match": '"1"'})
    assert (saved.status_code, saved.headers["etag"]) == (200, '"2"')
    conflict = client.patch(url, json={"title": "停水"}, headers={**headers, "If-Match": '"1"'})
    assert (conflict.status_code, conflict.json()["code"]) == (412, "edit-conflict")
    assert conflict.json()["changes"][0]["actor"] == "8001"

    assert client.post(f"{url}/accept", headers=headers).json()["status"] == "accepted"
    again = client.post(f"{url}/accept", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "transition-refused")
    actions = [entry["action"] for entry in client.get(f"{url}/history").json()["items"]]
    assert actions == ["opened", "edited", "accepted", "timed"]
    assert client.get(url).json()["caller_number"] == "199****2345"  # no longer a draft, no longer on the telephone


def test_a_draft_that_is_not_complete_says_so_field_by_field(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    headers = log_in("8001", Role.AGENT)
    [row] = client.get("/api/v1/tickets").json()["items"]
    refused = client.post(f"/api/v1/tickets/{row['ticket_number']}/accept", headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "ticket-incomplete")
    assert {"field": "content", "message": "诉求内容不少于10个字"} in refused.json()["errors"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "finished"}, {"ticket_type": "x"}, {"contact_number": "138****5678"}, {"title": "t" * 101},
        {"content": "\0"}, {"subject_code": "1"}, {"needs_reply": "maybe"}, {"title": None},
    ],
)  # fmt: skip
def test_bad_fields_are_refused(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime, changes: object
) -> None:
    report(*answered_call("node1-1.1", start).events)
    headers = log_in("8001", Role.AGENT)

    assert client.patch("/api/v1/tickets/1", json=changes, headers={**headers, "If-Match": '"1"'}).status_code == 422


def test_another_agents_ticket_does_not_exist_and_an_auditor_only_reads(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    other = log_in("8002", Role.AGENT)
    assert client.get("/api/v1/tickets/1").status_code == 404
    assert client.get("/api/v1/tickets").json()["items"] == []
    assert client.post("/api/v1/tickets/1/reveal", json={"reason": "好奇一下"}, headers=other).status_code == 404
    log_in("7001", Role.AUDITOR)
    assert client.get("/api/v1/tickets/1").json()["contact_number"] == "199****2345"
    log_in("6001", Role.UNIT_STAFF)
    assert client.get("/api/v1/tickets/1").status_code == 404


def test_a_supervisor_reveals_a_number_with_a_reason_and_it_is_kept(
    client: TestClient, database: Database, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    headers = log_in("9001", Role.SUPERVISOR)
    assert client.get("/api/v1/calls/node1-1.1").json()["caller_number"] == "199****2345"
    assert client.post("/api/v1/calls/node1-1.1/reveal", json={"reason": ""}, headers=headers).status_code == 422
    for url in ("/api/v1/calls/node1-1.1/reveal", "/api/v1/tickets/1/reveal"):
        shown = client.post(url, json={"reason": "回拨核实地址"}, headers=headers)
        assert shown.json()["caller_number"] == "19900012345"

    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "number_revealed")).all()
    assert [(e.actor, e.object_type, e.detail["reason"]) for e in entries] == [
        ("9001", "call", "回拨核实地址"),
        ("9001", "ticket", "回拨核实地址"),
    ]


def test_the_agent_sees_the_number_while_he_holds_the_call(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], now: datetime
) -> None:
    call = Caller("node1-1.1", now - timedelta(seconds=20)).arrives().queues().rings("8001")
    report(*call.events)
    log_in("8001", Role.AGENT)
    assert client.get("/api/v1/calls/node1-1.1").json()["caller_number"] == "19900012345"
    report(*call.is_not_answered_by("8001", 1).events)
    assert client.get("/api/v1/calls/node1-1.1").json()["caller_number"] == "199****2345"


def test_a_call_is_read_with_its_timeline(
    client: TestClient, service_token: Token, report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    call = client.get("/api/v1/calls/node1-1.1", headers=service_token("calls:read")).json()

    assert [(stage["name"], stage["duration_ms"]) for stage in call["timeline"]][:2] == [
        ("greeting", 6500),
        ("waiting", 200),
    ]
    assert (call["outcome"], call["talk_ms"]) == ("answered", 60000)
    assert client.get("/api/v1/calls/none", headers=service_token("calls:read", name="b")).status_code == 404


def test_calls_are_listed_page_by_page_and_by_filter(
    client: TestClient, service_token: Token, report: Callable[..., Any], start: datetime
) -> None:
    for n in range(3):
        report(*abandoned_call(f"node1-1.{n}", start + timedelta(minutes=n), number=f"1990000000{n}").events)
    headers = service_token("calls:read")

    def ids(**params: Any) -> tuple[list[str], str | None]:
        body = client.get("/api/v1/calls", params=params, headers=headers).json()
        return [item["call_id"] for item in body["items"]], body["next_cursor"]

    first, cursor = ids(limit=2)
    assert first + ids(cursor=cursor)[0] == ["node1-1.2", "node1-1.1", "node1-1.0"]
    assert ids(caller="+8619900000001")[0] == ["node1-1.1"]
    assert ids(caller="garbage")[0] == []
    assert ids(outcome="answered")[0] == []
    assert client.get("/api/v1/calls", params={"cursor": "x"}, headers=headers).json()["code"] == "bad-cursor"


def test_a_missed_call_is_resolved_once(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*abandoned_call("node1-1.1", start).events)
    headers = log_in("8001", Role.AGENT)
    [row] = client.get("/api/v1/missed-calls", params={"open": True}).json()["items"]
    assert (row["caller_number"], row["times"]) == ("199****2345", 1)
    url = f"/api/v1/missed-calls/{row['id']}"
    assert client.post(f"{url}/reveal", json={"reason": "回拨未接来电"}, headers=headers).json() == {
        "caller_number": "19900012345"
    }
    done = client.post(f"{url}/resolve", json={"resolution": "called_back"}, headers=headers)
    assert (done.json()["resolution"], done.json()["resolved_by"]) == ("called_back", "8001")
    again = client.post(f"{url}/resolve", json={"resolution": "dismissed"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already-resolved")
    assert client.get("/api/v1/missed-calls", params={"open": True}).json()["items"] == []


def test_a_ticket_is_opened_once_however_often_it_is_asked_for(
    client: TestClient, log_in: Callable[..., Headers]
) -> None:
    headers = {**log_in("8001", Role.AGENT), "Idempotency-Key": "2f6b9a52-0001"}
    first = client.post("/api/v1/tickets", json={"title": "停水"}, headers=headers)
    again = client.post("/api/v1/tickets", json={"title": "停水"}, headers=headers)
    other = client.post("/api/v1/tickets", json={"title": "停电"}, headers=headers)

    assert (first.status_code, first.headers["location"]) == (201, f"/api/v1/tickets/{first.json()['id']}")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    without = client.post("/api/v1/tickets", json={}, headers={"X-CSRF-Token": headers["X-CSRF-Token"]})
    assert without.status_code == 422


def test_attaching_over_the_api(
    client: TestClient, database: Database, log_in: Callable[..., Headers], report: Callable[..., Any], start: datetime
) -> None:
    report(*answered_call("node1-1.1", start).events)
    report(*answered_call("node1-1.2", start + timedelta(minutes=5)).events)
    headers = log_in("8001", Role.AGENT)
    attached = client.post("/api/v1/tickets/1/attach-call", json={"call_id": "node1-1.2"}, headers=headers)

    assert attached.status_code == 200
    assert client.get("/api/v1/tickets/2").json()["merged_into_id"] == 1
    with database.reading() as session:
        assert session.scalars(select(Call.ticket_id)).all() == [1, 1]


def test_reference_data_is_served_to_who_is_logged_in(client: TestClient, log_in: Callable[..., Headers]) -> None:
    assert client.get("/api/v1/regions").status_code == 401
    log_in("8001", Role.AGENT)

    assert len(client.get("/api/v1/subjects", params={"parent": "030000"}).json()["items"]) == 8
    assert client.get("/api/v1/regions", params={"parent": "410421"}).json()["items"][0]["name"] == "铁路街道"
    assert [line["number"] for line in client.get("/api/v1/lines").json()["items"]][:2] == ["110", "119"]


def test_ops_see_parked_events_and_senders_without_bodies(
    client: TestClient, log_in: Callable[..., Headers], report: Callable[..., Any]
) -> None:
    assert report({"seq": 7, "type": "Nonsense"})["parked"] == 1
    log_in("5001", Role.OPS)

    [parked] = client.get("/api/v1/call-events/parked").json()["items"]
    assert (parked["node"], parked["seq"]) == ("node1.ami", 7)
    assert "body" not in parked
    assert client.get("/api/v1/call-events/senders").json()["items"][0]["cursor"] == 7
