"""Who was lost in a hand-over and then gave up is on the missed-call list; who is answered after all is not."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls.models import Call, MissedCall
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.store.calling import Caller, batch

pytestmark = pytest.mark.services


def lost(now: datetime) -> Caller:
    """Answered, lost when the agent's phone was, and in the queue again."""
    call = Caller("node1-1.1", now - timedelta(hours=1)).arrives().queues().is_answered_by("8001")
    return call.stops_talking_to("8001").queues(after=3)


def store(database: Database, call: Caller, now: datetime) -> None:
    with database.transaction() as session:
        store_batch(session, batch(*call.events), Terms(), now)


def test_a_citizen_lost_in_a_handover_who_gives_up_is_to_be_called_back(database: Database, now: datetime) -> None:
    call = lost(now)
    store(database, call, now)
    with database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []

    store(database, call.abandons().hangs_up(), now)

    with database.reading() as session:
        row, kept = session.scalars(select(MissedCall)).one(), session.scalars(select(Call)).one()
        ticket = session.scalars(select(Ticket)).one()
    assert (row.reason, row.resolved_at, row.caller_number) == ("abandoned", None, call.number)
    assert (kept.answered_at is not None, kept.ticket_id) == (True, ticket.id)


def test_a_citizen_lost_in_a_handover_who_is_answered_again_is_not(database: Database, now: datetime) -> None:
    store(database, lost(now).is_answered_by("8002").stops_talking_to("8002").hangs_up(), now)

    with database.reading() as session:
        assert session.scalars(select(MissedCall)).all() == []
        assert session.scalars(select(Ticket.accepted_by)).one() == "8002"
