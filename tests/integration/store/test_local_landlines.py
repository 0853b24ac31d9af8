"""A landline without area code is one of the region that the settings name: stored so, hence found so."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role
from app.accounts.service import create_user
from app.platform.database import Database
from app.platform.settings import Settings
from app.web.main import create_app
from tests.integration.store.calling import answered_call, batch

pytestmark = pytest.mark.services

PASSWORD = "a-Long-pass-phrase-42"
LOCAL = "8234567"


@pytest.fixture
def changsha(
    settings: Settings, database: Database, service_token: Callable[..., dict[str, str]], now: datetime
) -> Iterator[TestClient]:
    """A supervisor's browser at a centre of another city: one caller of its landlines, and one of Pingdingshan's."""
    with TestClient(create_app(settings.model_copy(update={"area_code": "0731"}))) as client:
        events = [
            *answered_call("node1-1.1", now - timedelta(minutes=30), number=LOCAL).events,
            *answered_call("node1-1.2", now - timedelta(minutes=20), number=f"0375{LOCAL}").events,
        ]
        stored = client.post(
            "/api/v1/call-events",
            json=batch(*events).model_dump(mode="json"),
            headers=service_token("call-events:write"),
        )
        assert stored.status_code == 200, stored.text
        with database.transaction() as session:
            create_user(
                session, username="9001", display_name="周晓燕", role=Role.SUPERVISOR, password=PASSWORD, now=now
            )
        client.post("/api/v1/session", json={"username": "9001", "password": PASSWORD})
        yield client


def test_calls_of_a_local_landline_are_found(changsha: TestClient) -> None:
    for number in (LOCAL, f"0731{LOCAL}"):
        found = changsha.get("/api/v1/calls", params={"caller": number}).json()["items"]
        assert [item["call_id"] for item in found] == ["node1-1.1"]


def test_the_page_of_calls_finds_a_local_landline(changsha: TestClient) -> None:
    page = changsha.get("/calls", params={"number": LOCAL}).text

    assert "/calls/node1-1.1" in page
    assert "/calls/node1-1.2" not in page


@pytest.mark.parametrize("field", ["caller", "text"])
def test_tickets_of_a_local_landline_are_found(changsha: TestClient, field: str) -> None:
    found = changsha.get("/api/v1/tickets", params={field: LOCAL}).json()["items"]

    assert [item["id"] for item in found] == [1]


def test_the_page_of_tickets_finds_a_local_landline(changsha: TestClient) -> None:
    page = changsha.get("/tickets", params={"text": LOCAL}).text
    numbers = {item["id"]: item["ticket_number"] for item in changsha.get("/api/v1/tickets").json()["items"]}

    assert numbers[1] in page
    assert numbers[2] not in page
