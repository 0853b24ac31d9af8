"""Counting how callers went: each fact once, citizens' calls alone, and nothing that may still be on its way."""

from datetime import datetime, timedelta

import pytest

from app.calls.models import Call
from app.contract.events import CallArrived, CallEvent, EventBatch, IntakeRecorded, NodeVisit
from app.flows import counting
from app.flows.jobs import count_flows
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.clock import to_shanghai
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings

pytestmark = pytest.mark.services

PATH = [
    NodeVisit(node="greet", left_by="next", ms=4000),
    NodeVisit(node="ask", left_by="keys.1", ms=2000),
    NodeVisit(node="progress-query/ask", left_by="hung_up", ms=6000),
]


def tell(database: Database, number: int, now: datetime, path: list[NodeVisit], *, flow: str = "hotline-12345") -> None:
    """One call that arrived and went through a flow, as telephony tells it."""
    call_id = f"node1-{number}.1"
    payloads = [
        CallArrived(trunk="carrier", dnis="12345", ani="13800000001"),
        IntakeRecorded(
            flow=flow, flow_version=2, route="hung_up" if path[-1].left_by == "hung_up" else "queue", path=path
        ),
    ]
    events = [
        CallEvent.make(one, node="node1.agi", occurred_at=now, uniqueid=call_id, call_id=call_id).model_copy(
            update={"seq": number * 2 + place}
        )
        for place, one in enumerate(payloads)
    ]
    batch = EventBatch(node="node1.agi", events=[one.model_dump(mode="json") for one in events])
    with database.transaction() as session:
        assert store_batch(session, batch, Terms(), now).accepted == 2


def count(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        while counting.count_runs(session, now=now):
            pass


def test_each_run_counts_once_at_every_node(database: Database, now: datetime) -> None:
    tell(database, 1, now, PATH)
    tell(database, 2, now, PATH[:1])
    later = now + timedelta(minutes=2)
    count(database, later)
    count(database, later)

    since = to_shanghai(now).date()
    with database.reading() as session:
        whole = counting.read_traffic(session, "hotline-12345", since=since).nodes
        inside = counting.read_traffic(session, "progress-query", since=since).nodes
        runs = counting.read_runs(session, since=since)
        tomorrow = counting.read_runs(session, since=since + timedelta(days=1))
    assert (whole["greet"].entered, whole["greet"].mean_ms, whole["greet"].left) == (2, 4000, {"next": 2})
    assert (whole["ask"].entered, whole["ask"].hang_ups, whole["ask"].left) == (1, 0, {"keys.1": 1})
    assert (inside["ask"].entered, inside["ask"].hang_ups) == (1, 1)
    assert runs == {"hotline-12345": {"hung_up": 1, "queue": 1}}
    assert tomorrow == {}


def test_of_one_version_only_its_own_runs_are_told(database: Database, now: datetime) -> None:
    tell(database, 1, now, PATH)
    count(database, now + timedelta(minutes=2))

    with database.reading() as session:
        since = to_shanghai(now).date()
        assert counting.read_traffic(session, "hotline-12345", since=since, version=2).nodes.keys() == {"greet", "ask"}
        assert counting.read_traffic(session, "hotline-12345", since=since, version=1).nodes == {}
        assert counting.read_traffic(session, "progress-query", since=since, version=2).nodes == {}


def test_what_may_still_be_on_its_way_waits_for_the_next_time(
    database: Database, settings: Settings, now: datetime
) -> None:
    tell(database, 1, now, PATH)
    tell(database, 2, now + timedelta(seconds=90), PATH)
    since = to_shanghai(now).date()

    for minutes, runs in ((1, 1), (4, 2)):
        moment = now + timedelta(minutes=minutes, seconds=1)
        count_flows(JobContext(settings, database, lambda moment=moment: moment))  # type: ignore[misc]
        with database.reading() as session:
            assert counting.read_runs(session, since=since)["hotline-12345"]["hung_up"] == runs
            assert counting.counted_at(session) == moment


def test_test_calls_are_not_counted(database: Database, now: datetime) -> None:
    tell(database, 1, now, PATH)
    with database.transaction() as session:
        session.query(Call).update({"is_test": True})

    count(database, now + timedelta(minutes=2))

    with database.reading() as session:
        assert counting.read_runs(session, since=to_shanghai(now).date()) == {}
