"""What people read of a call: `12315 转入` on the lists; which rule named the line, and what the department did."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import Role
from app.contract import events as facts
from app.contract.events import AnyPayload, CallEvent, ForwardResult
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from tests.integration.store.calling import NUMBER, batch

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"


@pytest.fixture
def supervisor(client: TestClient, database: Database, now: datetime) -> TestClient:
    with database.transaction() as session:
        accounts.create_user(session, "boss", display_name="班长", role=Role.SUPERVISOR, password=PASSWORD, now=now)
    client.post("/api/v1/session", json={"username": "boss", "password": PASSWORD}).raise_for_status()
    return client


@pytest.fixture
def happens(database: Database, now: datetime) -> Callable[..., None]:
    def report(call_id: str, *payloads: AnyPayload) -> None:
        told = [
            CallEvent.make(
                payload, node="node1", occurred_at=now + timedelta(seconds=n), uniqueid=call_id, call_id=call_id,
                distinguishers=(n,),
            )
            for n, payload in enumerate(payloads)
        ]  # fmt: skip
        with database.transaction() as session:
            store_batch(session, batch(*told), Terms(), now)

    return report


def arrived(**more: str) -> facts.CallArrived:
    told = {"trunk": "transport", "dnis": "12345", "ani": NUMBER, "original_line": "12328", "line_rule": "diversion"}
    return facts.CallArrived(**{**told, "mode": "parallel", "diversion": "12328", **more})


def test_lists_and_records_say_where_a_call_came_from(supervisor: TestClient, happens: Callable[..., None]) -> None:
    happens(
        "c1", arrived(), facts.CallerQueued(queue="common"),
        facts.CallForwarded(line="12328", trunk="transport", result=ForwardResult.ELSEWHERE, is_parallel=True),
        facts.AgentAnswered(queue="common", agent="1001"), facts.CallEnded(),
    )  # fmt: skip
    happens("c2", arrived(), facts.CallerQueued(queue="common"), facts.CallerAbandoned(queue="common"))
    ticket = supervisor.get("/api/v1/tickets?line=12328").json()["items"][0]

    pages = [
        "/calls",
        "/calls?line=12328",
        "/tickets?line=12328",
        f"/tickets/{ticket['id']}",
        "/missed-calls?view=done",
        "/calls/c1",
    ]
    texts = {page: supervisor.get(page).text for page in pages}

    assert [page for page, text in texts.items() if "12328 转入" not in text] == []
    for words in ("按转移号码", "并行接听", "已由他方接听"):
        assert words in texts["/calls/c1"]
    assert "没有符合条件的通话" in supervisor.get("/calls?line=12315").text
    assert supervisor.get("/api/v1/tickets?line=12315").json()["items"] == []


def test_a_call_to_12345_itself_has_no_such_label(supervisor: TestClient, happens: Callable[..., None]) -> None:
    happens("c1", arrived(original_line="12345", line_rule="main", mode="direct_merge", diversion=""))

    assert "转入" not in supervisor.get("/calls").text
    assert supervisor.get("/api/v1/calls/c1").json()["origin"] == ""


def test_test_calls_are_listed_only_when_asked_for(supervisor: TestClient, happens: Callable[..., None]) -> None:
    happens("p1", arrived(trunk="probe"), facts.CallEnded())
    happens("c1", arrived())

    listed = [supervisor.get(f"/api/v1/calls{query}").json()["items"] for query in ("", "?tests=true")]

    assert [[call["call_id"] for call in items] for items in listed] == [["c1"], ["p1"]]
    assert "拨测" in supervisor.get("/calls/p1").text
