"""A missed call's number comes late, after a person has closed its row: no fact is parked, the list stays true."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.calls.missed import list_missed_calls, resolve_missed_call
from app.calls.models import Call, MissedCall, ParkedEvent
from app.contract.events import CallEvent
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from tests.integration.store.calling import NUMBER, Caller, abandoned_call, answered_call, batch

pytestmark = pytest.mark.services

Report = Callable[..., None]
FIRST = "node1-1.1"


@pytest.fixture
def start(now: datetime) -> datetime:
    return now - timedelta(hours=1)


@pytest.fixture
def report(database: Database, now: datetime) -> Report:
    """Stores events as the API does; none may be parked."""

    def send(*events: CallEvent) -> None:
        with database.transaction() as session:
            store_batch(session, batch(*events), Terms(), now)
        with database.reading() as session:
            assert session.scalars(select(ParkedEvent.reason)).all() == []

    return send


@pytest.fixture
def late(report: Report, database: Database, start: datetime, now: datetime) -> list[CallEvent]:
    """The arrival of a call without number whose row 8001 has dismissed; the rest is told."""
    arrival, *rest = abandoned_call(FIRST, start).events
    report(*rest)
    with database.transaction() as session:
        [row] = list_missed_calls(session)
        assert row.caller_number is None
        resolve_missed_call(session, row.id, resolution="dismissed", actor="8001", now=now)
    return [arrival]


def _rows(database: Database) -> list[tuple[str, str | None, str, str, int]]:
    """First call, number, resolution, by whom, how many calls."""
    with database.reading() as session:
        rows = session.scalars(select(MissedCall).order_by(MissedCall.call_id)).all()
        counts = dict(session.execute(select(Call.missed_call_id, func.count()).group_by(Call.missed_call_id)).all())
        assert [row.times for row in rows] == [counts[row.id] for row in rows]
        return [(row.call_id, row.caller_number, row.resolution, row.resolved_by, row.times) for row in rows]


DISMISSED = (FIRST, NUMBER, "dismissed", "8001", 1)


def test_a_dismissed_row_learns_its_number_and_stays_dismissed(
    report: Report, database: Database, late: list[CallEvent]
) -> None:
    report(*late)

    assert _rows(database) == [DISMISSED]


def test_the_open_row_of_that_number_is_left_alone(
    report: Report, database: Database, late: list[CallEvent], start: datetime
) -> None:
    report(*abandoned_call("node1-1.2", start + timedelta(minutes=2)).events)
    report(*late)

    assert _rows(database) == [DISMISSED, ("node1-1.2", NUMBER, "", "", 1)]


def test_a_later_answer_does_not_close_it_a_second_time(
    report: Report, database: Database, late: list[CallEvent], start: datetime
) -> None:
    report(*answered_call("node1-1.2", start + timedelta(minutes=5)).events)
    report(*late)

    assert _rows(database) == [DISMISSED]


def test_a_call_that_shared_the_row_of_another_number_gets_its_own(
    report: Report, database: Database, start: datetime, now: datetime
) -> None:
    report(*abandoned_call(FIRST, start, number="19900054321").events)
    report(*abandoned_call("node1-1.2", start + timedelta(minutes=2), number="19900054321").events)
    with database.transaction() as session:
        resolve_missed_call(session, list_missed_calls(session)[0].id, resolution="called_back", actor="8001", now=now)
    twice = Caller(FIRST, start - timedelta(seconds=1)).arrives().arrives()
    report(twice.events[1])  # the true arrival: earlier, of another number; events[0] has the id of one told already

    assert _rows(database) == [(FIRST, NUMBER, "", "", 1), ("node1-1.2", "19900054321", "called_back", "8001", 1)]
