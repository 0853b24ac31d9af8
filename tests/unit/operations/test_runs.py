"""A change that a page asked for: once, watched while it runs, and honest about a process that died."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.contract.changes import Outcome, StepName, StepOutcome
from app.operations.runs import RunFolder, RunKind, RunRequest, RunState, new_run_id
from app.platform.errors import NotFound

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BEGIN = '{"step": {"name": "check", "outcome": "running"}}'
END = '{"step": {"name": "check", "outcome": "done", "duration_ms": 12}}'
REPORT = '{"outcome": "applied", "message": "version 2 is in force", "version": 2}'

Runs = Callable[..., RunFolder]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """`runs("python source")`: the program that plays the command."""
    return lambda source="": RunFolder(tmp_path, (sys.executable, "-c", source))


def request(**changes: object) -> RunRequest:
    known: dict[str, object] = {"id": new_run_id(), "kind": RunKind.APPLY, "target": "p1", "why": "试", "by": "ops1"}
    return RunRequest.model_validate(known | {"at": NOW} | changes)


def prints(*lines: str) -> str:
    return f"for line in {lines!r}: print(line, flush=True)"


def test_a_run_waits_then_ends_with_its_steps_and_report(runs: Runs) -> None:
    folder, asked = runs(prints(BEGIN, END, REPORT)), request()
    folder.add(asked)
    assert folder.read(asked.id).state is RunState.WAITING

    assert folder.carry_out(asked.id) == 0

    run = folder.read(asked.id)
    assert (run.state, run.report and run.report.outcome) == (RunState.ENDED, Outcome.APPLIED)
    assert [(step.name, step.outcome) for step in run.steps] == [(StepName.CHECK, StepOutcome.DONE)]


def test_a_run_is_carried_out_once(runs: Runs) -> None:
    folder, asked = runs(prints(REPORT)), request()
    folder.add(asked)

    assert [folder.carry_out(asked.id), folder.carry_out(asked.id)] == [0, None]


def test_a_run_is_seen_while_it_runs_and_lost_when_its_process_dies(runs: Runs, tmp_path: Path) -> None:
    pipe = tmp_path / "go"
    os.mkfifo(pipe)
    folder, asked = runs(f"{prints(BEGIN)}\nopen({str(pipe)!r}).read()"), request()
    folder.add(asked)
    worker = threading.Thread(target=folder.carry_out, args=(asked.id,))
    worker.start()
    with pipe.open("w"):  # opens when the other side reads: the step has been told
        assert folder.read(asked.id).state is RunState.RUNNING
        assert [step.outcome for step in folder.read(asked.id).steps] == [StepOutcome.RUNNING]
        assert folder.find_running() == folder.read(asked.id)
        begun = tmp_path / "operations/runs" / asked.id / "started.json"
        os.kill(int(begun.read_text().split(":")[1].strip(" }")), signal.SIGKILL)
        worker.join()
    assert folder.read(asked.id).state is RunState.LOST
    assert folder.find_running() is None


def test_the_command_stands_in_a_session_of_its_own(runs: Runs) -> None:
    """So that a signal to the worker's group, as supervisors send it, leaves the change alone."""
    source = f"import os\nif os.getpid() == os.getsid(0): print({REPORT!r})"
    folder, asked = runs(source), request()
    folder.add(asked)

    folder.carry_out(asked.id)

    assert folder.read(asked.id).state is RunState.ENDED


def test_a_line_that_is_half_written_is_no_report_yet(runs: Runs) -> None:
    folder, asked = runs(prints(BEGIN, REPORT[:-5])), request()
    folder.add(asked)

    folder.carry_out(asked.id)

    assert folder.read(asked.id).report is None


@pytest.mark.parametrize("run_id", ["", "..", "../../etc", "0" * 15, "0" * 16, "A" * 16])
def test_a_run_that_does_not_exist_is_told(runs: Runs, run_id: str) -> None:
    with pytest.raises(NotFound):
        runs().read(run_id)


def test_the_command_is_told_what_was_asked() -> None:
    asked = request(kind=RunKind.ROLLBACK, target="3", is_dry_run=True, overwrites_hand_edits=True)

    assert asked.arguments == [
        "rollback", "3", "--why=试", "--by=ops1", "--dry-run", "--overwrite-hand-edits", "--json", "--progress",
    ]  # fmt: skip
    assert request().arguments[:2] == ["apply", "--proposal=p1"]
