"""Follow-up calls in the store: rung when switched on, and what was keyed is on the call, the task and the ticket."""

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app.accounts.auth import SYSTEM
from app.calls.models import Call, MissedCall
from app.contract import events as facts
from app.contract.events import AnyPayload, CallbackStep, CallEvent, EventBatch
from app.contract.ids import follow_up_call_id
from app.contract.lookup import FlowLookup
from app.evaluation.jobs import ring_citizens
from app.ingest import flow_lookups
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
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
