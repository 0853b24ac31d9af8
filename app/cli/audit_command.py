"""`hotline audit verify`: is the audit log whole, and is it the one that was checked before?"""

import json
from dataclasses import asdict

import typer

from app.cli.console import JsonOption, StepFailed, console
from app.cli.settings import StackSettings
from app.cli.store_terms import operator

audit = typer.Typer(help="The log of who did what.", no_args_is_help=True)


@audit.callback()
def explain() -> None:
    """One command so far; Typer needs this to keep it a group."""


@audit.command("verify")
def verify_audit_log(as_json: JsonOption = False) -> None:
    """Read the whole chain of the audit log. Exit code 1, and where, when it is broken.

    The result is kept and told on the audit page, like that of every night.
    """
    from app.accounts.audit_check import ANCHORS, AnchorsUnreadable, check_chain  # noqa: PLC0415 - help is instant
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    settings = StackSettings()
    try:
        with open_database(settings) as store:
            report = check_chain(store, settings.home, by=operator().name, now=utc_now())
    except AnchorsUnreadable as error:
        raise StepFailed(
            str(error), "restore the file from a backup; without it a chain written anew is not seen"
        ) from error
    if as_json:
        where = str(report.broken) if report.broken else None
        typer.echo(json.dumps({**asdict(report), "is_whole": report.broken is None, "where": where}))
    elif report.broken is None:
        console.print(
            f"the audit log is whole: {report.entries:,} entries, the last is {report.last_seq}, in {report.took_ms} ms"
        )
        console.print(f"[dim]{report.entry_hash}[/]")
    else:
        console.print(f"[red]the audit log is broken[/]  {report.broken}", soft_wrap=True)
        console.print(f"[dim]ends of earlier checks: {settings.home / ANCHORS}[/]", soft_wrap=True)
    if report.broken is not None:
        raise typer.Exit(1)
