"""`hotline dialplan`: check, plan, apply, roll back and look back (app.contract.changes says what --json answers)."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import dialplan_display as display
from app.cli.console import JsonOption, console
from app.cli.dialplan_node import (
    answer,
    more_checks,
    node_settings,
    progress_line,
    read_plan,
    refuse,
    speak_line_prompts,
    take_over,
    whoami,
)
from app.contract.changes import ApplyReport, CheckReport, NodeState, Outcome, VersionDetail

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
def render_dialplan() -> None:
    """Render Asterisk's configuration from the site plan again; a running Asterisk takes it over."""
    from app.cli.seeding import ensure_dialplan  # noqa: PLC0415 - help is instant

    ensure_dialplan()


@dialplan.command("check")
def check_dialplan(plan: PlanOption = None, as_json: JsonOption = False) -> None:
    """Find what is wrong in site plan, settings, rendered files, flows and prompts. Exit code 1 if anything is."""
    from dialplan.changes.planning import plan_change  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    text, name = read_plan(plan, settings, as_json=as_json)
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
    from dialplan.changes.proposals import ProposalRefused, Proposals  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    who = by or whoami()
    if proposal is None:
        if not why:
            refuse("a change needs a reason", "say it with --why", as_json=as_json)
        text, name = read_plan(plan, settings, as_json=as_json)
        request = ChangeRequest(text, name, who, why, overwrites_hand_edits=overwrites, is_dry_run=is_dry_run)
        _carry_out(settings, request, as_json=as_json, has_progress=has_progress)
        return
    proposals = Proposals(VersionStore(settings.home))
    try:
        released = proposals.released(proposal, is_dry_run=is_dry_run)
    except ProposalRefused as refusal:
        refuse(str(refusal), refusal.remedy, as_json=as_json)
    request = ChangeRequest(
        released.plan_text, f"proposal {proposal}", who, why or released.why,
        approved_by=released.decided_by, is_released=True, overwrites_hand_edits=overwrites, is_dry_run=is_dry_run,
        proposal_id=proposal,
    )  # fmt: skip
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
    from dialplan.changes.versions import VersionStore, VersionUnknown  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    store = VersionStore(settings.home)
    try:
        goal = store.read(version if version is not None else store.before_current())
    except VersionUnknown as error:
        refuse(str(error), "`hotline dialplan history` lists them", as_json=as_json)
    if goal.outcome is not Outcome.APPLIED:
        refuse(
            f"version {goal.number} was never in force: it ended as {goal.outcome.value}",
            "choose one that was applied", as_json=as_json,
        )  # fmt: skip
    request = ChangeRequest(
        store.plan_text(goal.number), f"version {goal.number}", by or whoami(), why,
        approved_by=goal.approved_by, is_released=True, overwrites_hand_edits=overwrites, is_dry_run=is_dry_run,
        rolled_back_to=goal.number,
    )  # fmt: skip
    _carry_out(settings, request, as_json=as_json, has_progress=has_progress)


def _carry_out(settings: "DialplanSettings", request: "ChangeRequest", *, as_json: bool, has_progress: bool) -> None:
    """Apply, show it, and take the lines over into the store."""
    from dialplan.changes.applying import Applying  # noqa: PLC0415

    with nullcontext() if as_json else console.status("check …") as status:
        show = display.step_shower(status) if status else (progress_line if has_progress else lambda _: None)
        report = Applying(
            settings, request, on_step=show, more_checks=more_checks, speak_prompts=speak_line_prompts
        ).run()
        if report.outcome in (Outcome.APPLIED, Outcome.NOTHING_TO_DO) and not request.is_dry_run:
            step = take_over(request.plan_text)
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
    as_json: JsonOption = False,
) -> None:
    """Print a version's plan; with --json also what it changed."""
    from dialplan.changes.versions import VersionStore, VersionUnknown  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    store = VersionStore(settings.home)
    number = version if version is not None else store.current_number()
    try:
        if number is None:
            detail = VersionDetail(version=None, plan_text=read_plan(None, settings, as_json=as_json)[0])
        else:
            told = store.read(number).told(with_diff=True)
            detail = VersionDetail(version=told, plan_text=store.plan_text(number))
    except VersionUnknown as error:
        refuse(str(error), "`hotline dialplan history` lists them", as_json=as_json)
    if as_json:
        answer(detail)
    else:
        typer.echo(detail.plan_text, nl=False)


@dialplan.command("state")
def show_state(as_json: JsonOption = False) -> None:
    """Say what is in force, who is changing it, and which files were edited by hand."""
    from dialplan.changes.node_state import node_state  # noqa: PLC0415

    state: NodeState = node_state(node_settings(as_json=as_json))
    if as_json:
        answer(state)
    else:
        display.show_state(state)


@dialplan.command("trunks")
def show_trunks(as_json: JsonOption = False) -> None:
    """Show every trunk: does its far end answer, and how many calls are on it."""
    from dialplan.changes.node_state import plan_in_force  # noqa: PLC0415
    from dialplan.plan_file import SitePlanFault  # noqa: PLC0415
    from dialplan.trunk_health import trunk_report  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    try:
        report = trunk_report(plan_in_force(settings), settings)
    except SitePlanFault as fault:
        refuse(str(fault), "correct the site plan", as_json=as_json)
    if as_json:
        answer(report)
    else:
        display.show_trunks(report)
