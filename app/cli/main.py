"""The `hotline` command. Each command imports what it needs when it runs, so that help is instant."""

import os
import sys

import typer
from rich.markup import escape

from app.cli.console import StepFailed, errors
from app.cli.data_commands import database, flows, seats, users
from app.cli.doctor.command import doctor
from app.cli.setup_command import setup
from app.cli.stack_commands import down, status, up

app = typer.Typer(
    help="The 12345 hotline: set up, run and look after one installation.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for command in (setup, up, down, status, doctor):
    app.command()(command)
for group, name in ((seats, "seat"), (users, "user"), (database, "db"), (flows, "flows")):
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point: a step that failed says what to do, without a traceback."""
    os.umask(0o022)  # Asterisk, another user, must find its folders; what is private is made so by name
    try:
        app()
    except StepFailed as failure:
        errors.print(f"[red]failed[/]  {escape(str(failure))}")
        if failure.remedy:
            errors.print(f"[bold]what to do:[/] {escape(failure.remedy)}")
        sys.exit(1)
