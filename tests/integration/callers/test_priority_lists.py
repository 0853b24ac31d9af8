"""Lists of priority callers: imported over the API and at the terminal, shown on their page, numbers masked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from app.accounts import service as accounts
from app.accounts.models import AuditEntry, Role
from app.callers.models import PriorityCaller
from app.cli.console import StepFailed
from app.cli.main import app
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
LIST = "号码,类别,原因\n19900012345,老年人,独居老人\n110,老年人,独居老人\n0375-1234567,残障人士,\n"
Enter = Callable[..., dict[str, str]]


@pytest.fixture
def enter(client: TestClient, database: Database) -> Enter:
    def log_in(role: Role = Role.SUPERVISOR) -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(session, role, display_name="李静", role=role, password=PASSWORD, now=utc_now())
        answer = client.post("/api/v1/session", json={"username": role, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


@pytest.fixture
def terminal(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`hotline priority …` on this test's database."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("SUDO_USER", "wang")

    def hotline(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["priority", *words])
        if isinstance(result.exception, StepFailed):
            return 1, str(result.exception)
        return result.exit_code, result.stdout

    return hotline


def entries(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.object_type == "priority_caller"))
        return [(one.action, one.actor) for one in found]


def test_a_list_is_imported_once_its_broken_rows_told_and_each_number_audited(
    client: TestClient, enter: Enter, database: Database
) -> None:
    body, headers = {"csv": LIST, "reason": "残联名单"}, enter()

    first = client.post("/api/v1/priority-callers/import", headers=headers, json=body).json()
    again = client.post("/api/v1/priority-callers/import", headers=headers, json=body).json()

    assert (first["flagged"], first["known"], [row["row"] for row in first["broken"]]) == (2, 0, [3])
    assert (again["flagged"], again["known"]) == (0, 2)
    assert entries(database) == [("priority_set", "supervisor")] * 2
    with database.reading() as session:
        found = session.scalars(select(PriorityCaller).order_by(PriorityCaller.id))
        assert [(row.kind, row.reason) for row in found] == [("elderly", "独居老人"), ("disabled", "残联名单")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"csv": "姓名\n某某\n"}, "file-unreadable"),
        ({"csv": ""}, "file-unreadable"),
        ({"csv": LIST, "reason": "x\ny"}, "validation-failed"),
        ({}, "validation-failed"),
    ],
)
def test_what_is_no_list_flags_nobody(
    client: TestClient, enter: Enter, database: Database, body: dict[str, str], code: str
) -> None:
    answer = client.post("/api/v1/priority-callers/import", headers=enter(), json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert entries(database) == []


def test_the_page_shows_flags_masked_with_who_and_why(client: TestClient, enter: Enter) -> None:
    client.post("/api/v1/priority-callers/import", headers=enter(), json={"csv": LIST})

    page = client.get("/priority-callers").text
    found = client.get("/priority-callers", params={"number": "199 0001 2345"}).text

    assert ("199****2345" in page, "19900012345" in page, "独居老人" in page) == (True, False, True)
    assert "199****2345" in found
    assert "没有符合条件的号码" in client.get("/priority-callers", params={"view": "done"}).text
    assert "号码格式不正确" in client.get("/priority-callers", params={"number": "abc"}).text


def test_the_page_is_for_those_who_may_flag(client: TestClient, enter: Enter) -> None:
    enter(Role.OPS)

    assert client.get("/priority-callers").status_code == 403


def test_a_person_at_the_terminal_flags_lists_imports_and_clears(
    terminal: Callable[..., tuple[int, str]], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="gb18030")

    code, told = terminal("import", str(file), "--why", "残联名单", "--json")
    assert (code, json.loads(told)["flagged"]) == (1, 2)  # one row is broken
    assert terminal("set", "13800000001", "--kind", "minor", "--why", "未成年人求助")[0] == 0

    [row] = json.loads(terminal("list", "--number", "138 0000 0001", "--json")[1])
    assert (row["caller_number"], row["set_by"]) == ("138****0001", "wang")
    assert terminal("clear", str(row["id"]), "--why", "号码已换机主")[0] == 0
    assert terminal("clear", str(row["id"]), "--why", "号码已换机主")[1].startswith("already-cleared")

    assert "138****0001" in terminal("list", "--cleared")[1]
    assert "138****0001" not in terminal("list")[1]
    assert entries(database)[-1] == ("priority_cleared", "wang")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "110", "--kind", "elderly", "--why", "急救电话"), "not-a-number"),
        (("set", "13800000001", "--kind", "elderly", "--why", "x"), "the reason has"),
        (("clear", "999", "--why", "不存在的"), "not-found"),
        (("list", "--number", "nobody"), "no number that can call"),
    ],
)
def test_what_the_terminal_refuses_says_why(
    terminal: Callable[..., tuple[int, str]], words: tuple[str, ...], said: str
) -> None:
    code, told = terminal(*words)

    assert (code, said in told) == (1, True)
