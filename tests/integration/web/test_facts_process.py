"""The door for call facts as a process of its own: what it serves, and what it does not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.contract.events import CallArrived, CallEvent
from app.platform.settings import Settings
from app.web.main import create_facts_app

pytestmark = pytest.mark.services


@pytest.fixture
def facts(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_facts_app(settings)) as client:
        yield client


@pytest.mark.parametrize("path", ["/api/v1/call-events", "/api/v1/lookup"])
def test_telephony_needs_its_token_here_too(facts: TestClient, path: str) -> None:
    answer = facts.post(path, json={})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/login", "/desk", "/api/v1/tickets", "/api/v1/session"])
def test_it_has_no_pages_and_no_tickets(facts: TestClient, path: str) -> None:
    assert facts.get(path).status_code == 404


def test_it_says_how_it_is(facts: TestClient) -> None:
    assert facts.get("/health").json()["database"] == "up"


def test_a_batch_is_kept_once_and_a_lookup_answered(facts: TestClient, service_token: Callable[..., Any]) -> None:
    headers = service_token("call-events:write", "lookup:read")
    arrived = CallEvent.make(
        CallArrived(trunk="carrier", dnis="12315", ani="19900000001"),
        node="node1",
        occurred_at=datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
        uniqueid="node1-1.1",
        call_id="node1-1.1",
    )
    batch = {"node": "node1.ami", "events": [arrived.model_dump(mode="json")]}

    first = facts.post("/api/v1/call-events", json=batch, headers=headers).json()
    again = facts.post("/api/v1/call-events", json=batch, headers=headers).json()
    request = {"call_id": "node1-2.1", "trunk": "carrier", "dnis": "12315", "ani": "19900000001"}
    card = facts.post("/api/v1/lookup", json=request, headers=headers).json()

    assert (first["accepted"], again["accepted"], again["duplicate"]) == (1, 0, 1)
    assert (card["is_known"], card["original_line"]) == (True, "12315")
