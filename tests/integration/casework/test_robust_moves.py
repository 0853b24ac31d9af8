"""Twice, at once, or overtaken: a move has one effect, and who came second is told in words what happened."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.casework import service
from app.casework.models import FollowUp
from app.platform.errors import PreconditionFailed
from app.tickets.idempotency import KeyReused
from tests.integration.casework.conftest import COUNTY, PASSWORD, Stage

pytestmark = pytest.mark.services

TRY = {"channel": "phone", "reason": "无人接听"}


def attempt(stage: Stage, ticket: int, key: str | None, given: dict[str, Any] = TRY) -> int:
    with stage.database.transaction() as session:
        return service.move_once(
            session, ticket, "note_attempt", given, actor=stage.people["caller"], now=stage.now, version=None, key=key
        ).version


def tries(stage: Stage) -> int:
    with stage.database.reading() as session:
        return session.scalar(select(func.count()).select_from(FollowUp)) or 0


def test_a_move_sent_twice_with_its_key_is_made_once_and_answers_the_same(stage: Stage) -> None:
    ticket = stage.asked()

    stage.now = (stage.now + timedelta(days=1)).replace(hour=1)  # 9 in the morning: each part of a day has one try
    assert attempt(stage, ticket, "first-try") == attempt(stage, ticket, "first-try")
    assert tries(stage) == 1
    stage.now += timedelta(hours=5)
    attempt(stage, ticket, "second-try")
    stage.now += timedelta(hours=5)
    attempt(stage, ticket, None)
    assert tries(stage) == 3


def test_a_key_belongs_to_one_content_and_one_ticket(stage: Stage) -> None:
    ticket, other = stage.asked(), stage.asked()
    attempt(stage, ticket, "only-once")

    with pytest.raises(KeyReused):
        attempt(stage, ticket, "only-once", {**TRY, "reason": "关机"})
    with pytest.raises(KeyReused):
        attempt(stage, other, "only-once")


def test_a_refused_move_leaves_its_key_free(stage: Stage) -> None:
    ticket = stage.replied()  # not asked yet
    with pytest.raises(Exception, match="不能“回访未接通”"):
        attempt(stage, ticket, "too-early")
    stage.move(ticket, "audit_pass", "reviewer")

    attempt(stage, ticket, "too-early")

    assert tries(stage) == 1


def test_the_same_request_at_the_same_time_has_one_effect(stage: Stage) -> None:
    ticket = stage.asked()
    start, seen = threading.Barrier(3), list[int]()

    def send() -> None:
        start.wait()
        seen.append(attempt(stage, ticket, "all-at-once"))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert tries(stage) == 1
    assert len(set(seen)) == 1
    assert len(seen) == 3


def test_over_http_a_key_makes_dispatching_harmless_to_repeat(stage: Stage, client: TestClient) -> None:
    ticket = stage.ticket()
    answer = client.post("/api/v1/session", json={"username": "dispatcher", "password": PASSWORD})
    headers = {"X-CSRF-Token": answer.json()["csrf_token"], "Idempotency-Key": "dispatch-once"}
    body = {"given": {"lead_unit_code": COUNTY}}

    first, again = (client.post(f"/api/v1/tickets/{ticket}/moves/dispatch", json=body, headers=headers) for _ in "12")
    del headers["Idempotency-Key"]
    without = client.post(f"/api/v1/tickets/{ticket}/moves/dispatch", json=body, headers=headers)

    assert [first.status_code, again.status_code, without.status_code] == [200, 200, 409]
    assert first.json()["legs"] == again.json()["legs"]
    assert first.headers["ETag"] == again.headers["ETag"]


def test_who_was_overtaken_reads_who_did_what_and_sees_the_ticket_as_it_is_now(
    stage: Stage, client: TestClient, refused: Callable[..., Any]
) -> None:
    ticket = stage.ticket()
    read = stage.read(ticket).version
    stage.move(ticket, "dispatch", "dispatcher2", lead_unit_code=COUNTY)

    with refused(PreconditionFailed, r"dispatcher2 于 \d\d:\d\d:\d\d 进行了“派单”（状态、主办单位）"):
        stage.move(ticket, "dispatch", "dispatcher", version=read, lead_unit_code=COUNTY)
    answer = client.post("/api/v1/session", json={"username": "dispatcher", "password": PASSWORD})
    form = {"version": str(read), "lead_unit_code": COUNTY, "csrf_token": answer.json()["csrf_token"]}
    page = client.post(f"/tickets/{ticket}/handling/dispatch", data=form, headers={"HX-Request": "true"}).text

    assert "进行了“派单”" in page
    assert "宝丰县人民政府" in page
    assert "clock_" not in page
