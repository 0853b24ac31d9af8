"""A retained hotline's own exchange reports its own calls, and nothing of ours."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.auth import SYSTEM, Actor
from app.contract.events import (
    AgentAnswered,
    AgentSignedIn,
    AnyPayload,
    CallArrived,
    CallEvent,
    CallForwarded,
    IntakeRecorded,
    RecordingSaved,
)
from app.ingest.rules import Parked, parse_event
from app.ingest.senders import ForeignNode, own_fact, refuse_foreign_node

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BUREAU = Actor(name="market-bureau", node="bureau", line="12315")


def fact(payload: AnyPayload, **changed: Any) -> CallEvent:
    event = CallEvent.make(payload, node="bureau", occurred_at=NOW, uniqueid="bureau-7.1", call_id="bureau-7.1")
    return event.model_copy(update=changed)


@pytest.mark.parametrize(
    "event",
    [
        fact(IntakeRecorded(flow="pbx")),
        fact(AgentAnswered(queue="pbx", agent="bureau.6001")),
        fact(CallForwarded(line="12315")),
        fact(RecordingSaved(file="bureau-7.1.wav")),
    ],
    ids=lambda event: event.type.value,
)
def test_a_foreign_exchange_reports_its_own_calls(event: CallEvent) -> None:
    assert own_fact(event, BUREAU) == event


def test_a_call_that_names_no_line_is_one_of_the_bound_line() -> None:
    told = own_fact(fact(CallArrived(trunk="pbx")), BUREAU).payload

    assert isinstance(told, CallArrived)
    assert (told.original_line, told.line_rule) == ("12315", "trunk")


def test_a_call_that_names_the_line_keeps_what_told_it() -> None:
    arrived = CallArrived(trunk="pbx", ani="13800138000", original_line="12315", line_rule="dnis")

    told = own_fact(fact(arrived), BUREAU).payload

    assert told == arrived.model_copy(update={"trunk": "bureau.pbx"})


def test_its_trunk_is_none_of_ours_whatever_it_is_called() -> None:
    told = own_fact(fact(CallArrived(trunk="probe")), BUREAU).payload

    assert isinstance(told, CallArrived)
    assert told.trunk == "bureau.probe"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (fact(CallArrived(trunk="pbx", original_line="12345")), "line 12345 is not of this sender"),
        (fact(IntakeRecorded(flow="pbx", original_line="12333")), "line 12333"),
        (fact(CallForwarded(line="12333")), "line 12333"),
        (fact(AgentAnswered(queue="common", agent="1001")), "agent '1001' is not of this sender"),
        (fact(AgentSignedIn(queue="common", agent="bureau.6001")), "reports calls, not agents"),
        (fact(RecordingSaved(file="node1-1.2.wav")), "file 'node1-1.2.wav'"),
        (fact(CallArrived(trunk="pbx"), call_id="node1-1.2"), "call_id 'node1-1.2'"),
        (fact(CallArrived(trunk="pbx"), call_id="bureaucracy-1"), "call_id 'bureaucracy-1'"),
        (fact(CallArrived(trunk="pbx"), event_id="node1:node1-1.2:CallArrived"), "event_id 'node1:node1-1.2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_its_own_is_parked_with_the_reason(event: CallEvent, says: str) -> None:
    parked = parse_event(event.model_dump(mode="json"), node="bureau", now=NOW, sender=BUREAU)

    assert isinstance(parked, Parked)
    assert says in parked.reason


def test_our_own_nodes_report_any_line() -> None:
    event = fact(CallArrived(trunk="carrier", original_line="12333"))

    assert own_fact(event, SYSTEM) is event
    assert own_fact(event, Actor(name="bridge", node="node1")) is event


@pytest.mark.parametrize("node", ["bureau", "bureau.pbx", "bureau.pbx.2"])
def test_a_bound_token_reports_as_its_node(node: str) -> None:
    refuse_foreign_node(BUREAU, node)


@pytest.mark.parametrize("node", ["node1", "node1.ami", "bureau2", "pbx.bureau"])
def test_a_bound_token_reports_as_no_other_node(node: str) -> None:
    with pytest.raises(ForeignNode):
        refuse_foreign_node(BUREAU, node)
