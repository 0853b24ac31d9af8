"""`hotline lines reconcile` and `hotline token`, as a person or a script runs them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select
from typer.testing import CliRunner, Result

from app.accounts.models import ServiceToken
from app.calls.models import Call, Reconciliation
from app.cli.console import StepFailed
from app.cli.main import app
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services
NOON_OF_SHANGHAI = "2026-11-22 12:00:00"


@pytest.fixture(autouse=True)
def installation(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work on this test's database."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))


def hotline(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def reconcile(file: Path, *more: str, line: str = "12315") -> Result:
    return hotline("lines", "reconcile", "--date", "2026-11-22", "--line", line, "--file", str(file), *more)


@pytest.fixture
def cdr(tmp_path: Path) -> Path:
    file = tmp_path / "cdr.csv"
    file.write_text(f"started_at,caller\n{NOON_OF_SHANGHAI},13800138000\nyesterday,13800138000\n", encoding="utf-8")
    return file


def test_a_script_reads_what_is_missing_and_the_exit_code_says_so(cdr: Path, database: Database) -> None:
    answer = reconcile(cdr, "--json")

    told = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert (told["theirs"], told["matched"], told["is_complete"]) == (1, 0, False)
    assert told["missing_here"][0]["caller"] == "138****8000"
    assert (told["broken"][0]["row"], "write it like" in told["broken"][0]["message"]) == (3, True)
    with database.reading() as session:
        assert session.scalars(select(Reconciliation)).one().file_name == "cdr.csv"


def test_a_person_reads_where_and_what_to_do(cdr: Path) -> None:
    answer = reconcile(cdr)

    assert "1 calls in the file, 0 in our records, 0 in both" in answer.stdout
    assert NOON_OF_SHANGHAI in answer.stdout
    assert "13800138000" not in answer.stdout


def test_a_dry_run_keeps_nothing(cdr: Path, database: Database) -> None:
    reconcile(cdr, "--dry-run")

    with database.reading() as session:
        assert session.scalars(select(Reconciliation)).all() == []


def test_a_complete_day_ends_with_0_and_test_calls_do_not_count(tmp_path: Path, database: Database) -> None:
    file = tmp_path / "cdr.csv"
    file.write_text("started_at,caller\n", encoding="utf-8")
    with database.transaction() as session:
        session.add(Call(call_id="node1-1.1", node="node1", original_line="12315", is_test=True, arrived_at=utc_now()))

    assert reconcile(file).exit_code == 0


@pytest.mark.parametrize(
    ("day", "expected"), [("2024-12-31", 0), ("2025-01-01", 1)], ids=["its last day", "no number of the line any more"]
)
def test_another_number_of_the_line_counts_on_its_days(
    day: str, expected: int, tmp_path: Path, database: Database
) -> None:
    file = tmp_path / "cdr.csv"
    file.write_text(f"started_at,caller,called\n{day} 12:00:00,13800138000,12356\n", encoding="utf-8")
    noon = datetime.fromisoformat(f"{day}T04:00:00+00:00")
    with database.transaction() as session:
        known = {"call_id": "node1-1.1", "node": "node1", "original_line": "12320", "caller_number": "13800138000"}
        session.add(Call(**known, arrived_at=noon))

    answer = hotline("lines", "reconcile", "--date", day, "--line", "12320", "--file", str(file))

    assert answer.exit_code == expected
    assert (f"no row is of line 12320 on {day}" in " ".join(answer.stdout.split())) == bool(expected)


def test_the_list_of_another_line_is_not_called_complete(tmp_path: Path, database: Database) -> None:
    file = tmp_path / "cdr.csv"
    file.write_text(f"started_at,caller,called\n{NOON_OF_SHANGHAI},13800138000,12333\n", encoding="utf-8")

    answer, told = reconcile(file), json.loads(reconcile(file, "--json").stdout)

    assert (answer.exit_code, told["is_complete"]) == (1, False)
    assert "complete" not in answer.stdout.replace("not complete", "")


def test_a_local_landline_is_one_of_the_regions(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_AREA_CODE", "0731")
    file = tmp_path / "cdr.csv"
    file.write_text(f"started_at,caller\n{NOON_OF_SHANGHAI},8234567\n", encoding="utf-8")
    with database.transaction() as session:
        known = {"call_id": "node1-1.1", "node": "node1", "original_line": "12315", "caller_number": "07318234567"}
        session.add(Call(**known, arrived_at=datetime.fromisoformat("2026-11-22T04:00:00+00:00")))

    assert reconcile(file).exit_code == 0


@pytest.mark.parametrize(("line", "content"), [("99999", "started_at,caller\n"), ("12315", "nothing of use\n")])
def test_what_cannot_be_compared_is_a_failed_step_with_a_remedy(tmp_path: Path, line: str, content: str) -> None:
    file = tmp_path / "cdr.csv"
    file.write_text(content, encoding="utf-8")

    failure = reconcile(file, line=line).exception

    assert isinstance(failure, StepFailed)
    assert failure.remedy


def test_a_foreign_exchanges_token_is_made_used_listed_and_switched_off(client: TestClient, database: Database) -> None:
    plain = hotline(
        "token", "add", "bureau", "--scope", "call-events:write", "--node", "bureau", "--line", "12315"
    ).stdout.split()[-1]  # the web app of this process logs there, too
    cursor = "/api/v1/call-events/cursor"
    headers = {"Authorization": f"Bearer {plain}"}

    assert client.get(cursor, params={"node": "bureau.pbx"}, headers=headers).status_code == 200
    assert client.get(cursor, params={"node": "node1.ami"}, headers=headers).status_code == 403
    assert json.loads(hotline("token", "list", "--json").stdout) == [
        {"name": "bureau", "scopes": ["call-events:write"], "node": "bureau", "line": "12315", "is_active": True}
    ]
    assert plain not in hotline("token", "list").stdout
    assert hotline("token", "off", "bureau").exit_code == 0
    with database.reading() as session:
        assert not session.scalars(select(ServiceToken)).one().is_active


@pytest.mark.parametrize(
    "words",
    [
        ["--scope", "call-events:write", "--line", "12315"],
        ["--scope", "call-events:write", "--node", "bureau", "--line", "99999"],
        ["--scope", "call-events:write", "--node", "node1", "--line", "12315"],
        ["--scope", "everything"],
    ],
    ids=["a line without a node", "no line of ours", "our own node", "no scope"],
)
def test_a_token_that_would_open_too_much_is_refused(words: list[str]) -> None:
    assert isinstance(hotline("token", "add", "bureau", *words).exception, StepFailed)
