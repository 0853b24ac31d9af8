"""The command itself: run the checks, show them, exit 1 if anything fails."""

import json
from dataclasses import asdict

import typer
from rich.markup import escape

from app.cli.console import JsonOption, say
from app.cli.doctor.finding import Level
from app.cli.doctor.probes import run_checks
from app.cli.settings import StackSettings

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def doctor(as_json: JsonOption = False) -> None:
    """Say what is missing or broken here, and how to mend it. Exit code 1 if anything fails."""
    findings = []
    for finding in run_checks(StackSettings()):
        findings.append(finding)
        if as_json:
            continue
        colour = COLOURS[finding.level]
        say(f"[{colour}]{finding.level:<5}[/] {finding.check:<11} {escape(finding.message)}")
        if finding.remedy:
            say(f"{'':<17} [bold]→[/] {escape(finding.remedy)}")
    is_well = all(finding.level is not Level.FAIL for finding in findings)
    if as_json:
        typer.echo(json.dumps({"is_well": is_well, "findings": [asdict(finding) for finding in findings]}))
    if not is_well:
        raise typer.Exit(1)
