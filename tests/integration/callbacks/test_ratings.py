"""Ratings after the call: on the call, in the ticket's history, counted per agent; silence is none."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import Role
from app.accounts.service import create_user
from app.calls.models import Call
from app.calls.ratings import ratings_by_agent
from app.contract import events as facts
from app.ingest.effects import Terms
from app.platform.database import Database
from app.tickets.models import TicketHistory
from tests.integration.callbacks.test_callback_store import CALL, NOON, OTHER, Telephony

pytestmark = pytest.mark.services


@pytest.fixture
def telephony(database: Database) -> Telephony:
    return Telephony(database, Terms())


def talks(telephony: Telephony, call_id: str, seconds: float, agent: str, score: int | None) -> None:
    telephony.waits(call_id, seconds, number="13900000000")
    telephony.tell(call_id, (seconds + 5, facts.AgentAnswered(queue="common", agent=agent)))
    telephony.tell(call_id, (seconds + 65, facts.ConversationEnded(queue="common", agent=agent)))
    if score is not None:
        telephony.tell(call_id, (seconds + 70, facts.CallRated(score=score)))
    telephony.tell(call_id, (seconds + 72, facts.CallEnded()))


def test_a_rating_stands_on_the_call_and_in_the_history_of_its_ticket(database: Database, telephony: Telephony) -> None:
    talks(telephony, CALL, 0, "1001", 1)

    with database.reading() as session:
        call = session.scalars(select(Call)).one()
        told = session.scalars(select(TicketHistory).where(TicketHistory.action == "talk_rated")).one()
        assert (call.rating, call.agent) == (1, "1001")
        assert (told.ticket_id, told.changes) == (call.ticket_id, {"rating": ["", "不满意"]})


def test_each_agent_has_his_own_ratings_and_silence_counts_for_nothing(
    database: Database, telephony: Telephony
) -> None:
    for number, (agent, score) in enumerate([("1001", 3), ("1001", 2), ("1001", 1), ("1001", None), ("1002", None)]):
        talks(telephony, f"node1-{number + 1}.7", number * 100, agent, score)

    with database.reading() as session:
        one, other = ratings_by_agent(session, NOON, NOON + timedelta(hours=1))
        assert (one.agent, one.answered, one.rated, one.content_percent) == ("1001", 4, 3, 67)
        assert (one.satisfied, one.fair, one.dissatisfied) == (1, 1, 1)
        assert (other.agent, other.answered, other.rated, other.content_percent) == ("1002", 1, 0, None)
        assert ratings_by_agent(session, NOON - timedelta(hours=1), NOON) == []


def test_an_agent_reads_his_own_ratings_alone(client: TestClient, database: Database, telephony: Telephony) -> None:
    talks(telephony, CALL, 0, "1001", 3)
    talks(telephony, OTHER, 100, "1002", 1)
    with database.transaction() as session:
        create_user(session, "1001", display_name="张敏", role=Role.AGENT, password="a-long-password", now=NOON)
    client.post("/api/v1/session", json={"username": "1001", "password": "a-long-password"})

    answer = client.get("/api/v1/calls/ratings", params={"from": "2026-11-23", "to": "2026-11-23", "agent": "1002"})

    assert [row["agent"] for row in answer.json()["items"]] == ["1001"]
