"""Renders the plan of a node again, at set-up and after an upgrade: the way of any other change."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.contract.changes import ApplyReport, Outcome
from dialplan.changes.applying import Applying, ChangeRequest
from dialplan.changes.versions import VersionStore
from dialplan.plan_file import read_plan_file
from dialplan.settings import DialplanSettings

MakeApplying = Callable[[DialplanSettings, ChangeRequest], Applying]
"""With the checks and prompts that only the whole product knows."""


@dataclass(frozen=True)
class Rendered:
    """How it ended. Held back: the plan file is not the text in force, and a second person must approve that first."""

    report: ApplyReport
    is_held_back: bool = False


def render_again(
    settings: DialplanSettings, plan_file: Path, *, by: str, applying: MakeApplying, is_dry_run: bool = False
) -> Rendered:
    """Apply the plan file as any change; where one person may not, the plan in force. Raises SitePlanFault."""

    def apply(text: str, name: str) -> ApplyReport:
        request = ChangeRequest(text, name, by, f"rendered from {name}", is_dry_run=is_dry_run, is_set_up=True)
        return applying(settings, request).run()

    report = apply(read_plan_file(plan_file), plan_file.name)
    is_held_back = report.code == "approval_missing" or bool(
        report.outcome is Outcome.DRY_RUN and report.change and report.change.needs_approval
    )
    if not is_held_back:
        return Rendered(report)
    store = VersionStore(settings.home)
    number = store.current_number() or 0
    return Rendered(apply(store.plan_text(number), f"version {number}"), is_held_back=True)
