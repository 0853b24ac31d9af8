"""How far the speaking of prompts is, from what its command has printed so far."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from app.flows.builds import STALE_AFTER, BuildFolder, BuildState
from app.platform.clock import utc_now
from app.platform.errors import NotFound

STEP = '{"done": 3, "total": 280, "key": "zh/greeting"}\n'
REPORT = '{"built": ["zh/greeting"], "copied": 0, "kept": 279, "failed": {}, "seconds": 0.4}\n'
REFUSAL = '{"refused": "step-failed", "message": "no voice"}\n'


def printing(text: str) -> tuple[str, ...]:
    """A command that prints this."""
    return (sys.executable, "-c", f"print({text!r}, end='')")


@pytest.mark.parametrize(
    ("printed", "state", "done"),
    [
        ("", BuildState.RUNNING, 0),
        (STEP, BuildState.RUNNING, 3),
        (STEP + '{"done": 4, "to', BuildState.RUNNING, 3),
        (STEP + REPORT, BuildState.ENDED, 0),
        (STEP + REFUSAL, BuildState.FAILED, 0),
    ],
)
def test_what_was_printed_tells_how_far_it_is(tmp_path: Path, printed: str, state: BuildState, done: int) -> None:
    folder = BuildFolder(tmp_path, printing(printed))
    build_id = folder.add(by="ops1").id
    assert folder.read(build_id).state is BuildState.WAITING

    assert folder.carry_out(build_id) == 0

    build = folder.read(build_id)
    assert (build.state, build.done, build.request.by) == (state, done, "ops1")
    assert build.is_over is (state is not BuildState.RUNNING)


def test_a_build_is_done_once_however_often_its_job_runs(tmp_path: Path) -> None:
    folder = BuildFolder(tmp_path, printing(REPORT))
    build_id = folder.add(by="ops1").id

    assert (folder.carry_out(build_id), folder.carry_out(build_id)) == (0, None)


@pytest.mark.parametrize("printed", [None, STEP])
def test_what_nobody_began_or_ended_in_time_has_failed(tmp_path: Path, printed: str | None) -> None:
    now = utc_now()
    folder = BuildFolder(tmp_path, printing(printed or ""), clock=lambda: now)
    build_id = folder.add(by="ops1").id
    if printed:
        folder.carry_out(build_id)

    later = BuildFolder(tmp_path, clock=lambda: now + STALE_AFTER + timedelta(seconds=1))

    assert later.read(build_id).state is BuildState.FAILED


@pytest.mark.parametrize("build_id", ["0123456789abcdef", "../../etc/passwd", ""])
def test_what_was_never_asked_for_is_not_found(tmp_path: Path, build_id: str) -> None:
    with pytest.raises(NotFound):
        BuildFolder(tmp_path).read(build_id)
