"""What was parked is tried again once its cause is mended: by API and by command, with its sender's own rights."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from app.accounts import service as accounts
from app.accounts.auth import SYSTEM, Actor
from app.accounts.models import AuditEntry, Role
from app.calls.models import Call, ParkedEvent
from app.cli.console import StepFailed
from app.cli.main import app
from app.contract.events import CallArrived, CallEvent, EventBatch
from app.ingest import rules
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services

BUREAU = Actor(name="bureau", node="bureau", line="12315")


@pytest.fixture(autouse=True)
def installation(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work on this test's database."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SUDO_USER", "wang")


@pytest.fixture
def operator(client: TestClient, database: Database) -> dict[str, str]:
    with database.transaction() as session:
        accounts.create_user(
            session, "3001", display_name="运维", role=Role.OPS, password="hotline-password", now=utc_now()
        )
    answer = client.post("/api/v1/session", json={"username": "3001", "password": "hotline-password"})
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def arrived(at: datetime, node: str = "node1", line: str = "") -> CallEvent:
    payload = CallArrived(trunk="carrier", dnis="12345", ani="19900012345", original_line=line)
    return CallEvent.make(payload, node=node, occurred_at=at, uniqueid=f"{node}-1.1", call_id=f"{node}-1.1")


def park(
    database: Database, event: CallEvent, now: datetime, *, sender: Actor = SYSTEM, node: str = "node1.ami"
) -> int:
    with database.transaction() as session:
        sent = EventBatch(node=node, events=[{**event.model_dump(mode="json"), "seq": 7}])
        assert store_batch(session, sent, Terms(), now, sender).parked == 1
        return session.scalars(select(ParkedEvent.id).order_by(ParkedEvent.id.desc())).first() or 0


def calls(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Call.call_id)))


@pytest.fixture
def of_tomorrow(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> int:
    """Parked because a clock was wrong; that is mended now."""
    with monkeypatch.context() as patch:
        patch.setattr(rules, "CLOCK_SLACK", timedelta(hours=-2))
        return park(database, arrived(now), now)


def test_an_operator_tries_an_event_again_and_it_is_kept_once(
    client: TestClient, operator: dict[str, str], of_tomorrow: int, database: Database
) -> None:
    where = f"/api/v1/call-events/parked/{of_tomorrow}/retry"

    answer = client.post(where, headers=operator)

    assert (answer.status_code, answer.json()["is_kept"]) == (200, True)
    assert calls(database) == ["node1-1.1"]
    assert client.post(where, headers=operator).json()["code"] == "already-kept"
    assert client.get("/api/v1/call-events/parked", params={"open": True}).json()["items"] == []
    [row] = client.get("/api/v1/call-events/parked").json()["items"]
    assert (row["tried_by"], row["kept_at"] is not None) == ("3001", True)
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "event_retried")).one()
    assert (entry.actor, entry.detail["is_kept"]) == ("3001", True)
    assert client.post("/api/v1/call-events/parked/999999/retry", headers=operator).status_code == 404


def test_what_still_cannot_be_kept_stays_parked_with_the_reason_of_today(
    client: TestClient, operator: dict[str, str], database: Database, now: datetime
) -> None:
    far = park(database, arrived(now + timedelta(days=30)), now)

    answer = client.post(f"/api/v1/call-events/parked/{far}/retry", headers=operator).json()

    assert (answer["is_kept"], "out of range" in answer["event"]["reason"]) == (False, True)
    assert (answer["event"]["tried_by"], calls(database)) == ("3001", [])


def test_a_foreign_exchange_gets_no_more_rights_by_being_tried_again(
    client: TestClient, operator: dict[str, str], database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        accounts.create_service_token(session, "bureau", ["call-events:write"], now=now, node="bureau", line="12315")
    of_another_line = park(database, arrived(now, "bureau", "12333"), now, sender=BUREAU, node="bureau.pbx")

    answer = client.post(f"/api/v1/call-events/parked/{of_another_line}/retry", headers=operator).json()

    assert (answer["is_kept"], "12333" in answer["event"]["reason"]) == (False, True)
    assert calls(database) == []


def test_an_event_that_was_cut_says_who_has_to_tell_it_again(
    client: TestClient, operator: dict[str, str], database: Database, now: datetime
) -> None:
    with database.transaction() as session:
        sent = EventBatch(node="node1.ami", events=[{"event_id": "x", "padding": "y" * 20_000}])
        store_batch(session, sent, Terms(), now)
        row_id = session.scalars(select(ParkedEvent.id)).one()

    answer = client.post(f"/api/v1/call-events/parked/{row_id}/retry", headers=operator).json()

    assert (answer["is_kept"], "截断" in answer["event"]["reason"]) == (False, True)


def test_only_ops_try_again(client: TestClient, service_token: Callable[..., dict[str, str]], of_tomorrow: int) -> None:
    headers = service_token("call-events:write", name="bridge")

    assert client.post(f"/api/v1/call-events/parked/{of_tomorrow}/retry", headers=headers).status_code == 403


def hotline(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["events", "parked", *words])
    if isinstance(result.exception, StepFailed):
        return 1, str(result.exception)
    return result.exit_code, result.stdout


def test_a_person_at_the_terminal_lists_and_tries_again(of_tomorrow: int, database: Database) -> None:
    code, listed = hotline("list", "--json")
    assert (code, [row["id"] for row in json.loads(listed)]) == (0, [of_tomorrow])
    assert "occurred_at" in hotline("list")[1]

    assert hotline("retry", "--all") == (0, "1 of 1 kept\n")

    assert calls(database) == ["node1-1.1"]
    assert hotline("list") == (0, "nothing is parked\n")
    assert json.loads(hotline("list", "--all", "--json")[1])[0]["tried_by"] == "wang"
    assert hotline("retry", str(of_tomorrow))[1].startswith(f"{of_tomorrow}: already-kept")


def test_the_exit_code_says_that_something_stays_parked(of_tomorrow: int, database: Database, now: datetime) -> None:
    far = park(database, arrived(now + timedelta(days=30), "node2"), now, node="node2.ami")

    code, said = hotline("retry", "--all", "--json")

    assert (code, [(one["id"], one["is_kept"]) for one in json.loads(said)]) == (1, [(of_tomorrow, True), (far, False)])
    assert hotline("retry")[1] == "say which: ids, or --all"
    assert hotline("retry", "--all", "--node", "node1.ami", "--json") == (0, "[]\n")
