"""A hand-over of which nothing more is heard ends by itself, and the agent's page hears of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.contract.events import AgentAnswered, AnyPayload, CallArrived, CallEnded, CallEvent, HandedOver, HandoverResult
from app.desk.jobs import conclude_silent_handovers
from app.handovers.models import Handover
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.platform.job_queue import JobContext, find_sweeps
from app.platform.settings import Settings
from tests.integration.conftest import RecordedTopics
from tests.integration.store.calling import batch

pytestmark = pytest.mark.services

R = HandoverResult
CALL = "node1-1.0"
Tell = Callable[..., None]


@pytest.fixture
def tell(database: Database, now: datetime) -> Tell:
    """Facts of the call, each so many seconds ago."""

    def store(*facts: tuple[AnyPayload, float]) -> None:
        events = [
            CallEvent.make(
                payload, node="node1", occurred_at=now - timedelta(seconds=ago), uniqueid=CALL, call_id=CALL,
                distinguishers=(getattr(payload, "attempt", ""), getattr(payload, "result", "")),
            )
            for payload, ago in facts
        ]  # fmt: skip
        with database.transaction() as session:
            store_batch(session, batch(*events), Terms(), now)

    return store


def step(result: HandoverResult, **values: Any) -> HandedOver:
    return HandedOver(target="110", result=result, agent="1001", attempt="1", **values)


def sweep(settings: Settings, database: Database, now: datetime) -> Handover:
    conclude_silent_handovers(JobContext(settings, database, lambda: now))
    with database.reading() as session:
        return session.scalars(select(Handover)).one()


ANSWERED = AgentAnswered(queue="common", agent="1001", seat="8001")


@pytest.mark.parametrize(
    ("steps", "ended_ago", "status", "cause"),
    [
        ([(step(R.OFFERED), 300)], None, "refused", "unreported"),
        ([(step(R.OFFERED), 100)], 61, "refused", "unreported"),
        ([(step(R.OFFERED), 300), (step(R.ANSWERED), 290)], 61, "returned", "unreported"),
        ([(step(R.OFFERED), 100)], None, "offered", ""),
        ([(step(R.OFFERED), 100)], 30, "offered", ""),
        ([(step(R.OFFERED), 3000), (step(R.ANSWERED), 2990)], None, "answered", ""),
        ([(step(R.OFFERED), 300), (step(R.REFUSED, cause="busy"), 290)], 100, "refused", "busy"),
    ],
    ids=["rings too long", "call over", "call over while talking", "rings", "call just over", "talks", "settled"],
)
def test_only_what_cannot_be_under_way_any_more_is_ended(
    settings: Settings, database: Database, topics: RecordedTopics, tell: Tell, now: datetime,
    steps: list[tuple[AnyPayload, float]], ended_ago: float | None, status: str, cause: str,
) -> None:  # fmt: skip
    tell((CallArrived(trunk="carrier", dnis="12345"), 3600), (ANSWERED, 3590), *steps)
    if ended_ago is not None:
        tell((CallEnded(hangup_cause=16), ended_ago))
    topics.sent.clear()

    row = sweep(settings, database, now)

    assert (row.status, row.cause) == (status, cause)
    is_concluded = cause == "unreported"
    assert (row.settled_at == now) is is_concluded
    assert (("agent:1001", f"handover {CALL}") in topics.sent) is is_concluded


def test_a_step_that_comes_after_all_counts_and_the_sweep_is_done_once(
    settings: Settings, database: Database, tell: Tell, now: datetime
) -> None:
    tell((CallArrived(trunk="carrier", dnis="12345"), 3600), (ANSWERED, 3590), (step(R.OFFERED), 300))
    sweep(settings, database, now)
    assert sweep(settings, database, now + timedelta(minutes=1)).settled_at == now

    tell((step(R.ANSWERED), 295), (step(R.ACCEPTED), 200))

    row = sweep(settings, database, now + timedelta(minutes=2))
    assert (row.status, row.cause, row.settled_at) == ("accepted", "", now - timedelta(seconds=200))


def test_the_worker_sweeps_them() -> None:
    assert conclude_silent_handovers in [one.job for one in find_sweeps()]
