"""How the `hotline dialplan` commands show a change to the person at the terminal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.status import Status
from rich.syntax import Syntax
from rich.table import Table

from app.cli.console import console, say
from app.contract.changes import (
    ApplyReport,
    ChangePlan,
    ClockState,
    Effect,
    FileChange,
    History,
    NodeState,
    Outcome,
    ProposalList,
    Step,
    StepOutcome,
    TrunkReport,
    Version,
)
from app.platform.clock import to_shanghai

SIGNS = {Effect.ADDED: "[green]+[/]", Effect.REMOVED: "[red]-[/]", Effect.CHANGED: "[yellow]~[/]"}
STEP_WORDS = {
    StepOutcome.DONE: "[green]done[/]   ",
    StepOutcome.SKIPPED: "[yellow]skipped[/]",
    StepOutcome.FAILED: "[red]failed[/] ",
}
OUTCOME_STYLES = {Outcome.APPLIED: "green", Outcome.NOTHING_TO_DO: "dim", Outcome.DRY_RUN: "cyan"}


SHOWN_CHANGES = 4


def shown(moment: datetime) -> str:
    """In Asia/Shanghai, to the minute, whatever the server's own zone is."""
    return to_shanghai(moment).strftime("%Y-%m-%d %H:%M")


def show_plan(change: ChangePlan) -> None:
    """The diff of meaning, then that of files."""
    if change.faults:
        say("[red]This plan cannot be applied:[/]")
        for fault in change.faults:
            advice = f" [dim]{escape(fault.advice)}[/]" if fault.advice else ""
            say(f"  {escape(fault.where)}: {escape(fault.what)}{advice}")
        return
    if change.is_empty:
        say("[dim]The node has this plan already: nothing would change.[/]")
    base = f"version {change.base_version}" if change.base_version else "nothing: no version was applied yet"
    if not change.is_empty:
        say(f"Compared with {base}:")
    for item in change.meaning:
        care = " [bold yellow]take care[/]" if item.needs_care else ""
        say(f"  {SIGNS[item.effect]} {escape(item.text)}{care}")
    if change.files and not change.meaning:
        say("  [dim]the plan means the same; settings or templates changed files[/]")
    _show_files("Files", change.files)
    if change.hand_edits:
        say("[bold red]Edited by hand on this node since the last change[/] (an apply refuses to overwrite this):")
        _show_files("Hand edits", change.hand_edits)
    if change.reloads:
        say(f"[dim]Asterisk takes it over by: {escape(', '.join(change.reloads))}[/]")
    if change.restart_for:
        say(f"[yellow]Takes effect only after a restart of Asterisk: {escape(', '.join(change.restart_for))}[/]")
    if change.clock_offset_seconds:
        say("[yellow]A coming day is rehearsed here (`hotline dialplan clock`): an apply ends that[/]")
    if change.needs_approval and not change.is_empty:
        say("[yellow]A second person must approve it: `hotline dialplan propose`[/]")


def _show_files(title: str, files: list[FileChange]) -> None:
    for file in files:
        counts = f"[green]+{file.lines_added}[/] [red]-{file.lines_removed}[/]"
        body = Syntax(file.diff, "diff", theme="ansi_dark", background_color="default", word_wrap=True)
        if console.is_terminal:
            console.print(Panel(Group(body), title=f"{title}: {file.name} {counts}", title_align="left"))
        else:
            say(f"{title}: {file.name} +{file.lines_added} -{file.lines_removed}")
            console.print(escape(file.diff), soft_wrap=True)


def step_shower(status: Status) -> Callable[[Step], None]:
    """Shows each step while it runs and when it has ended."""

    def show(step: Step) -> None:
        if step.outcome is StepOutcome.RUNNING:
            status.update(f"{step.name.value.replace('_', ' ')} …")
        else:
            took = f"{step.duration_ms:>6} ms" if step.outcome is not StepOutcome.SKIPPED else " " * 9
            name = step.name.value.replace("_", " ")
            say(f"{STEP_WORDS[step.outcome]} {name:<11} {took}  [dim]{escape(step.detail)}[/]")

    return show


def show_report(report: ApplyReport) -> None:
    """The end of an apply, in one line; and what to do."""
    style = OUTCOME_STYLES.get(report.outcome, "bold red")
    words = report.outcome.value.replace("_", " ")
    calls = ""
    if report.calls_before is not None:
        calls = f", channels before and after: {report.calls_before}, {report.calls_after}"
    say(f"[{style}]{words}[/]: {escape(report.message)} [dim]({report.duration_ms / 1000:.1f} s{calls})[/]")
    if report.remedy:
        say(f"[bold]what to do:[/] {escape(report.remedy)}")


def show_history(history: History) -> None:
    """Newest first, two or more lines each; the version in force is marked."""
    if not history.versions:
        say("Nothing was applied on this node yet.")
    for version in history.versions:
        _show_version(version)


def _show_version(version: Version) -> None:
    style = OUTCOME_STYLES.get(version.outcome, "red")
    mark = "[green]●[/]" if version.is_current else " "
    at = shown(version.at)
    who = escape(version.by)
    who += f", approved by {escape(version.approved_by)}" if version.approved_by else ""
    back = f" (back to version {version.rolled_back_to})" if version.rolled_back_to else ""
    outcome = f"[{style}]{version.outcome.value.replace('_', ' ')}[/]"
    say(f"{mark} [bold]{version.number:>4}[/]  {at}  {outcome}{back}  {who}: {escape(version.why)}")
    told = [change.text for change in version.meaning[:SHOWN_CHANGES]]
    if hidden := len(version.meaning) - len(told):
        told.append(f"and {hidden} more: `hotline dialplan show {version.number} --diff`")
    for text in told or [f"{len(version.files)} files, no change of meaning"]:
        say(f"        [dim]{escape(text)}[/]")
    if version.message:
        say(f"        [red]{escape(version.message)}[/]")


def show_difference(version: Version) -> None:
    """What a version changed: in words, then its files."""
    _show_version(version.model_copy(update={"meaning": []}))
    for item in version.meaning:
        say(f"  {SIGNS[item.effect]} {escape(item.text)}")
    _show_files("Files", version.files)


def show_state(state: NodeState) -> None:
    """What is in force, and what stands in the way of a change."""
    if state.current:
        at = shown(state.current.at)
        say(f"version {state.current.number} is in force since {at}, by {escape(state.current.by)}")
    else:
        say("nothing was applied on this node yet")
    say(f"Asterisk runs, {state.active_calls} channels" if state.is_running else "[yellow]Asterisk does not run[/]")
    if state.clock_offset_seconds:
        say(f"[bold yellow]{rehearsed_words(state.clock_offset_seconds)}[/]: `hotline dialplan clock --off` ends it")
    if state.is_cut_short:
        say("[red]a change was cut short half-way:[/] `hotline up`, or the next apply, brings the files of before back")
    if state.locked_by:
        step = f", step {state.locked_by.step.value}" if state.locked_by.step else ""
        say(f"[yellow]{escape(state.locked_by.by)} is changing it: {escape(state.locked_by.what)}{step}[/]")
    for edit in state.hand_edits:
        say(f"[red]edited by hand:[/] {edit.name} +{edit.lines_added} -{edit.lines_removed}")
    if state.plan_file_differs:
        say(f"{escape(state.plan_file)} differs from what is in force: `hotline dialplan plan` shows how")


def rehearsed_words(offset_seconds: int) -> str:
    """That calls are handled as at another time, and which."""
    return f"a rehearsal: lines are handled as at {_moment(offset_seconds)} Asia/Shanghai"


def _moment(offset_seconds: int) -> str:
    moved = datetime.now(UTC) + timedelta(seconds=offset_seconds)
    return to_shanghai(moved).strftime("%Y-%m-%d %H:%M:%S")


def show_clock(clock: ClockState) -> None:
    """By what time lines change their modes."""
    shown_at = to_shanghai(clock.shown_at).strftime("%Y-%m-%d %H:%M:%S")
    kind = (
        "[bold yellow](rehearsal: `hotline dialplan clock --off` ends it)[/]"
        if clock.offset_seconds
        else "(the real time)"
    )
    say(f"lines are handled as at {shown_at} Asia/Shanghai {kind}")


def show_proposals(found: ProposalList) -> None:
    if not found.proposals:
        say("No change was proposed on this node yet.")
        return
    table = Table("proposal", "when", "by", "status", "decided by", "why", box=None)
    for proposal in found.proposals:
        at = shown(proposal.at)
        row = [proposal.id, at, proposal.by, proposal.status.value, proposal.decided_by or "", proposal.why]
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def show_trunks(report: TrunkReport) -> None:
    if not report.is_running:
        say("[yellow]Asterisk does not run: only the plan is known.[/]")
    table = Table("trunk", "kind", "line", "from", "to", "far end", "ms", "calls", box=None)
    for trunk in report.trunks:
        calls = f"{'-' if trunk.active_calls is None else trunk.active_calls}/{trunk.max_calls}"
        table.add_row(
            trunk.name, trunk.kind, trunk.line or "", ", ".join(trunk.addresses), trunk.outbound or "",
            trunk.qualify.value, f"{trunk.round_trip_ms:.0f}" if trunk.round_trip_ms is not None else "", calls,
        )  # fmt: skip
    console.print(table)
