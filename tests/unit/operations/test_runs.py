"""A change that a page asked for: once, watched while it runs, and honest about a process that died."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.contract.changes import Outcome, StepName, StepOutcome
from app.operations.runs import MARKING_SECONDS, STALE_AFTER, RunFolder, RunKind, RunRequest, RunState, new_run_id
from app.operations.service import ReasonMissing, clean_reason
from app.platform.errors import NotFound

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BEGIN = '{"step": {"name": "check", "outcome": "running"}}'
END = '{"step": {"name": "check", "outcome": "done", "duration_ms": 12}}'
REPORT = '{"outcome": "applied", "message": "version 2 is in force", "version": 2}'

Runs = Callable[..., RunFolder]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """`runs("python source")`: the program that plays the command."""
    return lambda source="", now=NOW: RunFolder(tmp_path, (sys.executable, "-c", source), clock=lambda: now)


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
        os.kill(json.loads(begun.read_text())["pid"], signal.SIGKILL)
        worker.join()
    assert folder.read(asked.id).state is RunState.LOST
    assert folder.find_running() is None


def test_a_run_that_nobody_began_in_time_expires_and_blocks_nobody(runs: Runs) -> None:
    asked = request()
    runs().add(asked)
    assert runs(now=NOW + STALE_AFTER).find_running() == runs().read(asked.id)

    late = runs(now=NOW + STALE_AFTER + timedelta(seconds=1))

    assert (late.read(asked.id).state, late.find_running()) == (RunState.EXPIRED, None)


def test_a_run_that_could_not_be_started_is_lost(tmp_path: Path) -> None:
    folder, asked = RunFolder(tmp_path, (str(tmp_path / "no-such-program"),), clock=lambda: NOW), request()
    folder.add(asked)

    with pytest.raises(FileNotFoundError):
        folder.carry_out(asked.id)

    assert (folder.read(asked.id).state, folder.find_running()) == (RunState.LOST, None)


def test_a_reason_that_no_process_can_be_given_loses_the_run_alone(runs: Runs) -> None:
    folder, asked = runs(), request(why="a\0b")
    folder.add(asked)

    with pytest.raises(ValueError, match="null byte"):
        folder.carry_out(asked.id)

    assert folder.find_running() is None


def test_an_empty_mark_counts_for_moments_only(runs: Runs, tmp_path: Path) -> None:
    folder, asked = runs(), request()
    folder.add(asked)
    mark = tmp_path / "operations/runs" / asked.id / "started.json"
    mark.touch()
    assert folder.read(asked.id).state is RunState.RUNNING

    old = mark.stat().st_mtime - MARKING_SECONDS - 1
    os.utime(mark, (old, old))

    assert (folder.read(asked.id).state, folder.find_running()) == (RunState.LOST, None)


@pytest.mark.parametrize("mark", [{"started": 1}, {"pid": None}, {}, {"pid": "x"}, []])
def test_a_mark_of_another_process_is_not_taken_for_the_run(runs: Runs, tmp_path: Path, mark: object) -> None:
    """The number of a process is given out again; `started` tells the two apart."""
    folder, asked = runs(), request()
    folder.add(asked)
    content = mark | {"pid": os.getpid()} if mark == {"started": 1} and isinstance(mark, dict) else mark
    (tmp_path / "operations/runs" / asked.id / "started.json").write_text(json.dumps(content))

    assert folder.read(asked.id).state is RunState.LOST


def test_what_is_no_run_is_passed_over(runs: Runs, tmp_path: Path) -> None:
    folder, asked = runs(), request()
    folder.add(asked)
    place = tmp_path / "operations/runs"
    (place / "notes.txt").touch()
    empty, damaged = new_run_id(), new_run_id()
    for run_id in (empty, damaged, *(new_run_id() for _ in range(5))):
        (place / run_id).mkdir()
    (place / damaged / "request.json").write_bytes(b'{"id": "\xff')

    assert folder.find_running() == folder.read(asked.id)
    for run_id in (empty, damaged):
        with pytest.raises(NotFound):
            folder.read(run_id)


def test_a_reason_is_one_line_without_control_characters() -> None:
    assert clean_reason(" 12333\0\x1b 自\n12 月\u202e并入 ") == "12333 自 12 月 并入"
    with pytest.raises(ReasonMissing):
        clean_reason("\0\x01\x02\x03\u200b")


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
