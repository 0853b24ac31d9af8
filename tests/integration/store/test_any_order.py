"""Any order, any number of repeats, any cut into batches, from either sender: the same rows in the end."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.calls.models import AgentState, Call, CallEventRow, MissedCall, ScreenPop
from app.contract.events import CallEvent, QueueLeftReason
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.store.calling import Caller, abandoned_call, answered_call, batch

pytestmark = pytest.mark.services

SHUFFLES = 12
OWN = {
    "id", "call_id", "last_call_id", "ticket_id", "missed_call_id", "caller_number", "contact_number", "ani",
    "linkedid", "recording_file", "ticket_number", "query_code", "created_at", "updated_at",
}  # fmt: skip
"""What differs between two calls that went the same way."""

Story = Callable[[Caller], Caller]

STORIES: dict[str, Story] = {
    "answered": lambda c: c.rings("8001").is_answered_by("8001").stops_talking_to("8001").is_recorded().hangs_up(),
    "second agent": lambda c: (
        c.rings("8001").is_not_answered_by("8001").rings("8002").is_answered_by("8002").hangs_up()
    ),
    "transferred": lambda c: (
        c.is_answered_by("8001").stops_talking_to("8001").queues(0.5, "expert").is_answered_by("8002").hangs_up()
    ),
    "abandoned": lambda c: c.rings("8001").abandons().hangs_up(),
    "overflow": lambda c: c.is_turned_away(QueueLeftReason.TIMEOUT).hangs_up(),
    "left at once": lambda c: c.hangs_up(),
}


def _tell(database: Database, events: list[CallEvent], now: datetime, chance: random.Random) -> None:
    """The two senders tell their facts out of order, doubled, in batches of any size, with nonsense in between."""
    told = [*events, *chance.sample(events, chance.randint(0, len(events)))]
    chance.shuffle(told)
    while told:
        size = chance.randint(1, 5)
        cut, told = told[:size], told[size:]
        for node in ("node1.agi", "node1.ami"):
            mine: list[object] = [e for e in cut if (e.type == "IntakeRecorded") == (node == "node1.agi")]
            if chance.random() < 0.3:
                mine.insert(chance.randint(0, len(mine)), {"broken": chance.random()})
            with database.transaction() as session:
                store_batch(session, batch(*mine, node=node), Terms(), now)


def _rows(database: Database, call_id: str, number: str) -> dict[str, list[dict[str, object]]]:
    wanted = {
        "call": select(Call).where(Call.call_id == call_id),
        "ticket": select(Ticket).where(Ticket.call_id == call_id),
        "missed": select(MissedCall).where(MissedCall.caller_number == number),
        "pops": select(ScreenPop).where(ScreenPop.call_id == call_id).order_by(ScreenPop.agent, ScreenPop.kind),
    }
    with database.reading() as session:
        return {
            name: [
                {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in OWN}
                for row in session.scalars(query)
            ]
            for name, query in wanted.items()
        }


@pytest.mark.parametrize("name", STORIES)
def test_a_call_ends_in_the_same_rows_however_it_is_told(database: Database, now: datetime, name: str) -> None:
    def call(n: int) -> Caller:
        opened = Caller(f"node1-1.{n}", now - timedelta(hours=1), number=f"199000{n:05}").arrives().hears_greeting()
        return STORIES[name](opened if name == "left at once" else opened.queues())

    in_order = call(0)
    with database.transaction() as session:
        store_batch(session, batch(*in_order.events), Terms(), now)
    expected = _rows(database, in_order.call_id, in_order.number)
    assert expected["call"][0]["outcome"] is not None
    for seed in range(1, SHUFFLES + 1):
        shuffled = call(seed)
        _tell(database, shuffled.events, now, random.Random(f"{name}{seed}"))
        assert _rows(database, shuffled.call_id, shuffled.number) == expected, f"seed {seed}"


def test_agents_end_in_the_same_state_however_their_calls_are_told(database: Database, now: datetime) -> None:
    seen = []
    for seed in range(6):
        agent, start = f"80{seed:02}", now - timedelta(hours=1)
        events = [
            event
            for n in range(3)
            for event in answered_call(f"node1-{seed}.{n}", start + timedelta(minutes=5 * n), agent).events
        ]
        if seed:
            _tell(database, events, now, random.Random(seed))
        else:
            with database.transaction() as session:
                store_batch(session, batch(*events), Terms(), now)
        with database.reading() as session:
            state = session.get_one(AgentState, agent)
            seen.append((state.status, state.call_id, state.last_event_at, len(state.registers["calls"])))

    assert seen == [seen[0]] * 6


def _at_once(*tasks: Callable[[], object]) -> list[object]:
    """Run the tasks in threads that start together; their answers, or the first error."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        start.wait(10)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(60) for future in [pool.submit(run, task) for task in tasks]]


def test_two_batches_of_one_call_at_once_make_one_call_and_one_ticket(database: Database, now: datetime) -> None:
    def tell(events: list[CallEvent], node: str) -> Callable[[], object]:
        def task() -> object:
            with database.transaction() as session:
                return store_batch(session, batch(*events, node=node), Terms(), now)

        return task

    for n in range(10):
        call = answered_call(f"node1-1.{n}", now - timedelta(hours=1))
        first, second = call.events[::2], call.events[1::2]
        _at_once(tell(first, "node1.ami"), tell(second, "node1.agi"), tell(call.events, "node1.ami"))

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 10
        assert session.scalar(select(func.count()).select_from(CallEventRow)) == 80
        assert set(session.execute(select(Call.outcome, Call.talk_ms, Call.hold_ms)).all()) == {
            ("answered", 60000, 2200)
        }


def test_one_number_missed_on_two_nodes_at_once_has_one_open_row(database: Database, now: datetime) -> None:
    def miss(n: int) -> Callable[[], object]:
        def task() -> object:
            with database.transaction() as session:
                events = abandoned_call(f"node{n}-1.1", now - timedelta(hours=1)).events
                return store_batch(session, batch(*events, node=f"node{n}.ami"), Terms(), now)

        return task

    _at_once(*(miss(n) for n in range(4)))

    with database.reading() as session:
        assert session.scalars(select(MissedCall.times)).all() == [4]


def test_ticket_numbers_drawn_at_once_are_all_different(database: Database, now: datetime) -> None:
    def answer(n: int) -> Callable[[], object]:
        def task() -> object:
            with database.transaction() as session:
                calls = [answered_call(f"node{n}-1.{m}", now - timedelta(hours=1), f"80{n}{m}") for m in range(5)]
                events = [event for call in calls for event in call.events]
                return store_batch(session, batch(*events, node=f"node{n}.ami"), Terms(), now)

        return task

    _at_once(*(answer(n) for n in range(4)))

    with database.reading() as session:
        numbers = session.scalars(select(Ticket.ticket_number)).all()
    assert len(set(numbers)) == 20
