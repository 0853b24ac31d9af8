"""`hotline dialplan`: check, plan, apply, roll back and look back (app.contract.changes says what --json answers)."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import dialplan_display as display
from app.cli.console import JsonOption, console
from app.cli.dialplan_node import (
    answer,
    applying_here,
    more_checks,
    node_settings,
    progress_line,
    read_plan,
    refuse,
    refusing,
    take_over,
    whoami,
)
from app.contract.changes import ApplyReport, CheckReport, NodeState, Outcome, VersionDetail
from dialplan.changes.saying import say

if TYPE_CHECKING:
    from dialplan.changes.applying import ChangeRequest
    from dialplan.settings import DialplanSettings

dialplan = typer.Typer(help="The site plan and Asterisk's configuration: look, change, go back.", no_args_is_help=True)

PlanOption = Annotated[
    str | None, typer.Option("--plan", help="Site plan to use; - for stdin; else HOTLINE_SITE_PLAN.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, for those who read the history.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it; empty: the person at the terminal.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite-hand-edits", help="Give up edits made by hand on this node; a copy is kept.")
]
ProgressOption = Annotated[bool, typer.Option("--progress", help="With --json: a line for each step, then the report.")]
GOOD_ENDS = {Outcome.APPLIED, Outcome.NOTHING_TO_DO, Outcome.DRY_RUN}


@dialplan.command("render")
def render_dialplan(is_dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    """Put the site plan in force again with today's templates and settings, in every step of an apply."""
    from app.cli.dialplan_setup import renew, tell_renewal  # noqa: PLC0415 - help is instant

    settings = node_settings(as_json=as_json)
    with nullcontext() if as_json else console.status("check …"):
        renewed = renew(settings, by=whoami(), is_dry_run=is_dry_run)
    if as_json:
        answer(renewed.rendered.report)
    else:
        tell_renewal(renewed)
    if renewed.rendered.report.outcome not in GOOD_ENDS:
        raise typer.Exit(1)


@dialplan.command("check")
def check_dialplan(plan: PlanOption = None, as_json: JsonOption = False) -> None:
    """Find what is wrong in site plan, settings, rendered files, flows and prompts. Exit code 1 if anything is."""
    from dialplan.changes.planning import plan_change  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    text, name = read_plan(plan, settings, as_json=as_json)
    with refusing(as_json=as_json):
        faults = plan_change(settings, text, name=name, more_checks=more_checks).change.faults
    if as_json:
        answer(CheckReport(is_good=not faults, faults=faults))
    else:
        for fault in faults:
            typer.echo(f"{fault.where}: {fault.what}" + (f". {fault.advice}" if fault.advice else ""))
        if not faults:
            console.print("the site plan renders, and calls can be taken")
    if faults:
        raise typer.Exit(1)


@dialplan.command("plan")
def plan_dialplan(plan: PlanOption = None, as_json: JsonOption = False) -> None:
    """Show what an apply would change: its meaning, then the files. Exit code 1 when it cannot be applied."""
    from dialplan.changes.planning import plan_change  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    text, name = read_plan(plan, settings, as_json=as_json)
    with refusing(as_json=as_json):
        change = plan_change(settings, text, name=name, more_checks=more_checks).change
    if as_json:
        answer(change)
    else:
        display.show_plan(change)
    if change.faults:
        raise typer.Exit(1)


@dialplan.command("apply")
def apply_dialplan(  # noqa: PLR0917 - Typer fills them by name
    why: WhyOption = "",
    plan: PlanOption = None,
    proposal: Annotated[str | None, typer.Option("--proposal", help="Apply this approved proposal.")] = None,
    by: ByOption = "",
    is_dry_run: DryRunOption = False,
    overwrites: OverwriteOption = False,
    as_json: JsonOption = False,
    has_progress: ProgressOption = False,
) -> None:
    """Put a plan in force: rehearse it beside, swap, reload what changed, verify; back by itself on failure."""
    from dialplan.changes.applying import ChangeRequest  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    if proposal is not None:
        text, name = "", f"proposal {proposal}"
    elif why:
        text, name = read_plan(plan, settings, as_json=as_json)
    else:
        refuse(say("reason_missing"), as_json=as_json)
    request = ChangeRequest(
        text, name, by or whoami(), why, overwrites_hand_edits=overwrites, is_dry_run=is_dry_run, proposal_id=proposal
    )
    _carry_out(settings, request, as_json=as_json, has_progress=has_progress)


@dialplan.command("rollback")
def roll_back_dialplan(  # noqa: PLR0917 - Typer fills them by name
    why: WhyOption,
    version: Annotated[int | None, typer.Argument(help="Version to go back to; none: the one before.")] = None,
    by: ByOption = "",
    is_dry_run: DryRunOption = False,
    overwrites: OverwriteOption = False,
    as_json: JsonOption = False,
    has_progress: ProgressOption = False,
) -> None:
    """Put an earlier version in force again, with every check of an apply. What was in force needs no new approval."""
    from dialplan.changes.applying import ChangeRequest  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    store = VersionStore(settings.home)
    with refusing(as_json=as_json):
        goal = store.read(version if version is not None else store.before_current())
        text = store.plan_text(goal.number)
    if goal.outcome is not Outcome.APPLIED:
        refuse(say("never_in_force", number=goal.number, outcome=goal.outcome.value), as_json=as_json)
    request = ChangeRequest(
        text, f"version {goal.number}", by or whoami(), why,
        approved_by=goal.approved_by, is_released=True, overwrites_hand_edits=overwrites, is_dry_run=is_dry_run,
        rolled_back_to=goal.number,
    )  # fmt: skip
    _carry_out(settings, request, as_json=as_json, has_progress=has_progress)


def _carry_out(settings: "DialplanSettings", request: "ChangeRequest", *, as_json: bool, has_progress: bool) -> None:
    """Apply, show it, and take the lines over into the store."""
    with nullcontext() if as_json else console.status("check …") as status:
        show = display.step_shower(status) if status else (progress_line if has_progress else lambda _: None)
        applying = applying_here(settings, request, on_step=show)
        report = applying.run()
        if report.outcome in (Outcome.APPLIED, Outcome.NOTHING_TO_DO) and not request.is_dry_run:
            step = take_over(applying.plan_text)
            show(step)
            report = report.model_copy(update={"steps": [*report.steps, step]})
    _tell(report, as_json=as_json)
    if report.outcome not in GOOD_ENDS:
        raise typer.Exit(1)


def _tell(report: ApplyReport, *, as_json: bool) -> None:
    if as_json:
        answer(report)
        return
    if report.outcome is Outcome.DRY_RUN and report.change:
        display.show_plan(report.change)
    display.show_report(report)


@dialplan.command("history")
def show_history(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many versions.")] = 20, as_json: JsonOption = False
) -> None:
    """List what was applied on this node: who, when, why, and how it ended."""
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    history = VersionStore(node_settings(as_json=as_json).home).history(limit)
    if as_json:
        answer(history)
    else:
        display.show_history(history)


@dialplan.command("show")
def show_version(
    version: Annotated[int | None, typer.Argument(help="Version; none: the one in force.")] = None,
    is_diff: Annotated[
        bool, typer.Option("--diff", help="Show what it changed instead: in words, then the files.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print a version's plan, or what it changed; with --json both."""
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    store = VersionStore(settings.home)
    number = version if version is not None else store.current_number()
    if number is None:
        detail = VersionDetail(version=None, plan_text=read_plan(None, settings, as_json=as_json)[0])
    else:
        with refusing(as_json=as_json):
            told = store.read(number).told(with_diff=True)
            detail = VersionDetail(version=told, plan_text=store.plan_text(number))
    if as_json:
        answer(detail)
    elif is_diff and detail.version:
        display.show_difference(detail.version)
    else:
        typer.echo(detail.plan_text, nl=False)


@dialplan.command("state")
def show_state(as_json: JsonOption = False) -> None:
    """Say what is in force, who is changing it, and which files were edited by hand."""
    from dialplan.changes.node_state import node_state  # noqa: PLC0415

    with refusing(as_json=as_json):
        state: NodeState = node_state(node_settings(as_json=as_json))
    if as_json:
        answer(state)
    else:
        display.show_state(state)


@dialplan.command("trunks")
def show_trunks(as_json: JsonOption = False) -> None:
    """Show every trunk: does its far end answer, and how many calls are on it."""
    from dialplan.changes.node_state import plan_in_force  # noqa: PLC0415
    from dialplan.changes.planning import fault_of, faults_told  # noqa: PLC0415
    from dialplan.plan_file import SitePlanFault  # noqa: PLC0415
    from dialplan.trunk_health import trunk_report  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    try:
        with refusing(as_json=as_json):
            report = trunk_report(plan_in_force(settings), settings)
    except SitePlanFault as fault:
        refuse(faults_told([fault_of(line) for line in fault.faults]), as_json=as_json)
    if as_json:
        answer(report)
    else:
        display.show_trunks(report)
