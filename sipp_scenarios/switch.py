"""The telephony node as a scenario sees it: its site plan, its console, its clock, its changes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from app.contract.changes import ApplyReport, Outcome
from app.contract.env import PROJECT
from dialplan.asterisk import cli
from dialplan.changes.clock import GLOBAL, offset_in
from dialplan.plan_file import SitePlanFault, parse_plan
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan, TrunkKind
from ivr_flows.loader import FLOWS
from sipp_scenarios.plan_edit import edited
from sipp_scenarios.target import Target, TargetError
from sipp_scenarios.waiting import until

REACHED_WITHIN_MS = 20_000
PINGS_SETTLE_SECONDS = 2.5
"""The dialplan's `qualify_timeout`, and a little."""
APPLY_WITHIN_SECONDS = 120
PROPOSER, APPROVER = "scenario", "scenario-second"
"""In whose names a plan is changed."""


@dataclass(frozen=True)
class FarEnd:
    """Where a trunk's other side calls from, and where it answers (port 0: it does not)."""

    address: str
    host: str = ""
    port: int = 0


@dataclass
class Switch:
    """One node. Every question is asked of the running Asterisk or of the plan applied last."""

    target: Target
    plan_before: str = ""
    """The plan's text before this run changed it; empty: it was not changed."""
    has_moved_clock: bool = False
    lines_with_flows: list[str] = field(default_factory=list)
    """Lines that this run gave a flow of their own."""

    @cached_property
    def _settings(self) -> DialplanSettings:
        try:
            return DialplanSettings(home=self.target.home)  # type: ignore[call-arg]  # the environment fills it
        except ValidationError as error:
            raise TargetError(f"the node's settings are not usable: run `hotline setup` ({error})") from error

    def console(self, command: str) -> str:
        """The console's answer. Raises TargetError when Asterisk does not run."""
        try:
            return cli(self._settings, command)
        except OSError as error:
            raise TargetError("Asterisk does not answer on its console: start it with `hotline up`") from error

    # --- the plan -------------------------------------------------------------------------------------------------

    def plan_text(self) -> str:
        """Text of the plan that was applied last; before the first apply, of the file that the settings name."""
        changes = self.target.home / "dialplan"
        try:
            number = (changes / "current").read_text(encoding="utf-8").strip()
            return (changes / "versions" / f"{int(number):04d}" / "site.yaml").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return self._settings.site_plan.read_text(encoding="utf-8")

    def plan(self) -> SitePlan:
        try:
            return parse_plan(self.plan_text(), name="site.yaml")
        except (SitePlanFault, OSError) as error:
            raise TargetError(f"the node's site plan is not usable: {error}") from error

    def far_end(self, trunk: str | None) -> FarEnd:
        """The other side of a trunk; without a name, of the first carrier. Raises TargetError."""
        for one in self.plan().trunks:
            if one.name == trunk or (trunk is None and one.kind is TrunkKind.CARRIER):
                address = str(one.addresses[0].network_address)
                out = one.outbound
                return FarEnd(address, str(out.host), out.port) if out else FarEnd(address)
        raise TargetError(f"the site plan has no trunk {trunk or 'of a carrier'}")

    def next_change_of(self, line: str) -> datetime:
        """When the next period of this line begins. Raises TargetError when there is none to come."""
        now = datetime.now(UTC)
        for one in self.plan().lines:
            if one.number == line:
                coming = [period.begins_at for period in one.periods if period.begins_at > now]
                if coming:
                    return min(coming)
        raise TargetError(f"the site plan has no coming change of line {line}")

    def apply(self, changes: dict[str, Any], traces: Path, *, settings: Mapping[str, str]) -> ApplyReport:
        """Change the plan at these places through `hotline dialplan apply`. Raises TargetError when it says nothing."""
        before = self.plan_text()
        report = self._apply(edited(before, changes), traces, "场景测试", settings)
        if report.outcome is Outcome.APPLIED:
            self.plan_before = self.plan_before or before
        return report

    def _apply(self, text: str, traces: Path, why: str, settings: Mapping[str, str]) -> ApplyReport:
        file = traces / f"site-{time.time_ns()}.yaml"
        file.write_text(text, encoding="utf-8")
        what = ["--plan", str(file)]
        if self.plan().change_control.approval == "second_person":
            proposal = self._hotline("propose", *what, "--why", why, "--by", PROPOSER)
            if "id" not in proposal:
                return ApplyReport.model_validate(proposal)
            self._hotline("approve", proposal["id"], "--by", APPROVER)
            what = ["--proposal", proposal["id"]]
        answer = self._hotline("apply", *what, "--why", why, "--by", PROPOSER, settings=settings)
        return ApplyReport.model_validate(answer)

    def _hotline(self, *arguments: str, settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
        """The answer of `hotline dialplan …`. Raises TargetError when it is none."""
        answer = self._run("dialplan", *arguments, "--json", settings=settings)
        try:
            document: dict[str, Any] = json.loads(answer.stdout)
        except ValueError as error:
            words = (answer.stderr or answer.stdout).strip()[-400:]
            raise TargetError(f"hotline dialplan {arguments[0]} gave no answer: {words}") from error
        return document

    def _run(
        self, *arguments: str, settings: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **settings, "HOTLINE_HOME": str(self.target.home)}
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=APPLY_WITHIN_SECONDS,
        )  # fmt: skip

    def put_right(self, traces: Path) -> None:
        """Clock, flows and plan as they were before this run. Raises TargetError when one is not taken back."""
        if self.has_moved_clock:
            self._set_offset("")
            self.has_moved_clock = False
        while self.lines_with_flows:
            self._flows("rollback", "--line", self.lines_with_flows.pop(), "--note", "场景测试结束")
        if self.plan_before and yaml.safe_load(self.plan_before) != yaml.safe_load(self.plan_text()):
            report = self._apply(self.plan_before, traces, "场景测试结束", {})
            if report.outcome not in {Outcome.APPLIED, Outcome.NOTHING_TO_DO}:
                raise TargetError(f"the plan of before was not applied again: {report.message}")
        self.plan_before = ""

    def put_in_force(self, flow: str, line: str) -> str:
        """Let a shipped flow answer a line, through `hotline flows publish`; what it says. Raises TargetError."""
        told = self._flows("publish", str(FLOWS / f"{flow}.yaml"), "--line", line, "--note", "场景测试")
        self.lines_with_flows.append(line)
        return told

    def _flows(self, *arguments: str) -> str:
        done = self._run("flows", *arguments, "--by", PROPOSER)
        if done.returncode:
            raise TargetError(f"hotline flows {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-400:]}")
        return " ".join(done.stdout.split())

    @contextmanager
    def machine(self, name: str, scope: str) -> Iterator[str]:
        """The token of a machine that may do this, made for the block alone. Raises TargetError."""
        made = self._run("token", "add", name, "--scope", scope)
        if made.returncode:
            raise TargetError(f"hotline token add failed: {(made.stderr or made.stdout).strip()[-400:]}")
        try:
            yield made.stdout.strip()
        finally:
            self._run("token", "off", name)

    # --- trunks ---------------------------------------------------------------------------------------------------

    def wait_for_trunk(self, trunk: str, *, is_reached: bool) -> None:
        """Until the switch knows whether somebody answers there; it is made to ask at once. Raises TooLate.

        A ping of before may still fail after somebody has come, and would take the trunk for down: it is waited for.
        """
        wanted = "Avail" if is_reached else "Unavail"
        settled_at = time.monotonic() + (PINGS_SETTLE_SECONDS if is_reached else 0)

        def is_known() -> bool:
            if self._contact(trunk) == wanted and time.monotonic() >= settled_at:
                return True
            self.console(f"pjsip qualify {trunk}")
            return False

        until(is_known, what=f"the switch finds trunk {trunk} {wanted.lower()}", within_ms=REACHED_WITHIN_MS)

    def _contact(self, trunk: str) -> str:
        for line in self.console("pjsip show contacts").splitlines():
            words = line.split()
            if words[:1] == ["Contact:"] and len(words) > 1 and words[1].startswith(f"{trunk}/"):
                return next((word for word in words[2:] if word in {"Avail", "Unavail", "NonQual", "Unknown"}), "")
        return ""

    # --- the clock ------------------------------------------------------------------------------------------------

    def set_clock(self, moment: datetime) -> None:
        """Let the dialplan believe that it is this moment."""
        self.has_moved_clock = True
        self._set_offset(str(round(moment.timestamp() - time.time())))

    def clock(self) -> float:
        """The dialplan's clock, Unix seconds."""
        return time.time() + offset_in(self.console("dialplan show globals"))

    def _set_offset(self, seconds: str) -> None:
        self.console(f"dialplan set global {GLOBAL} {seconds or 0}")
