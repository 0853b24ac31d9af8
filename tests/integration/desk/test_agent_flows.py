"""Flows at an agent's key: what is asked of the switch, what is refused, what page, call and ticket say of them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import AuditEntry, Role
from app.calls.models import AgentState, Call
from app.contract import events as facts
from app.contract.commands import AnyCommand, PlayFlow, StopFlow
from app.contract.events import CallEvent, PlayedStep
from app.desk.stream import list_messages
from app.ingest.effects import Terms
from app.ingest.service import store_facts
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.switch import SwitchRefused, explain_refusal
from app.tickets.models import TicketHistory

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
CALL = "node1-1.0"
PLAY, STOP = f"/api/v1/calls/{CALL}/play-flow", f"/api/v1/calls/{CALL}/stop-flow"
Enter = Callable[..., dict[str, str]]
Tell = Callable[..., None]


class Telephony:
    """Takes commands, or refuses them in the bridge's words."""

    def __init__(self) -> None:
        self.commands: list[AnyCommand] = []
        self.refusal = ""

    def send(self, command: AnyCommand) -> None:
        if self.refusal:
            raise SwitchRefused(explain_refusal(self.refusal), reason=self.refusal)
        self.commands.append(command)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def telephony(client: TestClient) -> Iterator[Telephony]:
    client.app.state.switch = telephony = Telephony()  # type: ignore[attr-defined]
    yield telephony
    del client.app.state.switch  # type: ignore[attr-defined]


@pytest.fixture
def enter(client: TestClient, database: Database) -> Enter:
    def make(username: str = "1001", seat: str = "8001") -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(
                session, username, display_name="张敏", role=Role.AGENT, password=PASSWORD, now=utc_now(), seat=seat,
                queues={"common": 0},
            )  # fmt: skip
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return make


@pytest.fixture
def tell(database: Database) -> Tell:
    """Facts of the call, a second apart, kept as the bridge's."""
    began: datetime = utc_now() - timedelta(minutes=1)
    told: list[CallEvent] = []

    def keep(*payloads: facts.AnyPayload) -> None:
        fresh = [
            CallEvent.make(
                payload, node="node1", occurred_at=began + timedelta(seconds=len(told) + place), uniqueid=CALL,
                call_id=CALL, distinguishers=(len(told) + place,),
            ).model_copy(update={"seq": len(told) + place + 1})
            for place, payload in enumerate(payloads)
        ]  # fmt: skip
        told.extend(fresh)
        with database.transaction() as session:
            assert store_facts(session, "node1.ami", fresh, Terms(), utc_now()) == len(fresh)

    return keep


ARRIVED = facts.CallArrived(trunk="carrier", dnis="12345", ani="13800000001")
QUEUED = facts.CallerQueued(queue="common", position=1)
ANSWERED = facts.AgentAnswered(queue="common", agent="1001", seat="8001")


def played(step: PlayedStep, flow: str = "out-of-scope-petition") -> facts.FlowPlayed:
    return facts.FlowPlayed(flow=flow, step=step, agent="1001", play="1")


def test_one_key_asks_the_switch_and_stands_in_the_audit_log(
    client: TestClient, database: Database, telephony: Telephony, enter: Enter, tell: Tell
) -> None:
    headers = enter()
    tell(ARRIVED, QUEUED, ANSWERED)

    answers = [
        client.post(PLAY, headers=headers, json={"flow": "out-of-scope-petition"}), client.post(STOP, headers=headers),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [202, 202]
    assert telephony.commands == [
        PlayFlow(call_id=CALL, agent="1001", seat="8001", flow="out-of-scope-petition"), StopFlow(call_id=CALL),
    ]  # fmt: skip
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.object_id == CALL).order_by(AuditEntry.id)).all()
        assert [(row.actor, row.action, row.detail) for row in rows] == [
            ("1001", "flow_played", {"flow": "out-of-scope-petition"}), ("1001", "flow_stopped", {}),
        ]  # fmt: skip


@pytest.mark.usefixtures("telephony")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        (facts.ConversationEnded(queue="common", agent="1001"), "no-call-to-play-to"),
        (facts.CallEnded(hangup_cause=16), "call-has-ended"),
    ],
    ids=["the talk is over", "the citizen has hung up"],
)
def test_without_a_talk_of_ones_own_nothing_is_played(
    client: TestClient, telephony: Telephony, enter: Enter, tell: Tell, more: facts.AnyPayload, code: str
) -> None:
    headers = enter()
    tell(ARRIVED, QUEUED, ANSWERED, more)

    for answer in (
        client.post(PLAY, headers=headers, json={"flow": "nuisance"}), client.post(STOP, headers=headers),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert "不能播报" in answer.json()["title"]
    assert telephony.commands == []


def test_anothers_call_is_none_of_ones_own(client: TestClient, telephony: Telephony, enter: Enter, tell: Tell) -> None:
    headers = enter("1002", "8002")
    tell(ARRIVED, QUEUED, ANSWERED)

    assert client.post(PLAY, headers=headers, json={"flow": "nuisance"}).status_code == 404
    assert client.post(STOP, headers=headers).status_code == 404
    assert telephony.commands == []


@pytest.mark.parametrize("body", [{}, {"flow": "hotline-12345"}, {"flow": "nuisance", "more": 1}, {"flow": None}])
def test_what_is_no_flow_for_agents_is_refused(client: TestClient, enter: Enter, body: dict[str, object]) -> None:
    assert client.post(PLAY, headers=enter(), json=body).status_code == 422


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("a flow is being played", "正在向市民播报"),
        ("no flow is being played", "没有正在进行的播报"),
        ("the agent does not wait any more", "您已离开通话"),
        ("a hand-over is under way", "请先撤回"),
        ("no way to play nuisance", "没有这段播报"),
        ("this call has no channel any more", "通话已经结束"),
    ],
)
def test_a_refusal_of_the_switch_says_in_chinese_what_to_do(
    client: TestClient, database: Database, telephony: Telephony, enter: Enter, tell: Tell, refusal: str, words: str
) -> None:
    headers = enter()
    tell(ARRIVED, QUEUED, ANSWERED)
    telephony.refusal = refusal

    answer = client.post(PLAY, headers=headers, json={"flow": "nuisance"})

    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    with database.reading() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "flow_played")).all() == []


def test_page_call_and_ticket_say_what_was_played_and_by_whom(
    client: TestClient, database: Database, enter: Enter, tell: Tell
) -> None:
    enter()
    tell(ARRIVED, QUEUED, ANSWERED)
    keys = client.get("/desk/call").text
    tell(played(PlayedStep.STARTED))
    during = client.get("/desk/call").text
    tell(played(PlayedStep.RETURNED))

    assert [f'data-key="{key}"' in keys for key in ("F2", "F4", "F8", "F9")] == [True] * 4
    assert "data-stop-flow" in during
    assert "data-play-flow" not in during
    assert 'data-opens="handover-dialog"' not in during, "one thing at a time"
    assert "播报后回到坐席" in client.get("/desk/call").text
    stages = client.get(f"/api/v1/calls/{CALL}").json()["timeline"]
    assert [(one["name"], one["agent"], one["flow"]) for one in stages][-3:] == [
        ("talking", "1001", ""), ("playing", "1001", "out-of-scope-petition"), ("talking", "1001", ""),
    ]  # fmt: skip
    assert "信访事项不予受理告知" in client.get(f"/calls/{CALL}").text
    with database.reading() as session:
        [row] = session.scalars(select(TicketHistory).where(TicketHistory.action == "flow_played")).all()
        assert (row.actor, row.changes) == ("1001", {"flow": ["", "信访事项不予受理告知"]})
        assert [message.event for message in list_messages(session, "1001")][-1] == "flow"


def test_the_agent_whom_two_warnings_freed_is_in_wrap_up_and_the_citizen_waits(database: Database, tell: Tell) -> None:
    tell(ARRIVED, QUEUED, ANSWERED, played(PlayedStep.STARTED, "nuisance"), played(PlayedStep.QUEUED, "nuisance"))
    tell(facts.ConversationEnded(queue="common", agent="1001", ended_by="agent"))
    tell(facts.CallerQueued(queue="supervisors", position=1))

    with database.reading() as session:
        call = session.scalars(select(Call).where(Call.call_id == CALL)).one()
        assert (call.state, call.queue) == ("queued", "supervisors")
        assert session.get_one(AgentState, "1001").registers
