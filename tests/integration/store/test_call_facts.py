"""Facts come in; calls, tickets, agents' states, pops and missed calls come out."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls import service as calls
from app.calls.missed import list_missed_calls, resolve_missed_call
from app.calls.models import AgentStatus, Call, CallEventRow, CallOutcome, CallState, MissedCall, ParkedEvent, ScreenPop
from app.contract.events import BatchResult, CallEvent, QueueLeftReason
from app.ingest.effects import Terms
from app.ingest.service import get_cursor, store_batch
from app.platform.database import Database
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.numbers import is_ticket_number
from tests.integration.store.calling import Caller, abandoned_call, agent_event, answered_call, batch

pytestmark = pytest.mark.services

Report = Callable[..., BatchResult]


@pytest.fixture
def start(now: datetime) -> datetime:
    return now - timedelta(hours=1)


@pytest.fixture
def report(database: Database, now: datetime) -> Report:
    """Stores events in one transaction, as the API does."""

    def send(*events: CallEvent | object, node: str = "node1.ami", first_seq: int = 1) -> BatchResult:
        with database.transaction() as session:
            return store_batch(session, batch(*events, node=node, first_seq=first_seq), Terms(), now)

    return send


@pytest.fixture
def session(database: Database) -> Session:
    with database.reading() as session:
        yield session


def test_an_answered_call_has_its_stages_and_durations(report: Report, session: Session, start: datetime) -> None:
    report(*answered_call("node1-1.1", start).events)

    call = calls.get_call(session, "node1-1.1")
    assert (call.state, call.outcome, call.agent, call.queue) == ("ended", "answered", "8001", "general")
    assert (call.greeting_ms, call.hold_ms, call.talk_ms) == (6500, 2200, 60000)
    assert call.caller_number == "19900012345"
    assert call.recording_file == "node1-1.1.wav"
    assert [(s.name, s.duration_ms, s.agent) for s in calls.call_timeline(session, "node1-1.1")] == [
        ("greeting", 6500, ""),
        ("waiting", 200, ""),
        ("ringing", 2000, "8001"),
        ("talking", 60000, "8001"),
        ("after_talk", 150, ""),
    ]


def test_the_answer_opens_one_draft_ticket(report: Report, session: Session, start: datetime) -> None:
    report(*answered_call("node1-1.1", start).events)

    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.status, ticket.call_id, ticket.accepted_by) == (TicketStatus.DRAFT, "node1-1.1", "8001")
    assert (ticket.caller_number, ticket.contact_number, ticket.original_line) == (
        "19900012345",
        "19900012345",
        "12345",
    )
    assert is_ticket_number(ticket.ticket_number)
    assert ticket.ticket_number.startswith("410400")
    assert session.scalars(select(TicketHistory.action)).all() == ["opened"]
    assert calls.get_call(session, "node1-1.1").ticket_id == ticket.id


def test_the_same_batch_again_changes_nothing(report: Report, session: Session, start: datetime) -> None:
    events = answered_call("node1-1.1", start).events
    first, again = report(*events), report(*events)

    assert (first.accepted, first.duplicate, first.cursor) == (8, 0, 8)
    assert (again.accepted, again.duplicate, again.cursor) == (0, 8, 8)
    assert session.scalar(select(func.count()).select_from(CallEventRow)) == 8
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_an_event_twice_in_one_batch_is_kept_once(report: Report, session: Session, start: datetime) -> None:
    event = Caller("node1-1.1", start).arrives().events[0]
    result = report(event, event)

    assert (result.accepted, result.duplicate) == (1, 1)


def test_the_answer_may_arrive_before_everything_else(report: Report, session: Session, start: datetime) -> None:
    events = answered_call("node1-1.1", start).events
    report(events[4])
    assert session.scalars(select(Ticket.caller_number)).all() == [None]
    session.rollback()
    report(*events[:4])

    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.caller_number, ticket.contact_number, ticket.accepted_by) == ("19900012345", "19900012345", "8001")
    assert calls.get_call(session, "node1-1.1").hold_ms == 2200


def test_the_agent_follows_the_call(report: Report, session: Session, start: datetime, now: datetime) -> None:
    report(agent_event("signed_in", "8001", start - timedelta(minutes=5), seat="PJSIP/8001"))
    call = Caller("node1-1.1", start).arrives().queues().rings("8001")
    seen = []
    for step in (call.rings, call.is_answered_by, call.stops_talking_to):
        step("8001")
        report(*call.events)
        session.rollback()
        state = calls.get_agent_state(session, "8001", now=call.at + timedelta(seconds=1))
        seen.append((state.status, state.call_id, state.seat))

    assert seen == [
        ("ringing", "node1-1.1", "PJSIP/8001"),
        ("talking", "node1-1.1", "PJSIP/8001"),
        ("ready", None, "PJSIP/8001"),  # the hour-old wrap-up was over when the fact came in
    ]


def test_wrap_up_ends_by_itself(database: Database, session: Session, now: datetime) -> None:
    call = Caller("node1-1.1", now - timedelta(seconds=63)).arrives().queues(1).is_answered_by("8001", 1)
    call.stops_talking_to("8001", 60)
    events = [agent_event("signed_in", "8001", now - timedelta(minutes=5)), *call.events]
    with database.transaction() as writing:
        store_batch(writing, batch(*events), Terms(wrap_up_seconds=10), now)

    wrapping = calls.get_agent_state(session, "8001", now=now)
    assert (wrapping.status, wrapping.call_id) == (AgentStatus.WRAP_UP, "node1-1.1")
    session.rollback()
    later = calls.get_agent_state(session, "8001", now=now + timedelta(seconds=10))
    assert (later.status, later.call_id) == (AgentStatus.READY, None)


def test_finishing_wrap_up_makes_the_agent_ready(database: Database, session: Session, now: datetime) -> None:
    call = Caller("node1-1.1", now - timedelta(seconds=63)).arrives().queues(1).is_answered_by("8001", 1)
    events = [agent_event("signed_in", "8001", now - timedelta(minutes=5)), *call.stops_talking_to("8001").events]
    with database.transaction() as writing:
        store_batch(writing, batch(*events), Terms(wrap_up_seconds=600), now)
    with database.transaction() as writing:
        calls.finish_wrap_up(writing, "8001", now)
    with database.transaction() as writing:
        store_batch(writing, batch(*call.hangs_up().events), Terms(wrap_up_seconds=600), now)

    assert calls.get_agent_state(session, "8001", now=now).status == AgentStatus.READY


def test_a_paused_agent_who_signs_in_afresh_is_ready(
    report: Report, session: Session, start: datetime, now: datetime
) -> None:
    minutes = [start + timedelta(minutes=n) for n in range(4)]
    report(
        agent_event("signed_in", "8001", minutes[0]),
        agent_event("paused", "8001", minutes[1], reason="meal"),
    )
    paused = calls.get_agent_state(session, "8001", now=now)
    assert (paused.status, paused.pause_reason) == (AgentStatus.PAUSED, "meal")
    session.rollback()
    report(agent_event("signed_out", "8001", minutes[2]))
    assert calls.get_agent_state(session, "8001", now=now).status == AgentStatus.OFFLINE
    session.rollback()
    report(agent_event("signed_in", "8001", minutes[3]))
    assert calls.get_agent_state(session, "8001", now=now).status == AgentStatus.READY


def test_an_older_fact_about_an_agent_does_not_undo_a_newer_one(
    report: Report, session: Session, start: datetime, now: datetime
) -> None:
    report(agent_event("signed_in", "8001", start))
    report(agent_event("resumed", "8001", start + timedelta(minutes=2)))
    report(agent_event("paused", "8001", start + timedelta(minutes=1), reason="meal"))

    assert calls.get_agent_state(session, "8001", now=now).status == AgentStatus.READY


def test_ringing_and_answer_pop_on_the_agents_page_alone(
    report: Report, session: Session, start: datetime, now: datetime, topics
) -> None:
    call = Caller("node1-1.1", start).arrives().queues().rings("8001")
    report(*call.events)
    assert [pop.kind for pop in calls.list_pending_pops(session, "8001", now=now)] == ["ringing"]
    session.rollback()
    call.is_answered_by("8001")
    report(*call.events)

    pops = calls.list_pending_pops(session, "8001", now=now)
    assert [pop.kind for pop in pops] == ["answered"]  # nothing rings any more
    assert {topic for topic, _ in topics.sent} == {"agent:8001"}
    assert calls.list_pending_pops(session, "8002", now=now) == []


def test_a_phone_that_rings_again_pops_again(
    report: Report, database: Database, session: Session, start: datetime, now: datetime
) -> None:
    call = Caller("node1-1.1", start).arrives().queues().rings("8001")
    report(*call.events)
    with database.transaction() as writing:
        pop = writing.scalars(select(ScreenPop)).one()
        calls.acknowledge_pop(writing, "8001", pop.id, now)
    assert calls.list_pending_pops(session, "8001", now=now) == []
    session.rollback()
    call.is_not_answered_by("8001").rings("8001")
    report(*call.events)

    assert len(calls.list_pending_pops(session, "8001", now=now)) == 1


def test_a_caller_who_gives_up_is_on_the_missed_call_list(report: Report, session: Session, start: datetime) -> None:
    report(*abandoned_call("node1-1.1", start).events)

    row = session.scalars(select(MissedCall)).one()
    assert (row.caller_number, row.reason, row.times) == ("19900012345", "abandoned", 1)
    assert session.scalar(select(func.count()).select_from(Ticket)) == 0


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (lambda c: c.arrives().queues().abandons().hangs_up(), CallOutcome.ABANDONED),
        (lambda c: c.arrives().queues().is_turned_away(QueueLeftReason.TIMEOUT).hangs_up(), CallOutcome.OVERFLOW),
        (lambda c: c.arrives().is_turned_away(QueueLeftReason.NO_AGENT).hangs_up(), CallOutcome.NO_AGENT),
        (lambda c: c.arrives().hangs_up(), CallOutcome.LEFT_BEFORE_QUEUE),
        (lambda c: c.arrives().queues().rings("8001").hangs_up(), CallOutcome.ABANDONED),
    ],
)
def test_every_way_to_reach_nobody_is_listed(
    report: Report, session: Session, start: datetime, story: Callable[[Caller], Caller], outcome: CallOutcome
) -> None:
    report(*story(Caller("node1-1.1", start)).events)

    assert session.scalars(select(MissedCall.reason)).all() == [outcome]
    assert calls.get_call(session, "node1-1.1").outcome == outcome


def test_a_number_that_keeps_trying_has_one_open_row(report: Report, session: Session, start: datetime) -> None:
    report(*abandoned_call("node1-1.1", start).events)
    report(*abandoned_call("node1-1.2", start + timedelta(minutes=2)).events)

    row = session.scalars(select(MissedCall)).one()
    assert (row.times, row.call_id, row.last_call_id) == (2, "node1-1.1", "node1-1.2")
    assert row.last_missed_at - row.first_missed_at == timedelta(minutes=2)


def test_anonymous_callers_have_a_row_each(report: Report, session: Session, start: datetime) -> None:
    for n in (1, 2):
        report(*abandoned_call(f"node1-1.{n}", start, number="anonymous").events)

    assert session.scalars(select(MissedCall.caller_number)).all() == [None, None]


def test_calling_again_and_being_answered_takes_the_number_off_the_list(
    report: Report, session: Session, start: datetime
) -> None:
    report(*abandoned_call("node1-1.1", start).events)
    report(*answered_call("node1-1.2", start + timedelta(minutes=5)).events)

    row = session.scalars(select(MissedCall)).one()
    assert (row.resolution, row.resolved_by) == ("answered_again", "system")
    session.rollback()
    report(*abandoned_call("node1-1.3", start + timedelta(minutes=15)).events)
    assert [row.times for row in list_missed_calls(session)] == [1]


def test_a_missed_call_reported_after_the_later_answer_is_not_called_back(
    report: Report, session: Session, start: datetime
) -> None:
    report(*answered_call("node1-1.2", start + timedelta(minutes=5)).events)
    report(*abandoned_call("node1-1.1", start).events)

    assert list_missed_calls(session) == []
    assert session.scalars(select(MissedCall.resolution)).all() == ["answered_again"]


def test_a_call_that_was_answered_after_all_leaves_the_list(report: Report, session: Session, start: datetime) -> None:
    events = answered_call("node1-1.1", start).events
    without_answer = [event for event in events if event.type not in {"AgentAnswered", "ConversationEnded"}]
    report(*without_answer)
    assert len(list_missed_calls(session)) == 1
    session.rollback()
    report(*events)

    assert session.scalar(select(func.count()).select_from(MissedCall)) == 0


def test_two_people_cannot_both_resolve_a_row(
    report: Report, database: Database, start: datetime, now: datetime
) -> None:
    report(*abandoned_call("node1-1.1", start).events)
    with database.transaction() as session:
        row = list_missed_calls(session)[0]
        resolve_missed_call(session, row.id, resolution="called_back", actor="8001", now=now)
    with database.transaction() as session, pytest.raises(Exception, match="8001 已处理"):
        resolve_missed_call(session, row.id, resolution="dismissed", actor="8002", now=now)


@pytest.mark.parametrize(
    "bad",
    [
        None, 7, "text", [], {}, {"type": "CallArrived"}, {"seq": "x", "type": "Nonsense"},
        {"seq": 2**70}, {"seq": -1}, {"seq": True}, {"payload": {"a": "\0"}}, {"payload": "\ud800"},
        {"deep": [[[[[[]]]]]]},
    ],
)  # fmt: skip
def test_nonsense_is_parked_with_its_reason_and_blocks_nobody(
    report: Report, session: Session, start: datetime, bad: object
) -> None:
    events = answered_call("node1-1.1", start).events
    result = report(events[0], bad, *events[1:])

    assert (result.accepted, result.parked) == (8, 1)
    assert session.scalars(select(ParkedEvent)).one().reason
    assert calls.get_call(session, "node1-1.1").outcome == "answered"


@pytest.mark.parametrize(
    "change",
    [
        {"call_id": None}, {"call_id": ""}, {"call_id": "x" * 65}, {"occurred_at": "0001-01-01T00:00:00Z"},
        {"occurred_at": "9999-12-31T23:59:59+00:00"}, {"occurred_at": "2026-11-23T01:00:00"}, {"seq": 2**63},
        {"event_id": ""}, {"event_id": "e" * 161}, {"linkedid": "\0"}, {"more": 1},
        {"payload": {"hangup_cause": 2**40}}, {"payload": {"hangup_cause": -1}},
    ],
)  # fmt: skip
def test_a_broken_event_is_parked_and_the_rest_of_its_call_kept(
    report: Report, session: Session, start: datetime, change: dict[str, object]
) -> None:
    *events, last = answered_call("node1-1.1", start).events
    result = report({**last.model_dump(mode="json"), **change}, *events)

    assert (result.accepted, result.parked) == (7, 1)
    assert calls.get_call(session, "node1-1.1").state == CallState.AFTER_TALK


def test_the_cursor_covers_parked_events_too(report: Report, session: Session, start: datetime) -> None:
    report(Caller("node1-1.1", start).arrives().events[0], {"seq": 9}, first_seq=8)

    assert get_cursor(session, "node1.ami").cursor == 9
    assert get_cursor(session, "node1.agi").cursor == 0


def test_a_caller_id_full_of_tricks_is_stored_as_text(report: Report, session: Session, start: datetime) -> None:
    tricks = '\'; DROP TABLE calls; -- ${EXTEN} "中文" %s'
    report(*answered_call("node1-1.1", start, number=tricks[:64]).events)

    call = calls.get_call(session, "node1-1.1")
    assert (call.ani, call.caller_number) == (tricks[:64], None)


def test_the_list_of_calls_is_the_newest_first(report: Report, session: Session, start: datetime) -> None:
    for n in range(3):
        report(*abandoned_call(f"node1-1.{n}", start + timedelta(minutes=n)).events)
    first = calls.list_calls(session, limit=2)
    rest = calls.list_calls(session, before=(first[-1].arrived_at, first[-1].id))

    assert [call.call_id for call in first + rest] == ["node1-1.2", "node1-1.1", "node1-1.0"]
    assert session.scalar(select(func.count()).select_from(Call)) == 3
