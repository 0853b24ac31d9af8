"""Applies and rollbacks that pages ask for. Each is a folder of its own under `operations/runs` in the home folder:

`request.json` who asked for what · `started.json` the process that does it, written once · `output.jsonl` what the
command printed, one step a line and the report last. Files, not Redis: whoever looks later still finds them, and the
command writes on when web server or worker are restarted in the middle.
"""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.contract import changes
from app.contract.env import PROJECT
from app.operations.commands import OWN_PROGRAM, command_environment
from app.platform.errors import NotFound

RUN_ID = re.compile(r"[0-9a-f]{16}")
KEPT_RUNS = 200


class RunKind(StrEnum):
    APPLY = "apply"
    ROLLBACK = "rollback"


class RunRequest(BaseModel):
    """What a person asked for. `target` is a proposal's id, or the number of the version to bring back."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: RunKind
    target: str
    why: str
    by: str
    at: datetime
    is_dry_run: bool = False
    overwrites_hand_edits: bool = False

    @property
    def arguments(self) -> list[str]:
        """Of `hotline dialplan`."""
        target = [f"--proposal={self.target}"] if self.kind is RunKind.APPLY else [self.target]
        options = [("--dry-run", self.is_dry_run), ("--overwrite-hand-edits", self.overwrites_hand_edits)]
        chosen = [name for name, is_chosen in options if is_chosen]
        return [self.kind, *target, f"--why={self.why}", f"--by={self.by}", *chosen, "--json", "--progress"]


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"
    """Its process is gone without a report: somebody must look at the node's state."""


class Run(BaseModel):
    """A request and what has become of it."""

    request: RunRequest
    state: RunState
    steps: list[changes.Step] = []
    report: changes.ApplyReport | None = None


class RunFolder:
    """The runs of one installation."""

    def __init__(self, home: Path, program: Sequence[str] = OWN_PROGRAM) -> None:
        self._home = home
        self._program = program
        self._folder = home / "operations" / "runs"

    def add(self, request: RunRequest) -> None:
        """Keep a request; the oldest beyond the limit go."""
        place = self._folder / request.id
        place.mkdir(parents=True, mode=0o700)
        (place / "request.json").write_text(request.model_dump_json(), encoding="utf-8")
        for old in sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_RUNS]:
            for file in old.iterdir():
                file.unlink(missing_ok=True)
            old.rmdir()

    def carry_out(self, run_id: str) -> int | None:
        """Run the command to its end; its exit code. None: somebody has begun it already. NotFound, OSError.

        The process stands on its own: when the worker is stopped the change goes on, and rolls back by itself.
        """
        place = self._place(run_id)
        request = _request(place)
        try:
            mark = (place / "started.json").open("x", encoding="utf-8")
        except FileExistsError:
            return None
        with mark, (place / "output.jsonl").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*self._program, *request.arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.DEVNULL, cwd=PROJECT, env=command_environment(self._home), start_new_session=True,
            )  # fmt: skip
            json.dump({"pid": process.pid}, mark)
            mark.flush()
            return process.wait()

    def read(self, run_id: str) -> Run:
        """How far it is. NotFound."""
        place = self._place(run_id)
        request = _request(place)
        begun = place / "started.json"
        is_alive = begun.exists() and _is_alive(begun)  # before the output: a report may come in between
        steps, report = _output(place / "output.jsonl")
        if report:
            return Run(request=request, state=RunState.ENDED, steps=report.steps or steps, report=report)
        if not begun.exists():
            return Run(request=request, state=RunState.WAITING)
        return Run(request=request, state=RunState.RUNNING if is_alive else RunState.LOST, steps=steps)

    def find_running(self) -> Run | None:
        """The newest run that has not ended."""
        if not self._folder.exists():
            return None
        newest = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[:5]
        runs = (self.read(path.name) for path in newest)
        return next((run for run in runs if run.state in {RunState.WAITING, RunState.RUNNING}), None)

    def _place(self, run_id: str) -> Path:
        place = self._folder / run_id
        if not RUN_ID.fullmatch(run_id) or not place.is_dir():
            raise NotFound("没有这次执行的记录")
        return place


def new_run_id() -> str:
    return secrets.token_hex(8)


def _request(place: Path) -> RunRequest:
    return RunRequest.model_validate_json((place / "request.json").read_text(encoding="utf-8"))


def _is_alive(begun: Path) -> bool:
    """Whether its process lives; a mark without a number was written this very moment."""
    try:
        pid = int(json.loads(begun.read_text(encoding="utf-8"))["pid"])
        os.kill(pid, 0)
    except json.JSONDecodeError:
        return True
    except ProcessLookupError:
        return False
    return True


def _output(file: Path) -> tuple[list[changes.Step], changes.ApplyReport | None]:
    """Each step as it was last told, in the order of their beginning; and the report, once it is there."""
    steps: dict[changes.StepName, changes.Step] = {}
    report = None
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            step = changes.Progress.model_validate_json(line).step
            steps[step.name] = step
        except ValidationError:
            report = _report(line) or report
    return list(steps.values()), report


def _report(line: str) -> changes.ApplyReport | None:
    try:
        return changes.ApplyReport.model_validate_json(line)
    except ValidationError:
        return None  # a line half written
