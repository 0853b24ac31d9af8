"""`hotline flows statistics`: how callers went through flows, as counted from their calls."""

import json
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, console
from app.cli.flow_group import flows
from app.cli.flow_node import VersionOption, now
from app.cli.settings import StackSettings

DaysOption = Annotated[int, typer.Option("--days", min=1, max=366, help="So many days up to today.")]


@flows.command("statistics")
def show_statistics(
    name: Annotated[str, typer.Argument(help="Name of a flow; without it: how the calls of every flow ended.")] = "",
    days: DaysOption = 7,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Callers who entered each node, how they left, how long they stayed, how many hung up. Without test calls.

    What --json tells of one flow can be drawn on its picture: `hotline flows show NAME --svg FILE --traffic -`.
    """
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.flows import counting  # noqa: PLC0415
    from app.platform.clock import to_shanghai  # noqa: PLC0415

    since = to_shanghai(now()).date() - timedelta(days=days - 1)
    with open_database(StackSettings()) as store, store.reading() as session:
        runs = counting.read_runs(session, since=since, flow=name)
        traffic = counting.read_traffic(session, name, since=since, version=version)
    if as_json:
        typer.echo(traffic.model_dump_json() if name else json.dumps(runs))
        return
    for flow, routes in runs.items():
        console.print(f"[bold]{flow}[/]  " + ", ".join(f"{route} {count}" for route, count in routes.items()))
    if not name:
        return
    table = Table("node", "entered", "mean s", "hung up", "left by", box=None)
    for node, seen in traffic.nodes.items():
        ways = ", ".join(f"{way or 'end'} {count}" for way, count in seen.left.items())
        table.add_row(node, str(seen.entered), f"{seen.mean_ms / 1000:.1f}", str(seen.hang_ups), ways)
    console.print(table)
