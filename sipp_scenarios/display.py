"""A report for people: the timeline of the call, expected beside seen, the verdict."""

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sipp_scenarios.report import Report, Stage

SOURCES = {"runner": "dim", "sip": "cyan", "store": "magenta"}


def show_stage(console: Console, stage: Stage) -> None:
    """One line while the scenario runs."""
    console.print(f"[dim]{stage.at_ms:>7} ms[/]  {escape(stage.who)} {escape(stage.what)}", highlight=False)


def show_report(console: Console, report: Report, *, is_brief: bool = False) -> None:
    """The whole report; `is_brief` leaves out what went as expected."""
    console.print(Panel(escape(report.summary), title=f"[bold]{escape(report.scenario)}[/]", title_align="left"))
    if not is_brief or not report.is_passed:
        console.print(_timeline(report))
        console.print(_comparison(report))
    if report.calls:
        console.print(_calls(report))
    for problem in report.problems:
        console.print(f"[red]did not go on:[/] {escape(problem)}")
    for hint in report.hints:
        console.print(f"[yellow]look here:[/] {escape(hint)}", highlight=False)
    console.print(_verdict(report))


def _timeline(report: Report) -> Table:
    table = Table(title="timeline", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("ms", justify="right", style="bold")
    table.add_column("+ms", justify="right", style="dim")
    for name in ("who", "what", "seen by"):
        table.add_column(name)
    before = 0
    for stage in report.stages:
        style = SOURCES[stage.source]
        at, step = str(stage.at_ms), str(max(stage.at_ms - before, 0))
        table.add_row(at, step, escape(stage.who), Text(stage.what, style=style), Text(stage.source, style=style))
        before = max(stage.at_ms, before)
    return table


def _comparison(report: Report) -> Table:
    table = Table(title="expected and seen", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "side", "what", "expected", "seen"):
        table.add_column(name, overflow="fold")
    for check in report.checks:
        mark = "[green]✓[/]" if check.is_met else "[red]✗[/]"
        style = "" if check.is_met else "red"
        seen = Text("same", style="dim") if check.is_met else Text(check.seen, style="bold red")
        table.add_row(mark, check.side, escape(check.what), escape(check.expected or "(empty)"), seen, style=style)
    return table


def _calls(report: Report) -> Group:
    lines = []
    for call in report.calls:
        parts = [f"[bold]{escape(call.caller)}[/]", call.call_id, call.outcome or "open"]
        parts += [f"agent {call.agent}"] if call.agent else []
        parts += [f"ticket [bold]{call.ticket_number}[/]"] if call.ticket_number else []
        lines.append(Text.from_markup(" · ".join(parts)))
    return Group(*lines)


def _verdict(report: Report) -> Text:
    met = sum(check.is_met for check in report.checks)
    counts = f"{met} of {len(report.checks)} comparisons hold, {report.duration_ms / 1000:.1f} s"
    if report.is_passed:
        return Text(f"passed  {report.scenario}: {counts}", style="bold green")
    return Text(f"failed  {report.scenario}: {counts}", style="bold red")
