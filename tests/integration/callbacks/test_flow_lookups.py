"""What a flow may ask in the middle of a call, over HTTP on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.calls.models import AgentState, AgentStatus, Call, CallState
from app.platform.clock import utc_now
from app.platform.database import Database
from app.tickets.models import Secrecy, Ticket, TicketStatus

pytestmark = pytest.mark.services

NOTHING = {"found": False, "values": {}}
MINE, OTHER = "13812345678", "13900000000"


class Asker:
    """A flow that asks."""

    def __init__(self, client: TestClient, headers: dict[str, str]) -> None:
        self._client, self._headers = client, headers

    def ask(self, what: str, *, ani: str = MINE, **arguments: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        body = {"call_id": "node1-9.9", "line": "12345", "ani": ani, "arguments": named}
        answer = self._client.post(f"/api/v1/flow-lookups/{what}", json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def flow(client: TestClient, service_token: Callable[..., dict[str, str]]) -> Asker:
    return Asker(client, service_token("lookup:read"))


@pytest.fixture
def ticket(database: Database) -> int:
    now = utc_now()
    with database.transaction() as session:
        row = Ticket(
            ticket_number="4104002611230000019", query_code="40718293", status=TicketStatus.HANDLING,
            caller_number=MINE, title="邻居的秘密", content="只有承办人可以知道", secrecy=Secrecy.CONFIDENTIAL,
            created_at=now, updated_at=now, next_due_at=datetime.fromisoformat("2026-12-01T09:00:00+08:00"),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def waiting(number: int, queued_at: datetime, **values: Any) -> Call:
    facts = {"state": CallState.QUEUED, "queue": "common", "arrived_at": queued_at, "queued_at": queued_at}
    return Call(call_id=f"node1-{number}.1", node="node1", **{**facts, **values})


def test_the_right_code_from_the_right_number_tells_status_and_day_alone(flow: Asker, ticket: int) -> None:
    assert flow.ask("progress", query_code="40718293") == {
        "found": True, "values": {"status_prompt": "status-handling", "due_on": "2026-12-01"}
    }  # fmt: skip


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize(
    ("ani", "code"),
    [(MINE, "40718294"), (OTHER, "40718293"), ("", "40718293"), (MINE, ""), (MINE, "4071829"), (MINE, "4071829x")],
)
def test_a_wrong_code_and_another_s_number_are_told_alike(flow: Asker, ani: str, code: str) -> None:
    assert flow.ask("progress", ani=ani, query_code=code) == NOTHING


@pytest.mark.usefixtures("ticket")
def test_who_guesses_codes_is_slowed_down_and_told_nothing_else(flow: Asker) -> None:
    answers = [flow.ask("progress", query_code=f"{code:08d}") for code in range(9)]

    assert answers == [NOTHING] * 9
    assert flow.ask("progress", query_code="40718293") == {**NOTHING}


@pytest.mark.usefixtures("ticket")
def test_a_code_that_many_numbers_try_is_closed_for_a_while(flow: Asker) -> None:
    for number in range(9):
        assert flow.ask("progress", ani=f"1390000000{number}", query_code="40718293") == NOTHING

    assert flow.ask("progress", query_code="40718293") == NOTHING


def test_a_merged_ticket_answers_for_the_one_it_went_into(flow: Asker, ticket: int, database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        session.add(
            Ticket(
                ticket_number="4104002611230000027", query_code="11112222", status=TicketStatus.MERGED, created_at=now,
                caller_number=MINE, updated_at=now, merged_into_id=ticket,
            )
        )  # fmt: skip

    assert flow.ask("progress", query_code="11112222")["values"]["status_prompt"] == "status-handling"


def test_the_wait_counts_who_came_earlier_and_who_serves(flow: Asker, database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        for seat in ("1001", "1002"):
            session.add(
                AgentState(
                    agent=seat, status=AgentStatus.TALKING, queues={"common": True}, registers={}, since_at=now,
                    last_event_at=now,
                )
            )  # fmt: skip
        session.add_all(waiting(n, now - timedelta(seconds=60 - n)) for n in range(3))
        session.add(waiting(8, now + timedelta(seconds=60)))
        session.add(waiting(7, now - timedelta(seconds=60), is_test=True))
        session.add(waiting(6, now - timedelta(seconds=60), queue="consumer"))

    answer = flow.ask("wait", queue="common")

    assert answer["found"] is True
    assert answer["values"]["ahead"] == 3
    assert 200 <= answer["values"]["seconds"] <= 360
    assert answer["values"]["minutes"] == -(-answer["values"]["seconds"] // 60)


def test_where_nobody_serves_no_wait_is_told(flow: Asker) -> None:
    assert flow.ask("wait", queue="common") == NOTHING


def test_what_nobody_knows_is_not_found(flow: Asker) -> None:
    assert flow.ask("weather") == NOTHING


def test_a_stranger_may_not_ask(client: TestClient, service_token: Callable[..., dict[str, str]]) -> None:
    body = {"call_id": "c", "line": "", "ani": MINE}

    assert client.post("/api/v1/flow-lookups/progress", json=body).status_code == 401
    wrong = service_token("call-events:write")
    assert client.post("/api/v1/flow-lookups/progress", json=body, headers=wrong).status_code == 403
