"""Applies and rollbacks that pages ask for. Each is a folder of its own under `operations/runs` in the home folder:

`request.json` who asked for what · `started.json` the mark of the process that does it, written once: its pid and the
tick at which the kernel started it, so that a pid given out again is not taken for it · `output.jsonl` what the command
printed, one step a line and the report last. Files, not Redis: whoever looks later still finds them, and the command
writes on when web server or worker are restarted in the middle.
"""

import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.contract import changes
from app.contract.env import PROJECT
from app.operations.commands import OWN_PROGRAM, command_environment
from app.platform.clock import Clock, utc_now
from app.platform.errors import NotFound

RUN_ID = re.compile(r"[0-9a-f]{16}")
KEPT_RUNS = 200
LOOKED_AT_RUNS = 5
"""Of the newest: at most one runs at a time."""
STALE_AFTER = timedelta(minutes=10)
"""A change that could not begin for so long is not carried out: nobody waits for it any more."""
MARKING_SECONDS = 5.0
"""Between the mark of a run and its process lie milliseconds; an empty mark that is older was left by a crash."""


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
    EXPIRED = "expired"
    """Nobody began it in time, and nobody will: it stands in nobody's way."""


class Run(BaseModel):
    """A request and what has become of it."""

    request: RunRequest
    state: RunState
    steps: list[changes.Step] = []
    report: changes.ApplyReport | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more will come of it."""
        return self.state not in {RunState.WAITING, RunState.RUNNING}


class RunFolder:
    """The runs of one installation."""

    def __init__(self, home: Path, program: Sequence[str] = OWN_PROGRAM, *, clock: Clock = utc_now) -> None:
        self._home = home
        self._program = program
        self._clock = clock
        self._folder = home / "operations" / "runs"

    def add(self, request: RunRequest) -> None:
        """Keep a request; the oldest beyond the limit go."""
        place = self._folder / request.id
        place.mkdir(parents=True, mode=0o700)
        (place / "request.json").write_text(request.model_dump_json(), encoding="utf-8")
        for old in self._newest()[KEPT_RUNS:]:
            shutil.rmtree(old, ignore_errors=True)

    def carry_out(self, run_id: str) -> int | None:
        """Run the command to its end; its exit code. None: somebody began it already. NotFound, OSError, ValueError.

        The process stands on its own: when the worker is stopped the change goes on, and rolls back by itself. One that
        cannot be started leaves a mark without a process, so the run counts as lost.
        """
        place = self._place(run_id)
        request = _request(place)
        try:
            mark = (place / "started.json").open("x", encoding="utf-8")
        except FileExistsError:
            return None
        with mark, (place / "output.jsonl").open("w", encoding="utf-8") as output:
            try:
                process = subprocess.Popen(
                    [*self._program, *request.arguments], stdin=subprocess.DEVNULL, stdout=output,
                    stderr=subprocess.DEVNULL, cwd=PROJECT, env=command_environment(self._home), start_new_session=True,
                )  # fmt: skip
            except (OSError, ValueError) as error:
                json.dump({"pid": None, "error": str(error)}, mark)
                raise
            json.dump({"pid": process.pid, "started": _start_tick(process.pid)}, mark)
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
            is_stale = self._clock() - request.at > STALE_AFTER
            return Run(request=request, state=RunState.EXPIRED if is_stale else RunState.WAITING)
        return Run(request=request, state=RunState.RUNNING if is_alive else RunState.LOST, steps=steps)

    def find_running(self) -> Run | None:
        """The newest run that has not ended. Whatever else lies in the folder stands in nobody's way."""
        return next((run for run in islice(self._readable(), LOOKED_AT_RUNS) if not run.is_over), None)

    def _readable(self) -> Iterator[Run]:
        for place in self._newest():
            try:
                yield self.read(place.name)
            except NotFound:
                continue

    def _newest(self) -> list[Path]:
        """Folders of runs, the newest first; another process may take one away meanwhile."""
        found = []
        for place in self._folder.iterdir() if self._folder.exists() else ():
            try:
                found.append((place.stat().st_mtime, place))
            except FileNotFoundError:
                continue
        return [place for _, place in sorted(found, reverse=True) if RUN_ID.fullmatch(place.name)]

    def _place(self, run_id: str) -> Path:
        place = self._folder / run_id
        if not RUN_ID.fullmatch(run_id) or not place.is_dir():
            raise NotFound("没有这次执行的记录")
        return place


def new_run_id() -> str:
    return secrets.token_hex(8)


def _request(place: Path) -> RunRequest:
    """NotFound: it is not there, or damaged."""
    try:
        return RunRequest.model_validate_json((place / "request.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise NotFound("没有这次执行的记录") from error


def _is_alive(begun: Path) -> bool:
    """Whether the very process that was marked lives; a mark without content was made this very moment."""
    try:
        mark = json.loads(begun.read_bytes())
        tick = _start_tick(int(mark["pid"]))
        return tick is not None and mark.get("started") in (tick, None)
    except json.JSONDecodeError:
        return time.time() - begun.stat().st_mtime < MARKING_SECONDS
    except (TypeError, KeyError, ValueError):
        return False


def _start_tick(pid: int) -> int | None:
    """When the kernel started the process, in ticks since boot (proc(5), field 22). None: it is gone, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _output(file: Path) -> tuple[list[changes.Step], changes.ApplyReport | None]:
    """Each step as it was last told, in the order of their beginning; and the report, once it is there."""
    steps: dict[changes.StepName, changes.Step] = {}
    report = None
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []:
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
