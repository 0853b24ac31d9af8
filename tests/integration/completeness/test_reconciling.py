"""A day's list of a retained line against what its exchange has reported to us (R13)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.calls import reconcile as use_cases
from app.calls.models import Call, Reconciliation
from app.contract.events import CallArrived, CallEnded, CallEvent, EventBatch
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database

pytestmark = pytest.mark.services
DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BUREAU = Actor(name="market-bureau", node="bureau", line="12315")
LIST = """流水号,开始时间,主叫号码
1.1,2026-11-22 12:00:00,13800138000
1.2,2026-11-22 12:05:00,13900139000
1.3,2026-11-22 12:06:00,不是号码
"""


def bureau_reports(database: Database, name: str, *, after_seconds: float, number: str) -> None:
    call_id = f"bureau-{name}"
    at = NOON + timedelta(seconds=after_seconds)
    facts = [
        CallEvent.make(payload, node="bureau", occurred_at=at, uniqueid=call_id, call_id=call_id)
        for payload in (CallArrived(trunk="pbx", ani=number), CallEnded(hangup_cause=16))
    ]
    batch = EventBatch(node="bureau", events=[fact.model_dump(mode="json") for fact in facts])
    with database.transaction() as session:
        assert store_batch(session, batch, Terms(), NOW, BUREAU).parked == 0


@pytest.fixture
def compared(database: Database) -> Reconciliation:
    bureau_reports(database, "1.1", after_seconds=0, number="13800138000")
    bureau_reports(database, "9.9", after_seconds=600, number="13700137000")
    with database.transaction() as session:
        found = use_cases.reconcile(session, LIST.encode(), line="12315", day=DAY)
        return use_cases.keep(session, found, LIST.encode(), file_name="cdr.csv", by="chen", now=NOW)


def test_what_is_missing_on_each_side_is_named(compared: Reconciliation) -> None:
    assert (compared.theirs, compared.ours, compared.matched, compared.broken_rows) == (2, 2, 1, 1)
    assert [row["row"] for row in compared.detail["missing_here"]] == [3]
    assert [call["call_id"] for call in compared.detail["missing_there"]] == ["bureau-9.9"]
    assert "is no number" in compared.detail["broken"][0]["message"]


def test_a_call_reported_by_the_exchange_and_forwarded_to_us_is_named_as_a_pair(database: Database) -> None:
    bureau_reports(database, "1.1", after_seconds=0, number="13800138000")
    with database.transaction() as session:
        forwarded = Call(call_id="node1-5.1", node="node1", original_line="12315", caller_number="13800138000")
        forwarded.arrived_at = NOON + timedelta(seconds=12)
        session.add(forwarded)

    with database.reading() as session:
        found = use_cases.reconcile(session, LIST.encode(), line="12315", day=DAY)

    (double,) = use_cases.detail_of(found)["doubled_here"]
    assert (double["call_id"], double["same_as"]) == ("node1-5.1", "bureau-1.1")


def test_a_list_that_names_another_line_is_kept_as_not_complete(
    client: TestClient, log_in_as: Callable[[Role], dict[str, str]], database: Database
) -> None:
    data = "开始时间,主叫号码,被叫号码\n2026-11-22 12:00:00,13800138000,12333\n".encode()
    with database.transaction() as session:
        found = use_cases.reconcile(session, data, line="12315", day=DAY)
        use_cases.keep(session, found, data, file_name="cdr.csv", by="chen", now=NOW)
    log_in_as(Role.OPS)

    (row,) = client.get("/api/v1/reconciliations", params={"line": "12315"}).json()["items"]

    assert (row["theirs"], row["is_complete"]) == (0, False)


def test_no_full_number_is_kept(compared: Reconciliation) -> None:
    assert compared.detail["missing_here"][0]["caller"] == "139****9000"
    assert "13700137000" not in str(compared.detail)


def test_another_line_has_nothing_of_it(database: Database, compared: Reconciliation) -> None:
    with database.reading() as session:
        assert use_cases.reconcile(session, LIST.encode(), line="12333", day=DAY).ours == 0
        assert use_cases.list_reconciliations(session, line="12333") == []
        assert [row.id for row in use_cases.list_reconciliations(session)] == [compared.id]


def test_ops_read_how_complete_a_day_was(
    client: TestClient, log_in_as: Callable[[Role], dict[str, str]], compared: Reconciliation
) -> None:
    log_in_as(Role.OPS)

    (row,) = client.get("/api/v1/reconciliations", params={"line": "12315"}).json()["items"]

    assert (row["day"], row["theirs"], row["matched"], row["is_complete"]) == ("2026-11-22", 2, 1, False)
    assert client.get("/api/v1/reconciliations", params={"line": "12333"}).json() == {"items": []}


def test_an_agent_reads_none_of_it(client: TestClient, log_in_as: Callable[[Role], dict[str, str]]) -> None:
    log_in_as(Role.AGENT)

    assert client.get("/api/v1/reconciliations").status_code == 403
