"""How many calls each line had, by day of Asia/Shanghai (R18)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.calls.models import Call
from app.platform.clock import SHANGHAI
from app.platform.database import Database

pytestmark = pytest.mark.services

MIDNIGHT = datetime(2026, 11, 23, tzinfo=SHANGHAI)


@pytest.fixture
def put_calls(database: Database) -> None:
    """Two to 12345, three to 12315 (one of them the evening before), one test call."""
    rows = [
        ("12345", 1, {"answered_at": MIDNIGHT + timedelta(hours=1), "hold_ms": 4000, "outcome": "answered"}),
        ("12345", 2, {"missed_at": MIDNIGHT + timedelta(hours=2), "hold_ms": 8000, "outcome": "abandoned"}),
        ("12315", 0, {"outcome": "forwarded"}),
        ("12315", 23.9, {}),
        ("12315", -0.01, {}),
        ("12315", 3, {"is_test": True}),
    ]
    with database.transaction() as session:
        for n, (line, hours, more) in enumerate(rows):
            at = MIDNIGHT + timedelta(hours=hours)
            session.add(Call(call_id=f"c{n}", node="node1", original_line=line, arrived_at=at, **more))


@pytest.fixture
def asks(client: TestClient, put_calls: None, service_token: Callable[..., dict[str, str]]) -> Callable[..., dict]:  # type: ignore[type-arg]
    headers = service_token("calls:read")
    return lambda query: client.get(f"/api/v1/calls/by-line?{query}", headers=headers).json()


def test_calls_are_counted_by_the_line_the_citizens_meant(asks: Callable[..., dict]) -> None:  # type: ignore[type-arg]
    rows = {row["line"]: row for row in asks("from=2026-11-23&to=2026-11-23")["items"]}

    assert {line: row["calls"] for line, row in rows.items()} == {"12315": 2, "12345": 2}
    assert (rows["12345"]["answered"], rows["12345"]["missed"], rows["12345"]["average_hold_ms"]) == (1, 1, 6000)
    assert (rows["12315"]["answered_by_department"], rows["12315"]["name"]) == (1, "消费者投诉举报专线")


def test_a_retained_line_with_few_calls_is_a_candidate_and_12345_never_is(asks: Callable[..., dict]) -> None:  # type: ignore[type-arg]
    rows = {row["line"]: row for row in asks("from=2026-11-22&to=2026-11-23")["items"]}
    busy = {row["line"]: row for row in asks("from=2026-11-22&to=2026-11-23&threshold=1")["items"]}

    assert (rows["12315"]["calls_per_day"], rows["12315"]["is_candidate"]) == (1.5, True)
    assert not rows["12345"]["is_candidate"]
    assert not busy["12315"]["is_candidate"]


@pytest.mark.parametrize("query", ["from=2026-11-23&to=2026-11-22", "from=2020-01-01&to=2026-11-22"])
def test_days_that_make_no_sense_are_refused(asks: Callable[..., dict], query: str) -> None:  # type: ignore[type-arg]
    assert asks(query)["code"] == "bad-range"
