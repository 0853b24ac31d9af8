"""Hand-overs and referrals in both databases, over the API."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts import service as accounts
from app.accounts.models import Role
from app.calls.models import Call
from app.contract.events import AgentAnswered, CallArrived, CallEvent, EventBatch, HandedOver, HandoverResult
from app.handovers.models import Handover, Referral
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.lines.models import Trunk
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from app.tickets.models import Ticket
from app.tickets.service import history
from app.web.main import create_app
from tests.integration.conftest import RecordedTopics

pytestmark = pytest.mark.services

R = HandoverResult
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
CALL = "node1-1.0"
Tokens = Callable[..., dict[str, str]]


def fact(payload: Any, seconds: float, *extra: str, seq: int, call_id: str = CALL) -> dict[str, Any]:
    event = CallEvent.make(
        payload, node="node1", occurred_at=START + timedelta(seconds=seconds), uniqueid=call_id, call_id=call_id,
        distinguishers=extra,
    )  # fmt: skip
    return {**event.model_dump(mode="json"), "seq": seq}


def handed(result: HandoverResult, seconds: float, *, seq: int, cause: str = "", attempt: str = "1") -> dict[str, Any]:
    payload = HandedOver(target="110", result=result, agent="1001", attempt=attempt, cause=cause)
    return fact(payload, seconds, attempt, result.value, seq=seq)


def tell(client: TestClient, headers: dict[str, str], *facts: dict[str, Any]) -> dict[str, Any]:
    body = {"node": "node1.ami", "events": list(facts)}
    answer = client.post("/api/v1/call-events", headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["parked"] == 0
    result: dict[str, Any] = answer.json()
    return result


@pytest.fixture
def bridge(service_token: Tokens) -> dict[str, str]:
    return service_token("call-events:write", name="bridge")


@pytest.fixture
def reader(service_token: Tokens) -> dict[str, str]:
    return service_token("calls:read", name="reader")


@pytest.fixture
def police(service_token: Tokens) -> dict[str, str]:
    return service_token("referrals:write", name="police-110")


def emergency_trunk(database: Database) -> None:
    with database.transaction() as session:
        session.add(Trunk(plan="test", name="psap", label="应急中继", kind="emergency", line_number="", dials_out=True))


def arrive(
    trunk: str = "carrier", ani: str = "13800000001", call_id: str = CALL, after: float = 0
) -> list[dict[str, Any]]:
    return [
        fact(CallArrived(trunk=trunk, dnis="12345", ani=ani), after, seq=1, call_id=call_id),
        fact(AgentAnswered(queue="common", agent="1001", seat="8001"), after + 5, "leg", seq=2, call_id=call_id),
    ]


@pytest.mark.parametrize("is_backwards", [False, True])
def test_steps_become_one_record_in_whatever_order_they_come(
    client: TestClient, bridge: dict[str, str], reader: dict[str, str], is_backwards: bool
) -> None:
    tell(client, bridge, *arrive())
    steps = [handed(R.OFFERED, 10, seq=3), handed(R.ANSWERED, 12, seq=4), handed(R.ACCEPTED, 60, seq=5)]
    for step in reversed(steps) if is_backwards else steps:
        tell(client, bridge, step)
        tell(client, bridge, step)  # told twice

    [row] = client.get("/api/v1/handovers", headers=reader, params={"call_id": CALL}).json()["items"]

    assert (row["target"], row["agent"], row["status"], row["status_text"]) == ("110", "1001", "accepted", "对方已接办")
    assert row["answered_at"].startswith("2026-11-23T08:00:12")
    assert client.get(f"/api/v1/handovers/{row['id']}", headers=reader).json() == row


def test_a_refused_attempt_keeps_its_cause_and_the_agents_page_is_told(
    client: TestClient, bridge: dict[str, str], database: Database
) -> None:
    topics = client.app.state.database.companions["topics"] = RecordedTopics()  # type: ignore[attr-defined]
    tell(client, bridge, *arrive(), handed(R.OFFERED, 10, seq=3), handed(R.REFUSED, 14, seq=4, cause="no_answer"))

    with database.reading() as session:
        row = session.scalars(select(Handover)).one()
    assert (row.status, row.cause, row.answered_at) == ("refused", "no_answer", None)
    assert ("agent:1001", f"handover {CALL}") in topics.sent


def test_lists_are_filtered_and_paged(client: TestClient, bridge: dict[str, str], reader: dict[str, str]) -> None:
    tell(client, bridge, *arrive(), *(handed(R.OFFERED, n, seq=n, attempt=str(n)) for n in range(3, 8)))

    first = client.get("/api/v1/handovers", headers=reader, params={"limit": 3}).json()
    second = client.get("/api/v1/handovers", headers=reader, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert len({row["id"] for row in first["items"] + second["items"]}) == 5
    assert client.get("/api/v1/handovers", headers=reader, params={"target": "119"}).json()["items"] == []
    assert client.get("/api/v1/handovers", headers=reader, params={"status": "lost"}).status_code == 422
    assert client.get("/api/v1/handovers/999999", headers=reader).status_code == 404


REFERRAL = {
    "incident_number": "J41040020261123000123",
    "alarmed_at": "2026-11-23T15:58:00+08:00",
    "address": "建设路与开源路口",
    "caller_number": "13800000001",
    "category": "噪音扰民",
    "transfer_kind": "ticket",
    "content": "工地夜间施工，噪音很大。",
}


def test_a_referral_opens_one_ticket_however_often_it_is_sent(
    client: TestClient, police: dict[str, str], database: Database
) -> None:
    first = client.post("/api/v1/referrals", headers=police, json=REFERRAL)
    again = client.post("/api/v1/referrals", headers=police, json=REFERRAL)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
    assert (ticket.source_channel, ticket.original_line, ticket.address) == ("110", "110", REFERRAL["address"])
    assert ticket.ticket_number == first.json()["ticket_number"]
    assert first.json()["caller_number"] == "138****0001"


def test_another_content_under_the_same_number_is_a_conflict(client: TestClient, police: dict[str, str]) -> None:
    client.post("/api/v1/referrals", headers=police, json=REFERRAL)
    answer = client.post("/api/v1/referrals", headers=police, json={**REFERRAL, "category": "家庭纠纷"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "referral-differs"


def test_the_result_can_be_read_back_by_who_sent_it_alone(
    client: TestClient, police: dict[str, str], service_token: Tokens, database: Database
) -> None:
    where = client.post("/api/v1/referrals", headers=police, json=REFERRAL).headers["Location"]
    with database.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        ticket.status, ticket.answer = "finished", "城管部门已责令停工。"

    result = client.get(where, headers=police).json()

    assert (result["ticket_status"], result["answer"]) == ("finished", "城管部门已责令停工。")
    assert client.get(where, headers=service_token("referrals:write", name="other")).status_code == 404
    assert client.get(where, headers=service_token("calls:read", name="no-scope")).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"incident_number": "1; DROP"}, {"alarmed_at": "2026-11-23T15:58:00"}, {"transfer_kind": "pigeon"},
        {"source": "12315"}, {"content": ""}, {"category": ""}, {"extra": 1}, {"address": "路口\n"},
    ],
)  # fmt: skip
def test_a_malformed_referral_names_its_field(
    client: TestClient, police: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/referrals", headers=police, json={**REFERRAL, **wrong})

    if wrong == {"address": "路口\n"}:  # blanks at the ends are cut
        assert answer.status_code == 201
        return
    assert answer.status_code == 422
    assert {error["field"].split(".")[-1] for error in answer.json()["errors"]} == set(wrong)


def test_a_call_that_110_put_through_opens_a_ticket_of_source_110(
    client: TestClient, bridge: dict[str, str], database: Database
) -> None:
    emergency_trunk(database)
    tell(client, bridge, *arrive("psap"))
    tell(client, bridge, *arrive("carrier", ani="13800000002", call_id="node1-2.0"))

    with database.reading() as session:
        sources = dict(session.execute(select(Ticket.call_id, Ticket.source_channel)).all())
    assert sources == {CALL: "110", "node1-2.0": "phone"}


def test_a_referral_by_voice_joins_the_ticket_of_its_call(
    client: TestClient, bridge: dict[str, str], police: dict[str, str], database: Database
) -> None:
    emergency_trunk(database)
    tell(client, bridge, *arrive("psap"))
    with database.transaction() as session:
        session.scalars(select(Call)).one().arrived_at = utc_now()

    answer = client.post("/api/v1/referrals", headers=police, json={**REFERRAL, "transfer_kind": "voice"})

    assert answer.status_code == 201
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
        referral = session.scalars(select(Referral)).one()
        assert session.get_one(Ticket, referral.ticket_id).call_id == CALL


VOICE = {**REFERRAL, "transfer_kind": "voice"}


def referred_at(database: Database, moment: datetime) -> int:
    """The referral came in at this moment; its ticket."""
    with database.transaction() as session:
        referral = session.scalars(select(Referral)).one()
        referral.received_at = moment
        return referral.ticket_id


@pytest.mark.parametrize("minutes", [-29, 0.05], ids=["before the call", "while the caller waits"])
def test_a_referral_by_voice_sent_before_the_agent_answers_is_the_ticket_of_its_call(
    client: TestClient, bridge: dict[str, str], police: dict[str, str], database: Database, minutes: float
) -> None:
    emergency_trunk(database)
    arrived, answered = arrive("psap")
    tell(client, bridge, arrived)
    where = client.post("/api/v1/referrals", headers=police, json=VOICE).headers["Location"]
    ticket_id = referred_at(database, START + timedelta(minutes=minutes))

    tell(client, bridge, answered)
    tell(client, bridge, answered)  # told twice

    with database.reading() as session:
        ticket, call = session.scalars(select(Ticket)).one(), session.scalars(select(Call)).one()
        actions = [row.action for row in history(session, ticket.id)]
    assert (ticket.id, ticket.call_id, call.ticket_id) == (ticket_id, CALL, ticket_id)
    assert (ticket.source_channel, ticket.content, ticket.accepted_by) == ("110", REFERRAL["content"], "1001")
    assert actions == ["opened", "attached", "taken_over"]
    assert client.get(where, headers=police).json()["ticket_number"] == ticket.ticket_number


def test_a_referral_by_voice_in_the_moment_of_the_answer_waits_for_the_ticket_of_its_call(
    client: TestClient, bridge: dict[str, str], police: dict[str, str], database: Database
) -> None:
    emergency_trunk(database)
    arrived, answered = arrive("psap", after=(utc_now() - START).total_seconds())
    tell(client, bridge, arrived)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            store_batch(session, EventBatch(node="node1.ami", events=[answered]), Terms(), utc_now())
            sent = pool.submit(client.post, "/api/v1/referrals", headers=police, json=VOICE)
            with pytest.raises(TimeoutError):  # it waits
                sent.result(timeout=0.5)
        assert sent.result(timeout=20).status_code == 201

    with database.reading() as session:
        assert session.scalars(select(Ticket.call_id)).all() == [CALL]


@pytest.mark.parametrize(
    ("sent", "trunk", "ani", "minutes", "status"),
    [
        (REFERRAL, "psap", "13800000001", 0, "draft"),
        (VOICE, "carrier", "13800000001", 0, "draft"),
        (VOICE, "psap", "13800000002", 0, "draft"),
        (VOICE, "psap", "anonymous", 0, "draft"),
        (VOICE, "psap", "13800000001", -31, "draft"),
        (VOICE, "psap", "13800000001", 0, "finished"),
    ],
    ids=["by ticket", "another trunk", "another number", "no number", "long ago", "at its end"],
)  # fmt: skip
def test_a_call_that_is_not_of_a_referral_gets_a_ticket_of_its_own(
    client: TestClient, bridge: dict[str, str], police: dict[str, str], database: Database,
    sent: dict[str, Any], trunk: str, ani: str, minutes: float, status: str,
) -> None:  # fmt: skip
    emergency_trunk(database)
    client.post("/api/v1/referrals", headers=police, json=sent)
    referred_at(database, START + timedelta(minutes=minutes))
    with database.transaction() as session:
        session.scalars(select(Ticket)).one().status = status

    tell(client, bridge, *arrive(trunk, ani=ani))

    with database.reading() as session:
        assert [ticket.call_id for ticket in session.scalars(select(Ticket).order_by(Ticket.id))] == [None, CALL]


def test_a_second_call_of_the_same_citizen_gets_a_ticket_of_its_own(
    client: TestClient, bridge: dict[str, str], police: dict[str, str], database: Database
) -> None:
    emergency_trunk(database)
    client.post("/api/v1/referrals", headers=police, json=VOICE)
    referred_at(database, START)

    tell(client, bridge, *arrive("psap"), *arrive("psap", call_id="node1-2.0"))

    with database.reading() as session:
        assert set(session.scalars(select(Ticket.call_id))) == {CALL, "node1-2.0"}


def test_a_referral_completes_a_local_landline_with_the_regions_area_code(
    settings: Settings, police: dict[str, str], database: Database
) -> None:
    with TestClient(create_app(settings.model_copy(update={"area_code": "0379"}))) as client:
        client.post("/api/v1/referrals", headers=police, json={**REFERRAL, "caller_number": "6312345"})

    with database.reading() as session:
        referral, ticket = session.scalars(select(Referral)).one(), session.scalars(select(Ticket)).one()
    assert (referral.caller_number, ticket.caller_number, ticket.contact_number) == ("03796312345",) * 3


def test_agents_are_offered_the_emergency_services_first(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        accounts.create_user(
            session, "1001", display_name="张敏", role=Role.AGENT, password="hotline-password", now=utc_now(),
            seat="8001", queues={"common": 0},
        )  # fmt: skip
    client.post("/api/v1/session", json={"username": "1001", "password": "hotline-password"})

    items = client.get("/api/v1/handover-targets").json()["items"]

    assert [item["number"] for item in items][:4] == ["110", "119", "120", "122"]
