"""`hotline token`: machines that may talk to the case store."""

import json
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.settings import StackSettings

tokens = typer.Typer(help="Tokens of machines: telephony nodes, exchanges of retained hotlines.", no_args_is_help=True)


@tokens.command("add")
def add_token(
    name: str,
    scope: Annotated[list[str], typer.Option(help="What it may do, e.g. call-events:write; may be repeated.")],
    node: Annotated[str | None, typer.Option(help="It reports call facts as this node alone.")] = None,
    line: Annotated[str | None, typer.Option(help="It reports calls of this line alone (a foreign exchange).")] = None,
) -> None:
    """Make a token and print it, this once. A token of that name that is there already is replaced.

    The exchange of a retained hotline: hotline token add bureau --scope call-events:write --node bureau --line 12315
    """
    from app.accounts import service  # noqa: PLC0415 - help is instant
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.lines.service import list_lines  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415

    settings = StackSettings()
    if line is not None and node == settings.node:
        raise StepFailed(f"{node} is this installation's own node", "name the node after the exchange that reports")
    try:
        with open_database(settings) as store, store.transaction() as session:
            if line is not None and line not in {known.number for known in list_lines(session)}:
                raise StepFailed(f"{line} is no line here", "add it to the site plan first, or correct --line")
            plain = service.create_service_token(session, name, scope, now=utc_now(), node=node, line=line)
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    typer.echo(plain)


@tokens.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """Show every token's name and what it may do; tokens themselves are not kept."""
    from app.accounts import service  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415

    with open_database(StackSettings()) as store, store.reading() as session:
        rows = service.list_service_tokens(session)
    if as_json:
        shown = ("name", "scopes", "node", "line", "is_active")
        typer.echo(json.dumps([{name: getattr(row, name) for name in shown} for row in rows]))
        return
    table = Table("token", "scopes", "node", "line", "", box=None)
    for row in rows:
        scopes = ", ".join(str(scope) for scope in row.scopes)
        table.add_row(row.name, scopes, row.node or "any", row.line or "any", "" if row.is_active else "off")
    console.print(table)


@tokens.command("off")
def switch_token_off(name: str) -> None:
    """Switch a token off: a second later it opens nothing any more."""
    from app.accounts import service  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    try:
        with open_database(StackSettings()) as store, store.transaction() as session:
            service.deactivate_service_token(session, name, now=utc_now())
    except service.ServiceTokenNotFound as error:
        raise StepFailed(f"there is no token {name}", "`hotline token list` shows them") from error
    report_done("token", f"{name} is off")
