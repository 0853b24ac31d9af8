"""`hotline clock` on a machine without a case store: what scripts read, and what wrong input is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.console import StepFailed
from app.cli.doctor.finding import Level
from app.cli.doctor.installation import judge_calendar
from app.cli.main import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)


def due(*arguments: str) -> dict[str, object]:
    answer = runner.invoke(app, ["clock", "due", *arguments, "--json"])
    assert answer.exit_code == 0, answer.output
    told: dict[str, object] = json.loads(answer.stdout)
    return told


def test_a_script_reads_the_due_time_and_why() -> None:
    assert due("2026-02-13T10:00", "--working-days", "3") == {
        "due_at": "2026-02-25T23:59:59+08:00",
        "explanation": [
            "3 working days from Fri 2026-02-13 10:00 Asia/Shanghai, the start day not counted",
            "Spring Festival skipped: 2026-02-15 to 2026-02-23",
            "worked to make up, counted: Sat 2026-02-14",
            "due at the end of Wed 2026-02-25",
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "due_at"),
    [
        (["2026-10-01T23:30", "--hours", "2"], "2026-10-02T01:30:00+08:00"),
        (["2026-09-30T16:00", "--working-hours", "24"], "2026-10-08T16:00:00+08:00"),
        (["2026-09-30T16:00", "--working-days", "1", "--hours", "0.5"], "2026-10-09T00:29:59+08:00"),
        (["2026-02-13T02:00:00Z", "--working-days", "3"], "2026-02-25T23:59:59+08:00"),
        (["2026-02-13", "--working-days", "3", "--profile", "anhui"], "2026-02-25T23:59:59+08:00"),
        (["2026-09-30T16:00", "--clock", "reply", "--type", "consult"], "2026-10-10T23:59:59+08:00"),
        (["2026-09-30T16:00", "--clock", "reply", "--profile", "beijing"], "2026-10-08T23:59:59+08:00"),
    ],
)
def test_every_kind_of_time_can_be_asked_for(arguments: list[str], due_at: str) -> None:
    assert due(*arguments)["due_at"] == due_at


def test_a_person_reads_the_same_in_lines() -> None:
    answer = runner.invoke(app, ["clock", "due", "2026-09-30T16:00", "--working-days", "5"])

    assert answer.stdout.splitlines()[0] == "2026-10-13 23:59:59 Asia/Shanghai"
    assert "National Day skipped: 2026-10-01 to 2026-10-07" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["soon", "--working-days", "3"], "write e.g. 2026-02-13T10:00"),
        (["9999-12-31T23:59", "--working-days", "3"], "beyond every calendar"),
        (["0001-01-01T00:00+14:00", "--working-days", "3"], "write e.g. 2026-02-13T10:00"),
        (["2026-02-13T10:00"], "--working-days"),
        (["2026-02-13T10:00", "--working-days", "0"], "--working-days"),
        (["2026-02-13T10:00", "--working-days", "many"], "--working-days"),
        (["2026-02-13T10:00", "--hours", "-1"], "--hours"),
        (["2026-02-13T10:00", "--hours", "1e12"], "--hours"),
        (["2026-02-13T10:00", "--working-days", "3", "--profile", "mars"], "there is no profile 'mars'"),
        (["2026-02-13T10:00", "--clock", "lunch"], "'lunch' is no clock"),
        (["2026-02-13T10:00", "--clock", "reply", "--type", "chat"], "'chat' is no type"),
        (["2026-02-13T10:00", "--clock", "reply", "--working-days", "3"], "not both"),
        (["2026-02-13T10:00", "--clock", "acknowledgement"], "does not run for such a ticket"),
    ],
)
def test_wrong_input_ends_with_two_and_says_what_is_wrong(arguments: list[str], told: str) -> None:
    answer = runner.invoke(app, ["clock", "due", *arguments], env={"COLUMNS": "200"})

    assert answer.exit_code == 2
    assert told in answer.output.replace("\n", " ")


@pytest.mark.parametrize("start", ["2026-12-25T10:00", "2030-01-01"])
def test_a_missing_year_is_told_and_never_guessed(start: str) -> None:
    answer = runner.invoke(app, ["clock", "due", start, "--working-days", "10"])

    assert isinstance(answer.exception, StepFailed)
    assert "is missing" in str(answer.exception)
    assert "hotline clock import-year" in answer.exception.remedy


def test_the_doctor_warns_of_the_missing_year_with_the_command_that_helps() -> None:
    finding = judge_calendar(2027)

    assert (finding.level, judge_calendar(None).level) == (Level.WARN, Level.OK)
    assert "2027" in finding.message
    assert "hotline clock import-year 2027" in finding.remedy
