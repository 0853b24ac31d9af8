"""`hotline call`: play a scenario against the running stack."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sipp_scenarios.display import show_report, show_stage
from sipp_scenarios.loading import ScenarioError, load, scenario_names
from sipp_scenarios.runner import run
from sipp_scenarios.target import Target, TargetError
from sipp_scenarios.templates import SCENARIOS
from sipp_scenarios.waiting import StoreUnavailable, TooLate

Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="its name, see --list; `all` plays every one")]
AsJson = Annotated[bool, typer.Option("--json", help="print the report as JSON and nothing else")]
AsList = Annotated[bool, typer.Option("--list", help="list all scenarios")]
AllowFaults = Annotated[bool, typer.Option("--allow-faults", help="let it stop and kill parts of this stack")]
Times = Annotated[int, typer.Option("--times", min=1, max=1000, help="play it so many times in a row")]

Folder = Annotated[Path, typer.Option("--folder", help="where the scenarios are; your own may lie anywhere")]

NOT_FIT = 2
"""Exit code when nothing could be played: bad file, no such scenario, stack not fit."""


def call_command(
    name: Name = "",
    *,
    as_json: AsJson = False,
    as_list: AsList = False,
    allow_faults: AllowFaults = False,
    times: Times = 1,
    folder: Folder = SCENARIOS,
) -> None:
    """Play a SIPp scenario: real calls through the running stack. Exit code 0 only when phones and store agree."""
    console = Console()
    if as_list or not name:
        _show_list(console, folder, as_json=as_json)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that phones are hung up and the stack is mended
    try:
        target = _target(allow_faults)
        names = scenario_names(folder) if name == "all" else [name]
        passed = [_play(one, folder, target, console if not as_json else None) for _ in range(times) for one in names]
    except (ScenarioError, TargetError, TooLate, StoreUnavailable, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NOT_FIT) from error
    if len(passed) > 1 and not as_json:
        console.print(f"{sum(passed)} of {len(passed)} passed", style="bold green" if all(passed) else "bold red")
    if not all(passed):
        raise typer.Exit(1)


app = typer.Typer(help="Play SIPp scenarios.")
app.command("call")(call_command)


def _target(allow_faults: bool) -> Target:
    try:
        target = Target()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        missing = ", ".join(f"HOTLINE_{str(part['loc'][0]).upper()}" for part in error.errors())
        raise TargetError(f"settings are missing or wrong: {missing}; run `hotline setup`") from error
    return target.model_copy(update={"allow_faults": target.allow_faults or allow_faults})


def _play(name: str, folder: Path, target: Target, console: Console | None) -> bool:
    """Without a console the report is printed as JSON."""
    if console is None:
        report = run(name, target, folder=folder)
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        report = run(name, target, folder=folder, watch=lambda stage: show_stage(console, stage))
        show_report(console, report)
    return report.is_passed


def _show_list(console: Console, folder: Path, *, as_json: bool) -> None:
    scenarios = {name: load(name, folder) for name in scenario_names(folder)}
    if as_json:
        rows = [
            {"name": name, "summary": " ".join(one.summary.split()), "needs_faults": one.is_destructive}
            for name, one in scenarios.items()
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    table.add_column("breaks things", no_wrap=True)
    table.add_column("what it proves")
    for name, one in scenarios.items():
        first = " ".join(one.summary.split()).split(". ")[0].rstrip(".") + "."
        table.add_row(f"[bold]{escape(name)}[/]", "yes" if one.is_destructive else "", escape(first))
    console.print(table)
