"""The way to a node's flows and prompts: `hotline flows … --json` as a process of its own (ADR 0160 says why).

Starting one takes about half a second. Nothing is believed for longer: who has published wants to see it.
"""

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import ValidationError

from app.contract import flows as told
from app.contract.change_plan import Message
from app.contract.env import PROJECT
from app.flows.wording import ShownProblem, tell_problem, tell_refusal
from app.operations.commands import command_environment
from app.platform.errors import Conflict, Unavailable
from app.platform.settings import Settings

OWN_PROGRAM = (sys.executable, "-m", "app.cli.flows")
ANSWER_LIMIT_SECONDS = 60
AT_ONCE = 2
"""Commands that run at the same time for the pages; more wait."""
NOT_FOUND = frozenset({"unknown-flow", "unknown-version", "unknown-prompt"})
UNFIT = frozenset(
    {"flow-invalid", "no-day", "day-over", "text-refused", "unknown-switch", "no-rehearsal", "no-audio", "silent"}
    | {"bad-rate", "too-long", "too-short", "too-quiet", "clipped"}
)
"""Refusals for what was sent, not for what is there."""

log = structlog.get_logger()
Answer = TypeVar("Answer", bound=Message)


class FlowCommandFailed(Unavailable):
    """The command did not answer as agreed: it is broken, too slow, or cannot be started."""

    code = "flow-command-failed"
    title = "语音流程命令没有回答，请稍后再试，或在服务器上运行 hotline doctor"


class FlowRefused(Conflict):
    """The command said no; `detail` is its reason; `reason` its code; `message` and `remedy` its own words."""

    code = "flow-refused"
    title = "操作被拒绝"
    problems: Sequence[ShownProblem] = ()


class FlowUnfit(FlowRefused):
    """What was sent cannot be taken: a flow with faults, a recording that is too quiet."""

    status = 422
    code = "flow-unfit"


class FlowNotFound(FlowRefused):
    """The node has no flow, version or prompt of this name."""

    status = 404
    code = "flow-not-found"


class FlowCommands:
    """One node's commands. `program` is what is started; its home is `home`.

    What people wrote stands behind `--name=`, so that it is never read as an option.
    """

    def __init__(self, home: Path, program: Sequence[str] = OWN_PROGRAM) -> None:
        self._home, self._program = home, program
        self._room = threading.BoundedSemaphore(AT_ONCE)

    @property
    def program(self) -> Sequence[str]:
        return self._program

    def list(self) -> told.FlowList:
        return self._ask(told.FlowList, "list")

    def describe(self, name: str, version: int | None = None) -> told.FlowDetail:
        return self._ask(told.FlowDetail, "describe", name, *_version(version))

    def picture(self, name: str, version: int | None, traffic: told.Traffic) -> str:
        """SVG. FlowRefused, FlowCommandFailed."""
        options = [*_version(version), "--svg=-", "--traffic=-"]
        text = self._run("show", name, *options, given=traffic.model_dump_json().encode())
        if not text.startswith("<svg"):
            raise _refusal(text, "show")
        return text

    def check(self, name: str, text: str, *, line: str = "", since: str = "") -> told.Check:
        """What speaks against this text, and what it would change. Nothing is kept."""
        options = [*_place(line, since), "--note=check", "--dry-run"]
        return self._ask(told.Check, "publish", "-", f"--name={name}", *options, given=text.encode())

    def publish(self, name: str, text: str, *, note: str, by: str, line: str = "", since: str = "") -> told.Version:
        options = [*_place(line, since), f"--note={note}", f"--by={by}"]
        return self._ask(told.Version, "publish", "-", f"--name={name}", *options, given=text.encode())

    def roll_back(self, name: str, *, note: str, by: str, line: str = "", to: int | None = None) -> told.Activation:
        """Of the flow for all lines; with `line`, of what answers that line alone."""
        whose = [f"--line={line}"] if line else [name]
        chosen = [f"--to={to}"] if to is not None else []
        return self._ask(told.Activation, "rollback", *whose, *chosen, f"--note={note}", f"--by={by}")

    def switch(self, name: str, *, is_on: bool, note: str, by: str) -> told.Switches:
        state = "on" if is_on else "off"
        return self._ask(told.Switches, "flag", name, state, f"--note={note}", f"--by={by}")

    def simulate(self, name: str, rehearsal: told.Rehearsal) -> told.Simulation:
        return self._ask(told.Simulation, "simulate", name, given=rehearsal.model_dump_json().encode())

    def prompts(self) -> told.PromptList:
        return self._ask(told.PromptList, "prompts")

    def prompt(self, key: str) -> told.PromptDetail:
        return self._ask(told.PromptDetail, "prompt", key)

    def reword(self, key: str, *, text: str, spoken: str, is_slow: bool, note: str, by: str) -> told.PromptDetail:
        words = [f"--text={text}", f"--spoken={spoken}", *(["--slow"] if is_slow else [])]
        return self._ask(told.PromptDetail, "reword", key, *words, f"--note={note}", f"--by={by}")

    def restore_text(self, key: str, *, note: str, by: str) -> told.PromptDetail:
        return self._ask(told.PromptDetail, "reword", key, "--shipped", f"--note={note}", f"--by={by}")

    def keep_recording(self, key: str, wav: bytes, *, note: str, by: str) -> told.PromptDetail:
        return self._ask(told.PromptDetail, "recording", key, f"--note={note}", f"--by={by}", given=wav)

    def drop_recording(self, key: str, *, note: str, by: str) -> told.PromptDetail:
        return self._ask(told.PromptDetail, "recording", key, "--remove", f"--note={note}", f"--by={by}")

    def _ask(self, kind: type[Answer], *arguments: str, given: bytes = b"") -> Answer:
        text = self._run(*arguments, "--json", given=given)
        try:
            return kind.model_validate_json(text)
        except ValidationError:
            raise _refusal(text, arguments[0]) from None

    def _run(self, *arguments: str, given: bytes) -> str:
        try:
            with self._room:
                done = subprocess.run(
                    [*self._program, *arguments], input=given, capture_output=True, cwd=PROJECT,
                    env=command_environment(self._home), timeout=ANSWER_LIMIT_SECONDS, check=False,
                )  # fmt: skip
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            log.warning("flow_command_failed", command=arguments[0], reason=type(error).__name__)
            raise FlowCommandFailed() from error
        if not done.stdout.strip():
            said = done.stderr.decode(errors="replace")
            log.warning("flow_command_silent", command=arguments[0], stderr=said[-500:])
            raise FlowCommandFailed()
        return done.stdout.decode(errors="replace")


def _refusal(text: str, command: str) -> FlowRefused | FlowCommandFailed:
    """What the command said instead of an answer."""
    try:
        refusal = told.Refusal.model_validate(json.loads(text))
    except ValueError:  # no JSON, or not what was agreed
        log.warning("flow_command_unreadable", command=command, begins=text[:200])
        return FlowCommandFailed()
    code = refusal.refused
    kind = FlowNotFound if code in NOT_FOUND else FlowUnfit if code in UNFIT else FlowRefused
    problems = [tell_problem(one) for one in refusal.problems]
    refused = kind(
        tell_refusal(refusal), reason=code, message=refusal.message, remedy=refusal.remedy,
        problems=[{"row": one.row, "text": one.text, "message": one.technical} for one in problems],
    )  # fmt: skip
    refused.problems = problems
    return refused


def _version(version: int | None) -> list[str]:
    return [f"--version={version}"] if version else []


def _place(line: str, since: str) -> list[str]:
    return [f"--line={line}", f"--from={since}"]


def program_of(settings: Settings) -> Sequence[str]:
    """What is started for `hotline flows`."""
    return shlex.split(settings.flows_command) or OWN_PROGRAM
