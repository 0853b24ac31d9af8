"""What the store makes of calls to lines: the original line, the department's answer, test calls."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls.models import Call, MissedCall, ScreenPop
from app.contract import events as facts
from app.contract.events import AnyPayload, CallEvent, ForwardResult
from app.contract.lookup import LookupRequest
from app.ingest.effects import Terms
from app.ingest.lookup import look_up
from app.ingest.service import store_batch
from app.lines.planned import PlanIn
from app.lines.takeover import TakeOver
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.lines.conftest import plan_of, staged_line
from tests.integration.store.calling import NUMBER, abandoned_call, batch

pytestmark = pytest.mark.services

Takes = Callable[[PlanIn], TakeOver]
Reports = Callable[..., Call]
FROM_BUREAU = facts.CallArrived(
    trunk="market-bureau", dnis="12345", ani=NUMBER, original_line="12315", line_rule="diversion", mode="parallel",
    diversion="12315",
)  # fmt: skip


@pytest.fixture
def reports(database: Database, now: datetime) -> Reports:
    """One call's facts, one second apart, as a sender posts them; gives the call."""

    def report(*payloads: AnyPayload, call_id: str = "node1-1.1", sender: str = "node1.ami") -> Call:
        told = [
            CallEvent.make(
                payload, node="node1", occurred_at=now + timedelta(seconds=n), uniqueid=call_id, call_id=call_id,
                distinguishers=(n,),
            )
            for n, payload in enumerate(payloads)
        ]  # fmt: skip
        with database.transaction() as session:
            store_batch(session, batch(*told, node=sender), Terms(), now)
        with database.reading() as session:
            return session.scalars(select(Call).where(Call.call_id == call_id)).one()

    return report


def leg(result: ForwardResult, *, is_parallel: bool = True) -> facts.CallForwarded:
    return facts.CallForwarded(
        line="12315", trunk="market-bureau", result=result, ring_time_ms=3000, talk_time_ms=20_000,
        is_parallel=is_parallel,
    )  # fmt: skip


def tickets_of(database: Database) -> list[Ticket]:
    with database.reading() as session:
        return list(session.scalars(select(Ticket)))


def test_the_line_that_the_dialplan_resolved_reaches_call_and_ticket(database: Database, reports: Reports) -> None:
    call = reports(FROM_BUREAU, facts.AgentAnswered(queue="consumer", agent="1001"))

    (ticket,) = tickets_of(database)
    assert (call.original_line, call.line_rule, call.line_mode, call.diversion) == (
        "12315", "diversion", "parallel", "12315",
    )  # fmt: skip
    assert (ticket.original_line, ticket.accepted_by, ticket.call_id) == ("12315", "1001", call.call_id)


def test_a_parallel_answer_by_the_department_opens_one_draft_of_nobody(database: Database, reports: Reports) -> None:
    call = reports(
        FROM_BUREAU,
        facts.CallerQueued(queue="consumer"),
        facts.AgentRinging(queue="consumer", agent="1001"),
        leg(ForwardResult.ANSWERED),
        facts.CallEnded(hangup_cause=16),
    )

    (ticket,) = tickets_of(database)
    assert (ticket.original_line, ticket.accepted_by, ticket.status) == ("12315", "", "draft")
    assert (call.outcome, call.missed_at, call.ticket_id) == ("forwarded", None, ticket.id)


def test_both_answering_at_once_gives_one_call_and_one_ticket_of_the_agent(
    database: Database, reports: Reports
) -> None:
    story = [FROM_BUREAU, leg(ForwardResult.ELSEWHERE), facts.AgentAnswered(queue="consumer", agent="1001")]

    reports(*story)
    reports(*story)  # told again
    call = reports(*story, facts.CallEnded(hangup_cause=16))

    (ticket,) = tickets_of(database)
    assert (call.outcome, call.forward_result, ticket.accepted_by) == ("answered", "elsewhere", "1001")


@pytest.mark.parametrize("is_parallel", [False, True])
def test_who_gave_up_after_the_department_sent_the_call_back_is_called_back(
    is_parallel: bool, database: Database, reports: Reports
) -> None:
    call = reports(
        FROM_BUREAU, leg(ForwardResult.LOOP, is_parallel=False), facts.CallerQueued(queue="consumer"),
        facts.CallerAbandoned(queue="consumer"), leg(ForwardResult.ANSWERED, is_parallel=is_parallel),
        facts.CallEnded(hangup_cause=16),
    )  # fmt: skip

    with database.reading() as session:
        assert session.scalars(select(MissedCall)).one().caller_number == NUMBER
    assert (call.outcome, tickets_of(database)) == ("abandoned", [])


def test_forwarding_out_is_a_record_and_no_ticket_of_ours(database: Database, reports: Reports) -> None:
    call = reports(FROM_BUREAU, leg(ForwardResult.ANSWERED, is_parallel=False), facts.CallEnded())

    assert (call.outcome, call.forward_trunk, call.forward_talk_ms) == ("forwarded", "market-bureau", 20_000)
    assert tickets_of(database) == []


def test_a_foreign_exchanges_call_gets_line_and_mode_of_its_day(
    database: Database, reports: Reports, takes_over: Takes
) -> None:
    takes_over(plan_of(staged_line("12333")))

    call = reports(facts.CallArrived(trunk="labour", dnis="12333", ani=NUMBER), sender="labour.cdr")

    assert (call.original_line, call.line_rule, call.line_mode) == ("12333", "dnis", "direct_merge")


@pytest.mark.parametrize("is_taken_over", [True, False])
def test_a_test_call_is_marked_and_on_no_list(
    database: Database, reports: Reports, takes_over: Takes, is_taken_over: bool
) -> None:
    name = "pruefung" if is_taken_over else "probe"
    if is_taken_over:
        takes_over(plan_of(staged_line("12333"), trunks=[{"name": name, "label": "拨测", "kind": "probe"}]))

    call = reports(
        facts.CallArrived(trunk=name, dnis="12333", ani=NUMBER), facts.CallerQueued(queue="common"),
        facts.CallEnded(hangup_cause=16),
    )  # fmt: skip

    assert call.is_test
    with database.reading() as session:
        assert [session.scalars(select(model)).all() for model in (MissedCall, Ticket, ScreenPop)] == [[], [], []]


def test_a_test_call_told_piece_by_piece_stays_marked(database: Database, reports: Reports, now: datetime) -> None:
    story = [facts.CallArrived(trunk="probe", dnis="12345", ani=NUMBER), facts.CallEnded(hangup_cause=16)]

    assert [reports(*story[:n]).is_test for n in (1, 2)] == [True, True]


def test_a_citizens_call_that_was_missed_is_still_on_the_list(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        store_batch(session, batch(*abandoned_call("c9", now, line="12315").events), Terms(), now)

    with database.reading() as session:
        assert session.scalars(select(MissedCall)).one().original_line in {"12315", "12345"}


def test_lookup_believes_the_line_that_the_dialplan_resolved(
    database: Database, takes_over: Takes, now: datetime
) -> None:
    takes_over(plan_of({"number": "12315", "label": "消费", "queue": "consumer"}))
    request = LookupRequest(call_id="c1", trunk="market-bureau", dnis="12345", ani="", original_line="12315")

    with database.reading() as session:
        card = look_up(session, request, area_code="0375", now=now)

    assert (card.original_line, card.queue) == ("12315", "consumer")
