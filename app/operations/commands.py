"""The way to a node's changes: `hotline dialplan … --json` as a process of its own, read as `app.contract.changes`.

Starting the command takes about a second, so what pages show often is believed for a few seconds.
"""

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import structlog

from app.contract import changes
from app.contract.env import PROJECT
from app.operations.wording import tell_refusal
from app.platform.errors import Conflict, Unavailable
from app.platform.settings import Settings

OWN_PROGRAM = (sys.executable, "-m", "app.cli.dialplan")
ANSWER_LIMIT_SECONDS = 60
BELIEVED_SECONDS = 5.0
AT_ONCE = 2
"""Commands that run at the same time for the pages; more wait."""

log = structlog.get_logger()
Answer = TypeVar("Answer", bound=changes.Message)


class CommandFailed(Unavailable):
    """The command did not answer as agreed: it is broken, too slow, or cannot be started."""

    code = "dialplan-command-failed"
    title = "拨号方案命令没有回答，请稍后再试，或在服务器上运行 hotline doctor"


class ChangeRefused(Conflict):
    """The command said no; `detail` is its reason; `message` and `remedy` are the command's own words."""

    code = "change-refused"
    title = "操作被拒绝"


class ChangeNotFound(ChangeRefused):
    """The node has no proposal, or no version, of this name."""

    status = 404
    code = "change-not-found"


UNKNOWN = frozenset({"proposal_unknown", "version_unknown"})


class DialplanCommands:
    """One node's commands. `program` is what is started; its home is `home`.

    What people wrote stands behind `--name=`, so that it is never read as an option.
    """

    def __init__(self, home: Path, program: Sequence[str] = OWN_PROGRAM) -> None:
        self._home = home
        self._program = program
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._believed: dict[tuple[str, ...], tuple[float, changes.Message]] = {}

    def state(self) -> changes.NodeState:
        return self._read(changes.NodeState, "state")

    def trunks(self) -> changes.TrunkReport:
        return self._read(changes.TrunkReport, "trunks")

    def history(self, limit: int) -> changes.History:
        return self._read(changes.History, "history", "--limit", str(limit))

    def show(self, version: int | None = None) -> changes.VersionDetail:
        """A version with its plan; none: the applied one."""
        return self._read(changes.VersionDetail, "show", *([str(version)] if version is not None else []))

    def proposals(self) -> changes.ProposalList:
        return self._read(changes.ProposalList, "proposals")

    def proposal(self, proposal_id: str) -> changes.Proposal:
        return self._ask(changes.Proposal, "proposal", proposal_id)

    def plan(self, text: str) -> changes.ChangePlan:
        """What this plan would change; with faults when it cannot be applied."""
        return self._ask(changes.ChangePlan, "plan", "--plan=-", text=text)

    def propose(self, text: str, *, why: str, by: str) -> changes.Proposal:
        return self._change(changes.Proposal, "propose", "--plan=-", f"--why={why}", f"--by={by}", text=text)

    def approve(self, proposal_id: str, *, by: str) -> changes.Proposal:
        return self._change(changes.Proposal, "approve", proposal_id, f"--by={by}")

    def reject(self, proposal_id: str, *, why: str, by: str) -> changes.Proposal:
        return self._change(changes.Proposal, "reject", proposal_id, f"--why={why}", f"--by={by}")

    def forget(self) -> None:
        """Ask anew next time."""
        self._believed.clear()

    def _read(self, kind: type[Answer], *arguments: str) -> Answer:
        """An answer that may be a few seconds old."""
        at, known = self._believed.get(arguments, (0.0, None))
        if isinstance(known, kind) and time.monotonic() - at < BELIEVED_SECONDS:
            return known
        answer = self._ask(kind, *arguments)
        self._believed[arguments] = time.monotonic(), answer
        return answer

    def _change(self, kind: type[Answer], *arguments: str, text: str | None = None) -> Answer:
        try:
            return self._ask(kind, *arguments, text=text)
        finally:
            self.forget()

    def _ask(self, kind: type[Answer], *arguments: str, text: str | None = None) -> Answer:
        try:
            with self._room:
                done = subprocess.run(
                    [*self._program, *arguments, "--json"], input=text or "", capture_output=True, text=True,
                    cwd=PROJECT, env=command_environment(self._home), timeout=ANSWER_LIMIT_SECONDS, check=False,
                )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("dialplan_command_failed", command=arguments[0], reason=type(error).__name__)
            raise CommandFailed() from error
        if not done.stdout.strip():
            log.warning("dialplan_command_silent", command=arguments[0], stderr=done.stderr[-500:])
        return _parse(kind, done.stdout, arguments)


def program_of(settings: Settings) -> Sequence[str]:
    """What is started for `hotline dialplan`."""
    return shlex.split(settings.dialplan_command) or OWN_PROGRAM


def command_environment(home: Path) -> dict[str, str]:
    """What the command's process sees: this installation, and no colours."""
    return {**os.environ, "HOTLINE_HOME": str(home), "NO_COLOR": "1"}


def _parse(kind: type[Answer], text: str, arguments: Sequence[str]) -> Answer:
    try:
        data = json.loads(text)
        if (
            isinstance(data, dict)
            and data.get("outcome") == changes.Outcome.REFUSED
            and kind is not changes.ApplyReport
        ):
            refusal = changes.Refusal.model_validate(data)
            said = tell_refusal(refusal)
            refused = ChangeNotFound if refusal.code in UNKNOWN else ChangeRefused
            raise refused(said.text, reason=refusal.code, message=refusal.message, remedy=refusal.remedy)
        return kind.model_validate(data)
    except ValueError as error:  # no JSON, or not what was agreed
        log.warning("dialplan_command_unreadable", command=arguments[0], begins=text[:200])
        raise CommandFailed() from error
