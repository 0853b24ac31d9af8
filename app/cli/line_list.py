"""`hotline lines list`: every line with today's way of handling it, and what changes next."""

import json

import typer
from rich.table import Table

from app.cli.console import JsonOption, console
from app.cli.line_commands import lines
from app.cli.settings import StackSettings


@lines.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """Show each line's mode today (Asia/Shanghai) and its next change, as the case store knows them."""
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.lines import service  # noqa: PLC0415
    from app.lines.schemas import LineOut  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    with open_database(StackSettings()) as store, store.reading() as session:
        periods, now = service.periods_of(session), utc_now()
        rows = [
            LineOut.model_validate(service.outline(line, periods.get(line.number, []), now))
            for line in service.list_lines(session)
        ]
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False))
        return
    table = Table("line", "name", "unit", "category", "today", "next change", box=None)
    for row in rows:
        coming = f"{row.next_change.mode} on {row.next_change.begins_on}" if row.next_change else ""
        table.add_row(row.number, row.name, row.unit_name, row.category, row.mode or "-", coming)
    console.print(table)
