"""The `hotline` command. Each command imports what it needs when it runs, so that help is instant."""

import os
import shutil
import sys

import typer
from rich.markup import escape

from app.cli import (  # noqa: F401 - each adds its commands to its group
    clock_command,
    flow_commands,
    flow_pictures,
    flow_shelf,
    flow_simulation,
    flow_statistics,
    line_import,
    line_list,
    prompt_commands,
    resend_command,
    twin_commands,
)
from app.cli.audit_command import audit
from app.cli.bench_command import bench
from app.cli.broadcast_commands import broadcasts
from app.cli.console import StepFailed, errors
from app.cli.data_commands import database, seats, users
from app.cli.demo_command import demo
from app.cli.doctor.command import doctor
from app.cli.due_command import clocks
from app.cli.event_commands import events
from app.cli.flow_group import flows
from app.cli.line_commands import lines
from app.cli.person_command import people, retention
from app.cli.priority_commands import priority
from app.cli.proposal_commands import dialplan
from app.cli.rates_command import rates
from app.cli.settings_table import settings
from app.cli.setup_command import setup
from app.cli.stack_commands import down, status, up
from app.cli.token_commands import tokens
from sipp_scenarios.command import call_command

app = typer.Typer(
    help="The 12345 hotline: set up, run and look after one installation.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for command in (demo, setup, up, down, status, doctor, settings, bench, rates):
    app.command()(command)
app.command("call")(call_command)
for group, name in (
    (seats, "seat"),
    (users, "user"),
    (database, "db"),
    (flows, "flows"),
    (dialplan, "dialplan"),
    (tokens, "token"),
    (lines, "lines"),
    (clocks, "clock"),
    (events, "events"),
    (broadcasts, "broadcasts"),
    (priority, "priority"),
    (audit, "audit"),
    (people, "person"),
    (retention, "retention"),
):
    app.add_typer(group, name=name)


def become_root(arguments: list[str]) -> None:
    """Go on under sudo where we are not root: Asterisk is started in a mount namespace of its own (ADR 0012)."""
    sudo = shutil.which("sudo")
    if os.getuid() == 0 or sudo is None or not arguments or "--help" in arguments:
        return
    kept = ",".join(name for name in os.environ if name.startswith("HOTLINE_"))
    preserve = [f"--preserve-env={kept}"] if kept else []
    os.execv(sudo, ["sudo", *preserve, sys.executable, "-m", "app.cli", *arguments])  # noqa: S606 - same program


def main() -> None:
    """Entry point: a step that failed says what to do, without a traceback."""
    become_root(sys.argv[1:])
    os.umask(0o022)  # Asterisk, another user, must find its folders; what is private is made so by name
    try:
        app()
    except StepFailed as failure:
        errors.print(f"[red]failed[/]  {escape(str(failure))}", soft_wrap=True)
        if failure.remedy:
            errors.print(f"[bold]what to do:[/] {escape(failure.remedy)}", soft_wrap=True)
        sys.exit(1)
