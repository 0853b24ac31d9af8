"""A call that a department's exchange answers and then sends back to us, without a word of it: one call, one ticket."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from app.accounts.auth import Actor
from app.calls.models import Call, JoinedCall, MissedCall
from app.calls.service import list_calls
from app.contract.events import (
    AgentAnswered,
    AnyPayload,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallerQueued,
    CallEvent,
    CallForwarded,
    ForwardResult,
)  # fmt: skip
from app.ingest import twins
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.lines.models import Trunk
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.store.calling import batch

pytestmark = pytest.mark.services

NUMBER = "13800138000"
OUT, BACK = "node1-1.1", "node1-1.7"
TALKED = CallForwarded(
    line="12328", trunk="transport", result=ForwardResult.ANSWERED, ring_time_ms=9000, talk_time_ms=100_000,
    is_parallel=True,
)  # fmt: skip


@pytest.fixture
def begin(now: datetime) -> datetime:
    return now - timedelta(hours=1)


@pytest.fixture(autouse=True)
def trunk(database: Database) -> None:
    """Its exchange serves several lines."""
    with database.transaction() as session:
        session.add(Trunk(plan="test", name="transport", label="交通", kind="department", dials_out=True))


def facts(call_id: str, begin: datetime, *story: tuple[AnyPayload, float]) -> list[CallEvent]:
    return [
        CallEvent.make(
            payload, node="node1.ami", occurred_at=begin + timedelta(seconds=at), uniqueid=call_id, call_id=call_id
        )
        for payload, at in story
    ]


def sent_out(begin: datetime, number: str = NUMBER) -> list[CallEvent]:
    arrived = CallArrived(trunk="carrier", dnis="12328", ani=number, original_line="12328", line_rule="dnis")
    return facts(OUT, begin, (arrived, 0), (TALKED, 120), (CallEnded(hangup_cause=16), 120))


def sent_back(begin: datetime, *story: tuple[AnyPayload, float], number: str = NUMBER) -> list[CallEvent]:
    """Over the exchange's trunk of several lines: nothing says which one was meant."""
    arrived = CallArrived(trunk="transport", dnis="12345", ani=number, original_line="12345", line_rule="main")
    return facts(BACK, begin, (arrived, 60), (CallerQueued(queue="common"), 65), *story)


ANSWERED = ((AgentAnswered(queue="common", agent="1001"), 70.0), (CallEnded(hangup_cause=16), 119.0))


def report(database: Database, events: list[CallEvent], now: datetime) -> None:
    with database.transaction() as session:
        assert store_batch(session, batch(*events, node="node1.ami"), Terms(), now, Actor("node1")).parked == 0


def same_as(database: Database) -> dict[str, str | None]:
    with database.reading() as session:
        return {row.call_id: row.same_as for row in session.scalars(select(Call))}


def test_it_counts_once_and_has_one_ticket(database: Database, now: datetime, begin: datetime) -> None:
    for event in sorted([*sent_out(begin), *sent_back(begin, *ANSWERED)], key=lambda event: event.occurred_at):
        report(database, [event], now)

    assert same_as(database) == {OUT: BACK, BACK: None}
    with database.reading() as session:
        assert [call.call_id for call in list_calls(session)] == [BACK]
        [ticket] = session.scalars(select(Ticket))
        assert {call.ticket_id for call in session.scalars(select(Call))} == {ticket.id}
        assert (ticket.call_id, ticket.accepted_by) == (BACK, "1001")


def test_the_order_in_which_the_facts_come_does_not_matter(database: Database, now: datetime, begin: datetime) -> None:
    out, back = sent_out(begin), sent_back(begin, *ANSWERED)
    pieces = [out[:1], out[1:], back[:1], back[1:]]
    for turn, order in enumerate(permutations(pieces)):
        for piece in order:
            report(database, [of_turn(event, turn) for event in piece], now)
        kept = {call_id: other for call_id, other in same_as(database).items() if call_id.endswith(f"-turn{turn}")}
        assert kept == {f"{OUT}-turn{turn}": f"{BACK}-turn{turn}", f"{BACK}-turn{turn}": None}, order


def of_turn(event: CallEvent, turn: int) -> CallEvent:
    """The same fact of another citizen's call."""
    payload = event.payload
    if isinstance(payload, CallArrived):
        payload = payload.model_copy(update={"ani": f"138001381{turn:02}"})
    changed = {"event_id": f"{event.event_id}-{turn}", "call_id": f"{event.call_id}-turn{turn}", "payload": payload}
    return event.model_copy(update=changed)


def test_who_gives_up_in_our_queue_afterwards_is_missed(database: Database, now: datetime, begin: datetime) -> None:
    gives_up = ((CallerAbandoned(queue="common"), 119.0), (CallEnded(hangup_cause=16), 119.0))
    report(database, sent_back(begin, *gives_up), now)
    report(database, sent_out(begin), now)

    assert same_as(database) == {OUT: BACK, BACK: None}
    with database.reading() as session:
        assert list(session.scalars(select(MissedCall.call_id))) == [BACK]


@pytest.mark.parametrize("number", ["anonymous", "13800138001"])
def test_a_hidden_number_or_another_one_is_never_joined(
    number: str, database: Database, now: datetime, begin: datetime
) -> None:
    report(database, sent_back(begin, *ANSWERED, number=number), now)
    report(database, sent_out(begin, number if number == "anonymous" else NUMBER), now)

    assert same_as(database) == {OUT: None, BACK: None}


def test_a_person_parts_them_for_good(database: Database, now: datetime, begin: datetime) -> None:
    report(database, [*sent_back(begin, *ANSWERED), *sent_out(begin)], now)
    with database.transaction() as session:
        twins.part(session, BACK, actor=Actor("ops"), reason="two people", now=now)
    report(database, facts(OUT, begin, (CallerQueued(queue="common"), 1)), now)  # judged again

    assert same_as(database) == {OUT: None, BACK: None}
    with database.reading() as session:
        assert session.scalars(select(JoinedCall)).one().parted_by == "ops"
