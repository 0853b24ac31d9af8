"""Why somebody is to be called back, and where he then stands: our failure, a message, a call that never queued."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.calls.models import Call, MissedCall
from app.contract import events as facts
from app.lines.service import find_line
from app.platform.database import Database
from tests.integration.callbacks.test_callback_store import (
    CALL,
    NUMBER,
    Telephony,
    agent,
    callbacks,
    claim,
    telephony,
)

__all__ = ["agent", "telephony"]
pytestmark = pytest.mark.services
FAILURE = facts.CallbackRequested(number=NUMBER, is_failure=True)


@pytest.fixture
def consumer_line(database: Database) -> Iterator[None]:
    """Line 12315 has a queue. Lines are kept between tests, so it is taken from it again."""
    for queue in ("consumer", ""):
        with database.transaction() as session:
            line = find_line(session, "12315")
            assert line is not None
            line.queue = queue
        if queue:
            yield


@pytest.mark.usefixtures("agent", "consumer_line")
def test_a_failure_of_ours_is_no_wish_and_stands_in_the_queue_of_the_line(
    database: Database, telephony: Telephony
) -> None:
    arrived = facts.CallArrived(trunk="carrier", dnis="12315", ani=NUMBER, original_line="12315")
    flow = facts.IntakeRecorded(flow="system-failure", route="hangup")
    telephony.tell(None, (-600, facts.AgentSignedIn(agent="1001", queue="consumer", seat="8001")))

    telephony.tell(CALL, (5, arrived), (20, FAILURE), (25, flow), (26, facts.CallEnded()))

    (row,) = callbacks(database)
    assert (row.source, row.queue, row.original_line) == ("failure", "consumer", "12315")
    assert claim(database) == ["cb-1-1"], "he is called back, although he never came to a queue"
    with database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []


def test_a_message_is_on_the_missed_list_for_what_it_is(database: Database, telephony: Telephony) -> None:
    telephony.waits(CALL, 10)
    telephony.tell(CALL, (40, facts.MessageLeft(file="m.wav", seconds=7)), (42, facts.CallEnded()))

    with database.reading() as session:
        row = session.scalars(select(MissedCall)).one()
        assert (row.reason, row.caller_number, row.resolved_at) == ("message", NUMBER, None)
        assert session.scalars(select(Call.outcome)).one() == "message"


def test_who_was_served_by_a_flow_is_on_no_list(database: Database, telephony: Telephony) -> None:
    arrived = facts.CallArrived(trunk="carrier", dnis="12345", ani=NUMBER)
    flow = facts.IntakeRecorded(flow="hotline-12345", route="hung_up", is_settled=True)

    telephony.tell(CALL, (5, arrived), (20, flow), (21, facts.CallEnded()))

    with database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []
        assert session.scalars(select(Call.outcome)).one() == "self_served"
