"""`hotline call` before anything is played: the list, and refusals that say what to do."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialplan.seats import seat_password
from sipp_scenarios.command import app
from sipp_scenarios.display import show_report
from sipp_scenarios.loading import scenario_names
from sipp_scenarios.report import CallSummary, Check, Report, Stage
from sipp_scenarios.target import Target, TargetError

SECRET = "k" * 32


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    for name in ("SEAT_SECRET", "ALLOW_FAULTS", "DATABASE_URL"):
        monkeypatch.delenv(f"HOTLINE_{name}", raising=False)
    return tmp_path


def test_the_list_for_scripts_names_every_scenario() -> None:
    result = CliRunner().invoke(app, ["--list", "--json"])

    rows = json.loads(result.stdout)
    assert [row["name"] for row in rows] == scenario_names()
    assert {row["name"] for row in rows if row["needs_faults"]} >= {"agi-is-down", "database-is-locked"}


def test_a_home_without_settings_is_refused_with_what_to_do() -> None:
    result = CliRunner().invoke(app, ["options-ping"])

    assert result.exit_code == 2
    assert "HOTLINE_SEAT_SECRET; run `hotline setup`" in result.stderr


def test_a_stack_that_was_never_set_up_is_refused(own_home: Path) -> None:
    (own_home / "hotline.env").write_text(f"HOTLINE_SEAT_SECRET={SECRET}\n")

    result = CliRunner().invoke(app, ["options-ping"])

    assert result.exit_code == 2
    assert "demo-users.json is not usable" in result.stderr


def test_a_scenario_that_breaks_things_needs_permission(own_home: Path) -> None:
    (own_home / "hotline.env").write_text(f"HOTLINE_SEAT_SECRET={SECRET}\n")

    result = CliRunner().invoke(app, ["redis-is-stopped"])

    assert result.exit_code == 2
    assert "allow it with --allow-faults" in result.stderr


def test_a_seats_password_follows_from_the_secret_as_the_dialplan_has_it() -> None:
    assert Target(seat_secret=SECRET).seat_password("8001") == seat_password(SECRET, "8001")


@pytest.mark.parametrize("text", ["", "{}", '{"users": [{"username": "1001"}]}', "[1]"])
def test_a_damaged_list_of_people_is_refused(own_home: Path, text: str) -> None:
    (own_home / "demo-users.json").write_text(text)

    with pytest.raises(TargetError, match=r"demo-users\.json is not usable"):
        Target(seat_secret=SECRET).people()


def test_only_sqlite_has_a_file_to_lock(own_home: Path) -> None:
    assert Target(seat_secret=SECRET).sqlite_file == own_home / "hotline.db"
    assert Target(seat_secret=SECRET, database_url="sqlite:////data/x.db").sqlite_file == Path("/data/x.db")
    assert Target(seat_secret=SECRET, database_url="postgresql://u@h/d").sqlite_file is None


def test_a_report_shows_what_was_expected_beside_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console  # noqa: PLC0415 - it binds stdout when it is made

    report = Report(
        "no-agent", "Nobody is there.", "/traces",
        stages=[Stage(12, "citizen", "dials", "runner")],
        calls=[CallSummary("citizen", "node1-1.0", "199****1234", "no_agent", "", "")],
        checks=[Check("store", "citizen: outcome", "no_agent", "abandoned")],
        problems=["[citizen] never came"], hints=["look at /traces"], duration_ms=1500,
    )  # fmt: skip

    show_report(Console(width=120), report)

    shown = capsys.readouterr().out
    assert "no_agent" in shown
    assert "abandoned" in shown
    assert "[citizen] never came" in shown
    assert "failed  no-agent: 0 of 1 comparisons hold, 1.5 s" in shown
