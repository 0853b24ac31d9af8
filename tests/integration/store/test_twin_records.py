"""A call that a retained line's exchange reports and forwards to us is one call and one ticket."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts import service as accounts
from app.accounts.auth import Actor
from app.accounts.models import AuditEntry, Role
from app.calls.models import Call, JoinedCall, MissedCall
from app.calls.reconcile import records_of
from app.calls.service import list_calls
from app.contract.events import AgentAnswered, AnyPayload, CallArrived, CallEnded, CallerAbandoned, CallEvent
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.lines.models import Trunk
from app.platform.clock import to_shanghai, utc_now
from app.platform.database import Database
from app.tickets.models import Ticket
from tests.integration.store.calling import batch

pytestmark = pytest.mark.services

BUREAU = Actor(name="market-bureau", node="bureau", line="12315")
NUMBER = "13800138000"
Story = Sequence[tuple[AnyPayload, float]]
Facts = list[CallEvent]


@pytest.fixture
def begin(now: datetime) -> datetime:
    return now - timedelta(hours=1)


@pytest.fixture(autouse=True)
def exchange(database: Database, now: datetime) -> None:
    """12315's exchange has a token of its own, and a trunk to us."""
    with database.transaction() as session:
        accounts.create_service_token(
            session, BUREAU.name, ["call-events:write"], now=now, node=BUREAU.node, line=BUREAU.line
        )
        session.add(
            Trunk(
                plan="test", name="market-bureau", label="市监", kind="department", line_number="12315", dials_out=True
            )
        )


def facts(call_id: str, begin: datetime, story: Story) -> Facts:
    node = call_id.partition("-")[0]
    return [
        CallEvent.make(payload, node=node, occurred_at=begin + timedelta(seconds=at), uniqueid=call_id, call_id=call_id)
        for payload, at in story
    ]


def told_by_bureau(begin: datetime, *story: tuple[AnyPayload, float], number: str = NUMBER, at: float = 0) -> Facts:
    arrived = CallArrived(trunk="pbx", dnis="12315", ani=number)
    return facts(f"bureau-{at}.1", begin, [(arrived, at), *story])


def own(
    begin: datetime, *story: tuple[AnyPayload, float], number: str = NUMBER, at: float = 5, rule: str = "trunk",
    trunk: str = "market-bureau", line: str = "12315",
) -> Facts:  # fmt: skip
    arrived = CallArrived(trunk=trunk, dnis="12345", ani=number, original_line=line, line_rule=rule)
    return facts(f"node1-{at}.1", begin, [(arrived, at), *story])


def report(database: Database, events: Facts, now: datetime) -> None:
    is_bureau = events[0].event_id.startswith("bureau")
    with database.transaction() as session:
        sent = batch(*events, node="bureau" if is_bureau else "node1.ami")
        result = store_batch(session, sent, Terms(), now, BUREAU if is_bureau else Actor("node1"))
        assert result.parked == 0


def counted(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(call.call_id for call in list_calls(session))


def missed(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(MissedCall.call_id).where(MissedCall.resolved_at.is_(None))))


def tickets(database: Database) -> list[str | None]:
    with database.reading() as session:
        return list(session.scalars(select(Ticket.call_id)))


def answer(agent: str, at: float) -> tuple[AnyPayload, float]:
    return AgentAnswered(queue="consumer", agent=agent), at


GIVES_UP, ENDS = CallerAbandoned(queue="consumer"), CallEnded(hangup_cause=16)


def of_turn(event: CallEvent, turn: int, number: str) -> CallEvent:
    """The same fact of another citizen's call."""
    payload = event.payload
    if isinstance(payload, CallArrived):
        payload = payload.model_copy(update={"ani": number})
    changed = {"event_id": f"{event.event_id}-{turn}", "call_id": f"{event.call_id}-{turn}", "payload": payload}
    return event.model_copy(update=changed)


def test_a_forwarded_call_that_we_answer_is_one_call_in_whatever_order_its_facts_come(
    database: Database, now: datetime, begin: datetime
) -> None:
    theirs = told_by_bureau(begin, (ENDS, 100))
    ours = own(begin, answer("1001", 20), (ENDS, 99))
    pieces = [theirs[:1], theirs[1:], ours[:1], ours[1:]]
    for turn, order in enumerate(permutations(pieces)):
        number = f"138001380{turn:02}"
        for piece in order:
            report(database, [of_turn(event, turn, number) for event in piece], now)
        with database.reading() as session:
            records = {call.call_id: call for call in session.scalars(select(Call).where(Call.caller_number == number))}
        kept, other = records[f"node1-5.1-{turn}"], records[f"bureau-0.1-{turn}"]
        assert (kept.same_as, other.same_as) == (None, kept.call_id), [piece[0].event_id for piece in order]
        assert (other.missed_at, other.ticket_id) == (None, None)
    assert missed(database) == []
    assert len(tickets(database)) == 24
    assert len(counted(database)) == 24


def test_the_records_keep_their_own_facts_and_name_each_other(
    database: Database, now: datetime, begin: datetime, client: TestClient, service_token: Callable[..., dict[str, str]]
) -> None:
    report(database, told_by_bureau(begin, (ENDS, 100)), now)
    report(database, own(begin, answer("1001", 20), (ENDS, 99)), now)
    reader = service_token("calls:read", name="reader")

    ours = client.get("/api/v1/calls/node1-5.1", headers=reader).json()
    theirs = client.get("/api/v1/calls/bureau-0.1", headers=reader).json()

    assert (ours["same_as"], ours["twin"]) == (None, "bureau-0.1")
    assert (theirs["same_as"], theirs["twin"]) == ("node1-5.1", "node1-5.1")
    told = client.get("/api/v1/calls/bureau-0.1/events", headers=reader).json()["items"]
    assert [fact["type"] for fact in told] == ["CallArrived", "CallEnded"]
    listed = client.get("/api/v1/calls", headers=reader).json()["items"]
    assert [call["call_id"] for call in listed] == ["node1-5.1"]


@pytest.mark.parametrize("is_bureau_first", [True, False])
def test_a_parallel_call_that_the_departments_people_answer_is_theirs_alone(
    database: Database, now: datetime, begin: datetime, is_bureau_first: bool
) -> None:
    theirs = told_by_bureau(begin, answer("bureau.6001", 15), (ENDS, 90))
    ours = own(begin, (GIVES_UP, 15.4), (ENDS, 15.5))
    for facts_of_one in (theirs, ours) if is_bureau_first else (ours, theirs):
        report(database, facts_of_one, now)

    assert counted(database) == ["bureau-0.1"]
    assert tickets(database) == ["bureau-0.1"]
    assert missed(database) == []


def test_a_citizen_whom_nobody_answers_is_missed_once(database: Database, now: datetime, begin: datetime) -> None:
    report(database, told_by_bureau(begin, (GIVES_UP, 40), (ENDS, 40)), now)
    assert missed(database) == ["bureau-0.1"]
    report(database, own(begin, (GIVES_UP, 40), (ENDS, 40)), now)

    assert counted(database) == ["node1-5.1"]
    assert missed(database) == ["node1-5.1"]


@pytest.mark.parametrize(
    "other",
    [
        {"number": "13900139000"},
        {"line": "12333"},
        {"rule": "dnis", "trunk": "carrier"},
        {"at": 150},
        {"at": -30},
    ],
    ids=["another number", "another line", "dialled past the exchange", "dialled again", "before"],
)  # fmt: skip
def test_another_call_is_not_joined(
    database: Database, now: datetime, begin: datetime, other: dict[str, str | float]
) -> None:
    report(database, told_by_bureau(begin, (ENDS, 100)), now)
    report(database, own(begin, **other), now)  # type: ignore[arg-type]

    assert len(counted(database)) == 2
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(JoinedCall)) == 0


@pytest.mark.parametrize("is_withheld", [True, False])
def test_a_withheld_number_is_not_joined(database: Database, now: datetime, begin: datetime, is_withheld: bool) -> None:
    number = "" if is_withheld else NUMBER
    report(database, told_by_bureau(begin, number=number), now)
    report(database, own(begin, number=number), now)

    assert len(counted(database)) == (2 if is_withheld else 1)


def test_a_node_of_ours_is_no_exchange(database: Database, now: datetime, begin: datetime) -> None:
    with database.transaction() as session:
        accounts.deactivate_service_token(session, BUREAU.name, now=now)  # switched off: what it told stays its own
        accounts.create_service_token(session, "node2", ["call-events:write"], now=now, node="node2")
    report(database, own(begin), now)
    second = [
        event.model_copy(update={"event_id": f"x{event.event_id}", "call_id": "node2-1.1"}) for event in own(begin)
    ]
    report(database, second, now)

    assert len(counted(database)) == 2


def test_a_second_caller_of_the_same_company_parts_what_was_joined(
    database: Database, now: datetime, begin: datetime
) -> None:
    """B1 waits at the exchange, A2 comes: joined. Then the exchange tells of B2 as well: nobody knows whose A2 is."""
    report(database, told_by_bureau(begin), now)
    report(database, own(begin, at=8), now)
    assert counted(database) == ["node1-8.1"]

    report(database, told_by_bureau(begin, at=6), now)

    assert counted(database) == ["bureau-0.1", "bureau-6.1", "node1-8.1"]


def test_two_who_were_both_answered_are_two_calls(database: Database, now: datetime, begin: datetime) -> None:
    report(database, told_by_bureau(begin), now)
    report(database, own(begin, answer("1001", 20)), now)
    assert counted(database) == ["node1-5.1"]

    report(database, told_by_bureau(begin, answer("bureau.6001", 3))[1:], now)

    assert counted(database) == ["bureau-0.1", "node1-5.1"]
    assert len(tickets(database)) == 2


def test_a_person_parts_them_for_good_and_that_is_on_record(
    database: Database, now: datetime, begin: datetime, client: TestClient
) -> None:
    report(database, told_by_bureau(begin, (GIVES_UP, 40), (ENDS, 40)), now)
    report(database, own(begin, answer("1001", 20), (ENDS, 99)), now)
    with database.transaction() as session:
        accounts.create_user(
            session, "3001", display_name="运维", role=Role.OPS, password="hotline-password", now=utc_now()
        )
    token = client.post("/api/v1/session", json={"username": "3001", "password": "hotline-password"}).json()
    headers, why = {"X-CSRF-Token": token["csrf_token"]}, {"reason": "两位市民共用总机"}

    answer_ = client.post("/api/v1/calls/bureau-0.1/part", headers=headers, json=why)

    assert answer_.status_code == 200
    assert counted(database) == ["bureau-0.1", "node1-5.1"]
    assert missed(database) == ["bureau-0.1"]
    report(database, own(begin, (ENDS, 120), at=5)[1:], now)  # told again: they stay two
    assert len(counted(database)) == 2
    assert client.post("/api/v1/calls/bureau-0.1/part", headers=headers, json=why).status_code == 404
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "calls_parted")).one()
    assert (entry.actor, entry.detail["reason"]) == ("3001", why["reason"])
    [row] = client.get("/api/v1/joined-calls").json()["items"]
    assert (row["parted_by"], row["told_call_id"], row["own_call_id"]) == ("3001", "bureau-0.1", "node1-5.1")


def test_the_exchanges_list_is_compared_with_its_own_record(database: Database, now: datetime, begin: datetime) -> None:
    report(database, told_by_bureau(begin, (ENDS, 100)), now)
    report(database, own(begin, answer("1001", 20), (ENDS, 99)), now)

    with database.reading() as session:
        records = records_of(session, "12315", to_shanghai(begin).date(), timedelta(hours=2))

    assert [record.call_id for record in records] == ["bureau-0.1"]
