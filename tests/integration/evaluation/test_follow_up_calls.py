"""Follow-up calls in the store: rung when switched on, and what was keyed is on the call, the task and the ticket."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.auth import SYSTEM
from app.accounts.models import AuditEntry
from app.calls.models import Call, MissedCall
from app.contract import events as facts
from app.contract.commands import AnyCommand, FollowUpCall
from app.contract.events import AnyPayload, CallbackStep, CallEvent, EventBatch
from app.contract.ids import follow_up_call_id
from app.contract.lookup import FlowLookup
from app.evaluation.jobs import ring_citizens
from app.ingest import flow_lookups
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.platform.switch import SwitchNotReached
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Ticket, TicketStatus
from tests.integration.casework.conftest import Stage
from tests.integration.evaluation.test_follow_up_tasks import morning, tasks

pytestmark = pytest.mark.services

CITIZEN = "19900012345"
ARRIVED = facts.CallArrived(trunk="outgoing", dnis="12345", ani=CITIZEN, original_line="12345", mode="follow_up")
RINGING = facts.CallbackProgressed(step=CallbackStep.RINGING)
TALKED = facts.CallbackProgressed(step=CallbackStep.TALKED)
BUSY = facts.CallbackProgressed(step=CallbackStep.MISSED, cause="busy")
ENDED = facts.CallEnded()


def keyed(solved: str) -> facts.IntakeRecorded:
    return facts.IntakeRecorded(flow="follow-up", route="hangup", answers={"solved": solved})


def tell(stage: Stage, task: FollowUpTask, sender: str, *told: tuple[int, AnyPayload]) -> str:
    """Facts of the task's first call, so many seconds after now."""
    call_id = follow_up_call_id(task.id, 1)
    events = [
        CallEvent.make(
            payload, node=sender, occurred_at=stage.now + timedelta(seconds=seconds), uniqueid=call_id,
            call_id=call_id, distinguishers=(seconds,),
        ).model_dump(mode="json") | {"seq": seconds + 1}
        for seconds, payload in told
    ]  # fmt: skip
    with stage.database.transaction() as session:
        batch = EventBatch(node=sender, events=events)
        assert store_batch(session, batch, Terms(), stage.now + timedelta(minutes=5), SYSTEM).parked == 0
    return call_id


def call_of(stage: Stage, call_id: str) -> Call:
    with stage.database.reading() as session:
        return session.scalars(select(Call).where(Call.call_id == call_id)).one()


@pytest.mark.parametrize("is_bridge_first", [True, False])
def test_what_was_keyed_is_on_call_task_and_ticket_whoever_tells_first(stage: Stage, is_bridge_first: bool) -> None:
    ticket = stage.asked()
    (task,) = tasks(stage)
    morning(stage)
    bridge = ("node1.ami", (0, ARRIVED), (1, RINGING), (5, TALKED), (40, ENDED))
    agi = ("node1.agi", (30, facts.CallRated(score=3)), (35, keyed("1")))

    for sender in (bridge, agi, bridge) if is_bridge_first else (agi, bridge, agi):
        call_id = tell(stage, task, *sender)  # type: ignore[arg-type]

    (task,) = tasks(stage)
    call = call_of(stage, call_id)
    assert (task.status, task.is_solved, task.satisfaction, task.tries) == ("answered", True, "satisfied", 0)
    assert stage.read(ticket).status == TicketStatus.RATED
    assert (call.outcome, call.rating, call.ticket_id, call.agent) == ("answered", 3, ticket, None)
    with stage.database.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1, "no draft is opened for it"


def test_who_was_not_reached_is_one_try_and_on_no_list_of_missed_calls(stage: Stage) -> None:
    ticket = stage.asked()
    (task,) = tasks(stage)
    morning(stage)

    call_id = tell(stage, task, "node1.ami", (0, ARRIVED), (1, RINGING), (9, BUSY), (10, ENDED))

    (task,) = tasks(stage)
    assert (task.status, task.tries) == ("open", 1)
    assert stage.read(ticket).status == TicketStatus.CALLBACK
    assert call_of(stage, call_id).outcome == "not_reached"
    with stage.database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []


def test_a_person_who_is_asked_for_has_the_ticket_before_him(stage: Stage) -> None:
    ticket = stage.asked()
    (task,) = tasks(stage)
    morning(stage)

    call_id = tell(stage, task, "node1.ami", (0, ARRIVED), (5, TALKED), (20, facts.CallerQueued(queue="common")))
    tell(stage, task, "node1.agi", (18, keyed("0")))
    tell(stage, task, "node1.ami", (25, facts.AgentAnswered(queue="common", agent="1001")), (60, ENDED))

    call = call_of(stage, call_id)
    assert (call.agent, call.ticket_id) == ("1001", ticket)
    with stage.database.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_a_call_of_a_task_that_is_over_or_unknown_is_a_call_and_nothing_more(stage: Stage) -> None:
    stage.asked()
    (task,) = tasks(stage)
    stranger = FollowUpTask(id=999_999)
    morning(stage)
    told = [(0, ARRIVED), (5, TALKED), (40, ENDED)]
    tell(stage, task, "node1.agi", (30, facts.CallRated(score=3)), (35, keyed("1")))
    tell(stage, task, "node1.ami", *told)

    tell(stage, task, "node1.late", (50, facts.CallRated(score=1)))
    call_id = tell(stage, stranger, "node1.ami2", *told)

    assert tasks(stage)[0].satisfaction == "satisfied"
    assert call_of(stage, call_id).ticket_id is None


def test_the_flow_is_told_when_the_unit_replied(stage: Stage) -> None:
    stage.asked()
    (task,) = tasks(stage)

    def ask(call_id: str) -> dict[str, Any]:
        with stage.database.reading() as session:
            request = FlowLookup(call_id=call_id, ani=CITIZEN)
            answer = flow_lookups.answer(
                session, "follow-up", request, area_code="0375", now=stage.now, wrap_up_seconds=5
            )
            return answer.model_dump()

    assert len(ask(follow_up_call_id(task.id, 1))["values"]["reported_on"]) == len("2026-11-23")
    assert ask("node1-1.1") == ask("fu-999999-1") == {"found": False, "values": {}}


class Bridge(BaseHTTPRequestHandler):
    """The bridge's command door."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.asked.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"is_accepted": true, "message": ""}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bridge() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Door", (Bridge,), {"asked": asked}))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def ring(stage: Stage, settings: Settings, url: str, *, is_on: bool) -> None:
    own = settings.model_copy(update={"follow_up_calls": is_on, "bridge_url": url})
    ring_citizens(JobContext(own, stage.database, lambda: stage.now))


def test_nobody_is_rung_by_machine_unless_that_is_switched_on(
    stage: Stage, settings: Settings, bridge: tuple[str, list[dict[str, Any]]]
) -> None:
    stage.asked()
    (task,) = tasks(stage)
    morning(stage)
    url, asked = bridge

    ring(stage, settings, url, is_on=False)
    assert asked == []
    ring(stage, settings, url, is_on=True)
    ring(stage, settings, url, is_on=True)

    call_id = follow_up_call_id(task.id, 1)
    assert asked == [{"command": "follow_up_call", "call_id": call_id, "number": CITIZEN, "line": "12345"}]


def test_a_bridge_that_is_away_costs_no_more_than_a_turn(stage: Stage, settings: Settings) -> None:
    stage.asked()
    morning(stage)

    ring(stage, settings, "http://127.0.0.1:9", is_on=True)

    (task,) = tasks(stage)
    assert (task.status, task.tries) == ("open", 0)


class Telephony:
    """Takes what it is asked, or is away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.asked: list[AnyCommand] = []
        self.is_away = is_away

    def send(self, command: AnyCommand) -> None:
        if self.is_away:
            raise SwitchNotReached()
        self.asked.append(command)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def telephony(client: TestClient) -> Iterator[Telephony]:
    client.app.state.switch = telephony = Telephony()  # type: ignore[attr-defined]
    yield telephony
    del client.app.state.switch  # type: ignore[attr-defined]


@pytest.fixture
def at_ten(stage: Stage, client: TestClient) -> Iterator[None]:
    """Ten in the morning for everybody."""
    kept = client.app.state.clock  # type: ignore[attr-defined]
    stage.asked()
    morning(stage)
    client.app.state.clock = lambda: stage.now  # type: ignore[attr-defined]
    yield
    client.app.state.clock = kept  # type: ignore[attr-defined]


@pytest.mark.usefixtures("at_ten")
def test_a_person_has_the_machine_ring_once_however_often_it_is_asked(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony
) -> None:
    """Whether or not the machine rings by itself."""
    (task,) = tasks(stage)
    url, headers = f"/api/v1/follow-ups/{task.id}/ring", enter("caller")

    rung = client.post(url, json={"calls_placed": 0}, headers=headers)
    again = client.post(url, json={"calls_placed": 0}, headers=headers)

    assert (rung.status_code, rung.json()["calls_placed"]) == (202, 1)
    assert (again.status_code, again.json()["code"]) == (409, "rung-meanwhile")
    call = FollowUpCall(call_id=follow_up_call_id(task.id, 1), number=CITIZEN, line="12345")
    assert telephony.asked == [call]
    assert tasks(stage)[0].next_try_at > stage.now  # not on the list of those whose turn it is
    with stage.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "follow_up_rung")).one()
    assert (entry.actor, entry.object_id) == ("caller", str(task.id))


@pytest.mark.usefixtures("at_ten")
def test_what_he_keyed_ends_a_call_that_a_person_ordered(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony
) -> None:
    (task,) = tasks(stage)
    client.post(f"/api/v1/follow-ups/{task.id}/ring", json={"calls_placed": 0}, headers=enter("caller"))
    tell(stage, task, "bridge", (0, ARRIVED), (1, RINGING), (6, TALKED), (40, ENDED))
    tell(stage, task, "agi", (30, keyed("1")), (29, facts.CallRated(score=3)))

    (task,) = tasks(stage)
    assert (task.status, task.is_solved, task.satisfaction) == ("answered", True, "satisfied")
    assert len(telephony.asked) == 1


@pytest.mark.parametrize(
    ("hour", "number", "tried", "code"),
    [
        (23, CITIZEN, False, "not-now"),
        (10, "+85221800000", False, "no-number-to-ring"),
        (10, CITIZEN, True, "not-now"),
        (10, CITIZEN, False, ""),
    ],
)
@pytest.mark.usefixtures("at_ten")
def test_nobody_is_rung_by_night_abroad_or_twice_in_a_part_of_the_day(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony, *,
    hour: int, number: str, tried: bool, code: str,
) -> None:  # fmt: skip
    (task,) = tasks(stage)
    with stage.database.transaction() as session:
        session.get_one(Ticket, task.ticket_id).contact_number = number
    if tried:
        stage.move(task.matter_id, "note_attempt", "caller", channel="phone", reason="无人接听")
    stage.now += timedelta(hours=hour - 10)

    answer = client.post(f"/api/v1/follow-ups/{task.id}/ring", json={"calls_placed": 0}, headers=enter("caller"))

    assert (answer.status_code, answer.json().get("code", "")) == (409 if code else 202, code)
    assert len(telephony.asked) == (not code)
    assert tasks(stage)[0].calls_placed == (not code)


@pytest.mark.usefixtures("at_ten")
def test_nobody_but_the_desk_has_a_citizen_rung(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony
) -> None:
    (task,) = tasks(stage)
    for who in ("8001", "clerk", "reviewer"):
        answer = client.post(f"/api/v1/follow-ups/{task.id}/ring", json={"calls_placed": 0}, headers=enter(who))
        assert answer.status_code == 403
    assert telephony.asked == []


@pytest.mark.usefixtures("at_ten")
def test_the_page_rings_watches_the_call_and_shows_what_was_keyed(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony
) -> None:
    (task,) = tasks(stage)
    url, form = f"/follow-ups/{task.id}", {"csrf_token": enter("caller")["X-CSRF-Token"], "calls_placed": "0"}

    assert "系统正在拨打诉求人" in client.post(f"{url}/ring", data=form).text
    assert "系统刚刚拨打过" in client.post(f"{url}/ring", data=form).text
    assert len(telephony.asked) == 1
    assert "没有拨出" in client.get(f"{url}/machine?waited=60").text
    tell(stage, task, "bridge", (0, ARRIVED), (1, RINGING), (6, TALKED))
    talking = client.get(f"{url}/machine?waited=60").text
    assert "已接通" in talking
    assert "waited=60" in talking  # a long talk is not waited for longer and longer
    tell(stage, task, "agi", (30, keyed("1")), (29, facts.CallRated(score=3)))
    tell(stage, task, "bridge", (40, ENDED))
    assert client.get(f"{url}/machine").headers["HX-Redirect"] == url
    assert "已解决" in client.get(url).text


@pytest.mark.usefixtures("at_ten")
def test_the_page_says_why_nobody_is_rung(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], telephony: Telephony
) -> None:
    (task,) = tasks(stage)
    url, form = f"/follow-ups/{task.id}", {"csrf_token": enter("caller")["X-CSRF-Token"]}
    telephony.is_away = True
    away = client.post(f"{url}/ring", data={**form, "calls_placed": "0"})

    assert (away.status_code, "电话系统未连接" in away.text) == (503, True)
    assert client.post(f"{url}/ring", data={**form, "calls_placed": "x"}).status_code == 422
    assert client.post(f"{url}/ring", data=form).status_code == 422
    assert client.get(f"{url}/machine?waited=nonsense").status_code == 422
    assert client.get("/follow-ups/999999/machine").status_code == 404


def test_a_list_may_be_asked_for_one_ticket(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    wanted, other = stage.read(stage.asked()), stage.read(stage.asked(contact_number="19900054321"))
    enter("caller")

    def listed(ticket: str) -> list[str]:
        lists = ("now", "later")
        asked = [client.get(f"/api/v1/follow-ups?list={name}&ticket={ticket}").json() for name in lists]
        return sorted(row["ticket_number"] for answer in asked for row in answer["items"])

    assert listed(wanted.ticket_number) == [wanted.ticket_number]
    assert listed("") == sorted([wanted.ticket_number, other.ticket_number])
    assert listed("9" * 19) == []
    assert client.get("/api/v1/follow-ups?ticket=%27--").status_code == 422
