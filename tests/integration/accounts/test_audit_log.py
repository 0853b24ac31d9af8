"""The audit log, read: by whom, what, which thing and when; page by page; numbers masked; nothing to change."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.accounts import audit
from app.accounts.audit_log import ACTIONS, OBJECTS
from app.accounts.auth import SYSTEM, Actor
from app.accounts.models import Role
from app.contract.env import PROJECT
from app.platform.database import Database

pytestmark = pytest.mark.services

LogIn = Callable[..., dict[str, str]]
AT = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
"""00:30 of 11-23 in Shanghai."""


@pytest.fixture
def entries(database: Database) -> None:
    """A day of deeds: 60 revealed numbers, one applied change, one unknown deed."""
    li, chen = Actor("8001", address="10.0.0.7"), Actor("chen")
    with database.transaction() as session:
        for number in range(60):
            audit.record(
                session, li, "number_revealed", at=AT + timedelta(minutes=number), object_type="call",
                object_id=f"node1-{number}.0", detail={"reason": "回拨 13812345678 核实"},
            )  # fmt: skip
        audit.record(
            session, chen, "change_applied", at=AT - timedelta(days=1), object_type="dialplan_change", object_id="7",
            detail={"why": "并入", "overwrites_hand_edits": False},
        )  # fmt: skip
        audit.record(session, SYSTEM, "moon_landed", at=AT, detail={"crater": "Tycho"})


def found(client: TestClient, **query: object) -> list[dict[str, object]]:
    answer = client.get("/api/v1/audit-entries", params={key: str(value) for key, value in query.items()})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


@pytest.mark.usefixtures("entries")
def test_entries_are_found_by_who_what_thing_and_time(client: TestClient, log_in: LogIn) -> None:
    log_in("auditor", Role.AUDITOR)

    assert len(found(client, actor="8001", limit=200)) == 60
    assert [row["actor"] for row in found(client, action="change_applied")] == ["chen"]
    assert [row["object_id"] for row in found(client, object_type="call", object_id="node1-3.0")] == ["node1-3.0"]
    begin = AT + timedelta(minutes=10)
    assert len(found(client, actor="8001", **{"from": begin, "to": begin + timedelta(minutes=5)})) == 5


@pytest.mark.usefixtures("entries")
def test_pages_follow_each_other_without_a_gap(client: TestClient, log_in: LogIn) -> None:
    log_in("auditor", Role.AUDITOR)
    ids: list[object] = []
    cursor = ""
    while True:
        query = {"actor": "8001", "limit": "25", **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/audit-entries", params=query).json()
        ids += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]

    assert len(ids) == len(set(ids)) == 60
    assert ids == sorted(ids, reverse=True)  # type: ignore[type-var]


@pytest.mark.usefixtures("entries")
def test_numbers_that_people_wrote_into_reasons_are_masked(client: TestClient, log_in: LogIn) -> None:
    log_in("auditor", Role.AUDITOR)

    assert found(client, actor="8001", limit=1)[0]["detail"] == {"reason": "回拨 138****5678 核实"}
    assert "13812345678" not in client.get("/audit?actor=8001").text


@pytest.mark.usefixtures("entries")
def test_the_page_filters_by_days_of_shanghai(client: TestClient, log_in: LogIn) -> None:
    log_in("super", Role.SUPERVISOR)

    page = client.get("/audit?actor=8001&since=2026-11-23&until=2026-11-23").text
    assert "下一页" in page
    assert "查看完整号码" in page
    assert "没有符合条件的记录" in client.get("/audit?actor=8001&since=2026-11-22&until=2026-11-22").text
    assert "日期格式不正确" in client.get("/audit?since=gestern").text


@pytest.mark.usefixtures("entries")
def test_a_deed_without_a_chinese_name_is_told_in_general(client: TestClient, log_in: LogIn) -> None:
    log_in("auditor", Role.AUDITOR)

    page = client.get("/audit?actor=system").text

    assert "其他操作" in page
    assert page.index("技术信息") < page.index("moon_landed") < page.index("crater: Tycho")


@pytest.mark.parametrize("query", ["cursor=%ff", "cursor=abc", "from=yesterday", "limit=0", f"actor={'x' * 100}"])
def test_a_query_that_cannot_be_read_is_refused(client: TestClient, log_in: LogIn, query: str) -> None:
    log_in("auditor", Role.AUDITOR)

    assert client.get(f"/api/v1/audit-entries?{query}").status_code == 422


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPS, Role.UNIT_STAFF, Role.ADMIN])
def test_the_log_is_for_auditors_and_supervisors(client: TestClient, log_in: LogIn, role: Role) -> None:
    log_in("8001", role)

    assert client.get("/api/v1/audit-entries").status_code == 403
    assert client.get("/audit").status_code == 403


def recorded() -> tuple[set[str], set[str]]:
    """Names of deeds and of things, as the sources write them into the log."""
    actions, objects = set(), set()
    for file in (PROJECT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "record" not in ast.unparse(node.func):
                continue
            words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if "audit.record" in ast.unparse(node.func):
                actions.update(words)
            objects |= {
                one.value.value
                for one in node.keywords
                if one.arg == "object_type" and isinstance(one.value, ast.Constant)
            }
    return actions, {str(one) for one in objects}


def test_every_deed_and_every_thing_has_a_chinese_name() -> None:
    """A new audit entry needs its words in app/accounts/audit_log.py."""
    actions, objects = recorded()

    assert len(actions) >= 12
    assert actions - set(ACTIONS) == set()
    assert objects - set(OBJECTS) == set()
