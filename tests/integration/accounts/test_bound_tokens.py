"""A token may be bound to a node, and to a line: then it opens the door for facts for these alone."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.service import (
    ServiceTokenNotFound,
    TokenBindingRefused,
    create_service_token,
    deactivate_service_token,
    list_service_tokens,
)
from app.calls.models import Call, ParkedEvent
from app.contract.events import CallArrived, CallEnded, CallEvent
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services
DOOR = "/api/v1/call-events"


def bound_headers(database: Database, *, node: str, line: str | None) -> dict[str, str]:
    with database.transaction() as session:
        plain = create_service_token(session, "bureau", ["call-events:write"], now=utc_now(), node=node, line=line)
    return {"Authorization": f"Bearer {plain}"}


def call_of(call_id: str, now: datetime, line: str = "") -> list[object]:
    arrived = CallArrived(trunk="pbx", ani="13800138000", dnis="12315", original_line=line)
    facts = [
        CallEvent.make(payload, node="bureau", occurred_at=now, uniqueid=call_id, call_id=call_id)
        for payload in (arrived, CallEnded(hangup_cause=16))
    ]
    return [fact.model_dump(mode="json") for fact in facts]


def test_a_foreign_exchange_reports_a_call_of_its_line(client: TestClient, database: Database, now: datetime) -> None:
    headers = bound_headers(database, node="bureau", line="12315")

    answer = client.post(DOOR, json={"node": "bureau.pbx", "events": call_of("bureau-1.1", now)}, headers=headers)

    assert answer.json() | {"cursor": 0} == {"accepted": 2, "duplicate": 0, "parked": 0, "cursor": 0}
    with database.reading() as session:
        call = session.scalars(select(Call)).one()
    assert (call.original_line, call.node) == ("12315", "bureau")


def test_its_batch_for_another_node_is_refused(client: TestClient, database: Database, now: datetime) -> None:
    headers = bound_headers(database, node="bureau", line="12315")

    answer = client.post(DOOR, json={"node": "node1.ami", "events": call_of("bureau-1.1", now)}, headers=headers)
    cursor = client.get(f"{DOOR}/cursor?node=node1.ami", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-node")
    assert cursor.status_code == 403
    with database.reading() as session:
        assert session.scalars(select(Call)).all() == []


def test_its_fact_of_another_line_is_parked_and_blocks_no_other(
    client: TestClient, database: Database, now: datetime
) -> None:
    headers = bound_headers(database, node="bureau", line="12315")
    events = call_of("bureau-1.1", now, line="12333")[:1] + call_of("bureau-2.1", now)

    answer = client.post(DOOR, json={"node": "bureau", "events": events}, headers=headers)

    assert (answer.json()["accepted"], answer.json()["parked"]) == (2, 1)
    with database.reading() as session:
        assert [call.call_id for call in session.scalars(select(Call))] == ["bureau-2.1"]
        assert "12333 is not of this sender" in session.scalars(select(ParkedEvent)).one().reason


@pytest.mark.parametrize(
    ("node", "line"), [(None, "12315"), ("Bureau", "12315"), ("bureau.pbx", None), ("bureau", "123a"), ("", None)]
)
def test_a_binding_that_means_nothing_is_refused(database: Database, node: str | None, line: str | None) -> None:
    with pytest.raises(TokenBindingRefused), database.transaction() as session:
        create_service_token(session, "bureau", ["call-events:write"], now=utc_now(), node=node, line=line)


def test_tokens_are_listed_and_switched_off(database: Database) -> None:
    with database.transaction() as session:
        create_service_token(session, "bureau", ["call-events:write"], now=utc_now(), node="bureau", line="12315")
        deactivate_service_token(session, "bureau", now=utc_now())
        with pytest.raises(ServiceTokenNotFound):
            deactivate_service_token(session, "nobody", now=utc_now())

    with database.reading() as session:
        (token,) = list_service_tokens(session)
    assert (token.node, token.line, token.is_active) == ("bureau", "12315", False)
