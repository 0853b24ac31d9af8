"""Speaking prompts on somebody's word: asked for by a page, done by a worker, watched until it is over.

Files under `operations/prompt-builds` of the home folder: `ID.json` who asked, `ID.jsonl` what the command printed,
a step a line and the report last. Files, not Redis: any web process sees them, and whoever looks later.
"""

import re
import secrets
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.contract.env import PROJECT
from app.contract.flows import BuildReport, BuildStep, Refusal
from app.flows.commands import OWN_PROGRAM
from app.operations.commands import command_environment
from app.platform.clock import Clock, utc_now
from app.platform.errors import NotFound

BUILD_ID = re.compile(r"[0-9a-f]{16}")
KEPT = 50
LIMIT_SECONDS = 600
STALE_AFTER = timedelta(seconds=LIMIT_SECONDS)
Line = TypeVar("Line", bound=BaseModel)


class BuildState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"
    """No worker took it in time, it was cut short, or the command refused."""


class BuildRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    by: str
    at: datetime


class Build(BaseModel):
    """A request and how far it is."""

    request: BuildRequest
    state: BuildState
    done: int = 0
    total: int = 0
    report: BuildReport | None = None

    @property
    def is_over(self) -> bool:
        return self.state in {BuildState.ENDED, BuildState.FAILED}


class BuildFolder:
    """The builds of one installation."""

    def __init__(self, home: Path, program: Sequence[str] = OWN_PROGRAM, *, clock: Clock = utc_now) -> None:
        self._home, self._program, self._clock = home, program, clock
        self._folder = home / "operations" / "prompt-builds"

    def add(self, *, by: str) -> BuildRequest:
        """Keep a request; the oldest beyond the limit go."""
        request = BuildRequest(id=secrets.token_hex(8), by=by, at=self._clock())
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in kept[KEPT - 1 :]:
            old.unlink(missing_ok=True)
            old.with_suffix(".jsonl").unlink(missing_ok=True)
        (self._folder / f"{request.id}.json").write_text(request.model_dump_json(), encoding="utf-8")
        return request

    def carry_out(self, build_id: str) -> int | None:
        """Run the command to its end; its exit code. None: somebody began it already. NotFound, OSError."""
        self._request(build_id)
        try:
            output = self._output(build_id).open("x", encoding="utf-8")
        except FileExistsError:
            return None
        with output:
            done = subprocess.run(
                [*self._program, "build", "--progress", "--json"], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.DEVNULL, cwd=PROJECT, env=command_environment(self._home), timeout=LIMIT_SECONDS,
                check=False,
            )  # fmt: skip
        return done.returncode

    def read(self, build_id: str) -> Build:
        """How far it is. NotFound."""
        request = self._request(build_id)
        is_stale = self._clock() - request.at > STALE_AFTER
        output = self._output(build_id)
        if not output.exists():
            return Build(request=request, state=BuildState.FAILED if is_stale else BuildState.WAITING)
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        last = lines[-1] if lines else ""
        if report := _read(BuildReport, last):
            return Build(request=request, state=BuildState.ENDED, report=report)
        if is_stale or _read(Refusal, last):
            return Build(request=request, state=BuildState.FAILED)
        step = next((one for line in reversed(lines[-2:]) if (one := _read(BuildStep, line))), None)
        done, total = (step.done, step.total) if step else (0, 0)
        return Build(request=request, state=BuildState.RUNNING, done=done, total=total)

    def _request(self, build_id: str) -> BuildRequest:
        if BUILD_ID.fullmatch(build_id):
            try:
                return BuildRequest.model_validate_json((self._folder / f"{build_id}.json").read_bytes())
            except (OSError, ValidationError):
                pass
        raise NotFound("没有这次生成的记录")

    def _output(self, build_id: str) -> Path:
        return self._folder / f"{build_id}.jsonl"


def _read(kind: type[Line], line: str) -> Line | None:
    try:
        return kind.model_validate_json(line)
    except ValidationError:
        return None
