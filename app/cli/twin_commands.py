"""`hotline lines joined` and `part`: calls that an exchange reported and forwarded to us (ADR 0180)."""

import json
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.line_commands import lines
from app.cli.settings import StackSettings
from app.cli.store_terms import operator, terms

SHOWN = ("told_call_id", "own_call_id", "joined_at", "parted_at", "parted_by", "reason")


@lines.command("joined")
def list_joined_calls(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: JsonOption = False) -> None:
    """Show calls with two records, the latest first: what the line's exchange told, and what it forwarded to us."""
    from app.calls.service import list_joined_calls as list_rows  # noqa: PLC0415 - help is instant
    from app.cli.seeding import open_database  # noqa: PLC0415

    with open_database(StackSettings()) as store, store.reading() as session:
        rows = list_rows(session, limit=limit)
    if as_json:
        typer.echo(json.dumps([{name: getattr(row, name) for name in SHOWN} for row in rows], default=str))
        return
    table = Table("the exchange's", "ours", "joined at (UTC)", "", box=None)
    for row in rows:
        parted = f"parted by {row.parted_by}: {row.reason}" if row.parted_at else ""
        table.add_row(row.told_call_id, row.own_call_id, f"{row.joined_at:%Y-%m-%d %H:%M:%S}", parted)
    console.print(table if rows else "no call has two records")


@lines.command("part")
def part_calls(
    call_id: Annotated[str, typer.Argument(help="Either of the two records.")],
    reason: Annotated[str, typer.Option(help="Why these are two calls; kept in the audit log.")],
) -> None:
    """Say that two joined records are two calls: both count again, and they are never joined any more."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.ingest.effects import tell_anew  # noqa: PLC0415
    from app.ingest.twins import part  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import NotFound  # noqa: PLC0415

    if len(reason.strip()) < 4:
        raise StepFailed("the reason says nothing", "write why these are two calls")
    try:
        with open_database(StackSettings()) as store, store.transaction() as session:
            moved = part(session, call_id, actor=operator(), reason=reason.strip()[:200], now=utc_now())
            tell_anew(session, moved, area_code=terms().area_code)
    except NotFound as error:
        raise StepFailed(f"{call_id} is not joined with another record", "`hotline lines joined` shows them") from error
    report_done("calls", f"{call_id} counts by itself")
