"""Call-backs in the store, on both databases: one request per number, one dial per turn, the facts decide."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.auth import SYSTEM
from app.callbacks import service
from app.callbacks.models import Callback, CallbackStatus
from app.calls.models import Call, MissedCall
from app.contract import events as facts
from app.contract.events import AnyPayload, CallEvent, EventBatch
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.tickets.models import Ticket

pytestmark = pytest.mark.services

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
SWEPT = NOON + timedelta(minutes=10)
"""When most tests look whose turn it is."""
NUMBER = "13812345678"
CALL, OTHER = "node1-100.1", "node1-200.1"


class Telephony:
    """Tells facts; each has its moment, counted from noon in Shanghai."""

    def __init__(self, database: Database, terms: Terms) -> None:
        self.database, self.terms, self._told = database, terms, 0

    def tell(self, call_id: str | None, *told: tuple[float, AnyPayload]) -> None:
        events = []
        for seconds, payload in told:
            self._told += 1
            event = CallEvent.make(
                payload, node="node1.ami", occurred_at=NOON + timedelta(seconds=seconds), uniqueid=call_id or "agent",
                call_id=call_id, distinguishers=(self._told,),
            )  # fmt: skip
            events.append({**event.model_dump(mode="json"), "seq": self._told})
        with self.database.transaction() as session:
            now = NOON + timedelta(seconds=max(seconds for seconds, _ in told))
            result = store_batch(session, EventBatch(node="node1.ami", events=events), self.terms, now, SYSTEM)
        assert result.parked == 0

    def waits(self, call_id: str, seconds: float, number: str = NUMBER) -> None:
        arrived = facts.CallArrived(trunk="carrier", dnis="12345", ani=number, original_line="12345")
        self.tell(call_id, (seconds, arrived), (seconds + 1, facts.CallerQueued(queue="common")))

    def gives_up(self, call_id: str, seconds: float) -> None:
        self.tell(call_id, (seconds, facts.CallerAbandoned(queue="common")), (seconds, facts.CallEnded()))

    def asks_for_callback(self, call_id: str, seconds: float, **values: object) -> None:
        self.tell(call_id, (seconds, facts.CallbackRequested.model_validate(values)))

    def takes(self, call_id: str, seconds: float, agent: str = "1001") -> None:
        self.tell(
            call_id,
            (seconds, facts.CallArrived(trunk="outgoing", dnis="12345", ani=NUMBER, mode="callback")),
            (seconds, _step("offered")),
            (seconds + 1, facts.AgentRinging(queue="common", agent=agent)),
            (seconds + 2, facts.AgentAnswered(queue="common", agent=agent)),
            (seconds + 3, _step("ringing")),
        )


def _step(step: str, cause: str = "") -> facts.CallbackProgressed:
    return facts.CallbackProgressed(step=facts.CallbackStep(step), cause=cause)


@pytest.fixture
def telephony(database: Database) -> Telephony:
    return Telephony(database, Terms())


@pytest.fixture
def agent(telephony: Telephony) -> None:
    telephony.tell(None, (-600, facts.AgentSignedIn(agent="1001", queue="common", seat="8001")))


def callbacks(database: Database) -> list[Callback]:
    with database.reading() as session:
        return list(session.scalars(select(Callback).order_by(Callback.id)))


def claim(database: Database, at: datetime = SWEPT) -> list[str]:
    with database.transaction() as session:
        return [command.call_id for command in service.claim_due(session, now=at)]


def test_a_confirmed_wish_keeps_the_place_and_is_no_missed_call(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 10)
    telephony.asks_for_callback(CALL, 40)
    telephony.tell(CALL, (41, facts.CallEnded()))

    (row,) = callbacks(database)
    assert (row.number, row.status, row.source, row.queue) == (NUMBER, "confirmed", "citizen", "common")
    assert row.queued_at == NOON + timedelta(seconds=11)
    with database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []
        assert session.scalars(select(Call.outcome)).one() == "callback"


def test_who_asks_before_he_has_joined_passes_nobody_who_came_earlier(database: Database, telephony: Telephony) -> None:
    telephony.tell(CALL, (5, facts.CallArrived(trunk="carrier", dnis="12345", ani=NUMBER)))
    telephony.asks_for_callback(CALL, 30)

    (row,) = callbacks(database)
    assert row.queued_at == NOON + timedelta(seconds=30)


def test_a_wish_that_is_not_confirmed_is_dropped_with_the_call(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30, is_confirmed=False)
    assert callbacks(database)[0].status == "requested"
    assert claim(database) == []

    telephony.gives_up(CALL, 35)

    assert [(row.status, row.cause) for row in callbacks(database)] == [("cancelled", "unconfirmed")]


def test_two_wishes_of_one_number_are_one_with_the_earlier_place(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    telephony.waits(OTHER, 300)
    telephony.asks_for_callback(OTHER, 330, number="0138 1234 5678")

    (row,) = callbacks(database)
    assert row.queued_at == NOON + timedelta(seconds=1)


def test_an_anonymous_caller_s_wish_is_not_kept(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0, number="")
    telephony.asks_for_callback(CALL, 30)

    assert callbacks(database) == []


@pytest.mark.usefixtures("agent")
def test_of_two_sweeps_at_once_one_dials(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    together, found = threading.Barrier(4), list[str]()

    def sweep() -> None:
        together.wait()
        found.extend(claim(database))

    sweeps = [threading.Thread(target=sweep) for _ in range(4)]
    for one in sweeps:
        one.start()
    for one in sweeps:
        one.join()

    assert found == ["cb-1-1"]


@pytest.mark.usefixtures("agent")
def test_a_caller_who_came_earlier_and_still_waits_goes_first(database: Database, telephony: Telephony) -> None:
    telephony.waits(OTHER, 0, number="13900000000")
    telephony.waits(CALL, 10)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))

    assert claim(database) == []
    telephony.gives_up(OTHER, 60)
    assert claim(database) == ["cb-1-1"]


def test_nobody_is_offered_while_no_agent_serves_the_queue(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)

    assert claim(database) == []


@pytest.mark.usefixtures("agent")
def test_three_tries_in_different_hours_then_it_is_given_up(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    at, hours = SWEPT, []
    for offer in (1, 2, 3):
        call_id = f"cb-1-{offer}"
        assert claim(database, at) == [call_id]
        seconds = (at - NOON).total_seconds() + 60
        telephony.takes(call_id, seconds)
        missed = (seconds + 30, _step("missed", "no_answer"))
        ended = (seconds + 31, facts.ConversationEnded(queue="common", agent="1001"))
        telephony.tell(call_id, missed, ended, (seconds + 31, facts.CallEnded()))
        (row,) = callbacks(database)
        hours.append(at.hour)
        assert row.tries == offer
        assert claim(database, at + timedelta(minutes=5)) == []
        at = row.next_try_at

    assert len(set(hours)) == 3
    assert (row.status, row.cause) == ("given_up", "no_answer")
    with database.reading() as session:
        tickets = session.scalars(select(Ticket)).all()
        assert len(tickets) == 1, "every try goes on with the same draft"
        assert tickets[0].call_id == "cb-1-3"
        assert {outcome for (outcome,) in session.execute(select(Call.outcome))} == {"callback", "not_reached"}
        assert session.scalars(select(MissedCall)).all() == []


@pytest.mark.usefixtures("agent")
def test_a_talk_settles_the_request_and_the_missed_call(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.gives_up(CALL, 40)
    with database.transaction() as session:
        missed = session.scalars(select(MissedCall)).one()
        service.request_for_missed_call(session, missed, by="1002", now=NOON)

    (call_id,) = claim(database)
    telephony.takes(call_id, 100)
    assert callbacks(database)[0].status == "ringing"
    telephony.tell(call_id, (110, _step("talked")))

    (row,) = callbacks(database)
    assert (row.status, row.agent, row.settled_by) == ("talked", "1001", "1001")
    with database.reading() as session:
        missed = session.scalars(select(MissedCall)).one()
        assert (missed.resolution, missed.resolved_by, missed.callback_id) == ("called_back", "1001", row.id)
        call = session.scalars(select(Call).where(Call.call_id == call_id)).one()
        assert (call.answered_at, call.ticket_id) == (NOON + timedelta(seconds=110), row.ticket_id)


@pytest.mark.usefixtures("agent")
def test_who_rings_again_and_is_answered_is_not_called_back(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    telephony.waits(OTHER, 100)
    telephony.tell(OTHER, (120, facts.AgentAnswered(queue="common", agent="1001")))

    assert [(row.status, row.cause) for row in callbacks(database)] == [("cancelled", "answered_again")]
    assert claim(database) == []


@pytest.mark.usefixtures("agent")
def test_facts_in_any_order_say_the_same(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    (call_id,) = claim(database)
    telephony.tell(call_id, (160, facts.CallEnded()))
    telephony.tell(call_id, (159, _step("missed", "busy")))
    telephony.takes(call_id, 100)

    (row,) = callbacks(database)
    assert (row.status, row.cause, row.tries, row.agent) == (CallbackStatus.CONFIRMED, "busy", 1, "1001")


def test_the_site_decides_which_missed_calls_are_called_back_by_themselves(database: Database) -> None:
    telephony = Telephony(database, Terms(callback_missed=frozenset({"abandoned"})))
    telephony.waits(CALL, 0)
    telephony.gives_up(CALL, 3)
    telephony.waits(OTHER, 100, number="13900000000")
    telephony.gives_up(OTHER, 160)

    assert [(row.number, row.source) for row in callbacks(database)] == [("13900000000", "abandoned")]


@pytest.mark.usefixtures("agent")
def test_what_telephony_did_not_take_waits_and_costs_no_try(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 0)
    telephony.asks_for_callback(CALL, 30)
    telephony.tell(CALL, (31, facts.CallEnded()))
    (call_id,) = claim(database)
    with database.transaction() as session:
        service.put_back(session, [call_id], cause="switch_away", now=SWEPT)

    (row,) = callbacks(database)
    assert (row.status, row.tries, row.cause) == ("confirmed", 0, "switch_away")
    assert claim(database) == []
    assert claim(database, SWEPT + timedelta(minutes=3)) == ["cb-1-2"]
