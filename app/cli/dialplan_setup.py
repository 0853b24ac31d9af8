"""The dialplan at set-up and at start: the plan this node shall have, in force by the way of every change."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.cli.console import StepFailed, report_done, report_present, report_skipped
from app.cli.dialplan_node import applying_here, node_settings
from app.cli.settings import StackSettings
from app.contract.changes import Outcome
from dialplan.changes.mending import mend
from dialplan.changes.rendering import Rendered, render_again
from dialplan.changes.saying import Said
from dialplan.changes.wanted import wanted_plan_file
from dialplan.music import ensure_music
from dialplan.plan_file import SitePlanFault, load_plan
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan


@dataclass(frozen=True)
class Renewal:
    """Which file was meant, and what became of it."""

    plan_file: Path
    rendered: Rendered


def wanted_plan() -> SitePlan:
    """The plan this node shall have. Raises StepFailed when it cannot be used."""
    settings = StackSettings()
    try:
        return load_plan(wanted_plan_file(settings.home, settings.site_plan))
    except SitePlanFault as fault:
        raise StepFailed(str(fault), "correct it, then run `hotline dialplan check`") from fault


def renew(settings: DialplanSettings, *, by: str, is_dry_run: bool = False) -> Renewal:
    """Put the plan this node shall have in force, with today's templates and settings. Raises StepFailed."""
    plan_file = wanted_plan_file(settings.home, settings.site_plan)
    try:
        ensure_music(settings.asterisk_home / "data/moh")
        rendered = render_again(settings, plan_file, by=by, applying=applying_here, is_dry_run=is_dry_run)
    except SitePlanFault as fault:
        raise StepFailed(str(fault), "correct it, then run `hotline dialplan check`") from fault
    except (OSError, subprocess.SubprocessError) as error:
        raise StepFailed(f"the music on hold could not be made: {error}", "`hotline doctor`") from error
    return Renewal(plan_file, rendered)


def tell_renewal(renewal: Renewal) -> None:
    """One line for the person at the terminal. Raises StepFailed when a person has something to mend first."""
    report, plan_file = renewal.rendered.report, renewal.plan_file
    match report.outcome:
        case Outcome.APPLIED:
            report_done("dialplan", f"{plan_file}, version {report.version}")
        case Outcome.NOTHING_TO_DO:
            report_present("dialplan", f"version {report.version} of {plan_file}")
        case Outcome.DRY_RUN:
            report_present("dialplan", report.message)
        case Outcome.REFUSED if report.code == "hand_edited":
            report_skipped("dialplan", f"{report.message}; `apply --overwrite-hand-edits` replaces them")
        case _:
            raise StepFailed(f"the dialplan: {report.message}", report.remedy)
    if renewal.rendered.is_held_back:
        report_skipped("changed plan", f"{plan_file} needs a second person's approval: `hotline dialplan propose`")


def ensure_dialplan() -> None:
    """Asterisk's configuration, in force and in the history. Files edited by hand are left as they are.

    Raises StepFailed for a site plan that cannot be used, and for one that this node does not take.
    """
    tell_renewal(renew(node_settings(as_json=False), by="hotline setup"))


def mend_dialplan() -> None:
    """Before Asterisk starts: what a change that was killed half-way left. Nothing keeps the stack from starting."""
    try:
        mended = mend(node_settings(as_json=False), by="hotline up")
    except (Said, OSError) as error:
        report_skipped("dialplan", str(error))
        return
    if mended:
        report_done("dialplan", mended.text)
