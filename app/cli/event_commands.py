"""`hotline events parked`: what could not be kept, and another try once the cause is mended."""

import json
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console
from app.cli.settings import StackSettings
from app.cli.store_terms import operator, terms

events = typer.Typer(help="Facts that telephony reported.", no_args_is_help=True)
parked = typer.Typer(help="Facts that could not be kept.", no_args_is_help=True)
events.add_typer(parked, name="parked")

SHOWN = ("id", "node", "seq", "reason", "parked_at", "tried_at", "tried_by", "kept_at")


@parked.command("list")
def list_parked_events(
    every: Annotated[bool, typer.Option("--all", help="Also those that were kept at a later try.")] = False,
    node: Annotated[str, typer.Option(help="Of this sender alone, e.g. node1.ami.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show what is parked and why, the newest first."""
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.ingest.parked import list_parked  # noqa: PLC0415

    with open_database(StackSettings()) as store, store.reading() as session:
        rows = list_parked(session, limit=limit, is_open=None if every else True, node=node)
    if as_json:
        typer.echo(json.dumps([{name: getattr(row, name) for name in SHOWN} for row in rows], default=str))
        return
    if not rows:
        console.print("nothing is parked")
        return
    table = Table("id", "node", "seq", "parked at (UTC)", "reason", box=None)
    for row in rows:
        is_kept = "" if row.kept_at is None else f"[green]kept at {row.kept_at:%m-%d %H:%M}[/] "
        table.add_row(str(row.id), row.node, str(row.seq), f"{row.parked_at:%Y-%m-%d %H:%M:%S}", is_kept + row.reason)
    console.print(table)


@parked.command("retry")
def retry_parked_events(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids as `list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is parked, the oldest first.")] = False,
    node: Annotated[str, typer.Option(help="With --all: of this sender alone.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Judge parked facts again, as if their sender told them now. Exit code 1 if one stays parked.

    Who did it is in the audit log. What stays parked gets the reason of today.
    """
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.ingest.parked import list_parked, retry  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415

    if bool(ids) == every:
        raise StepFailed("say which: ids, or --all", "`hotline events parked list` shows them")
    results = []
    with open_database(StackSettings()) as store:
        if every:
            with store.reading() as session:
                ids = sorted(row.id for row in list_parked(session, limit=10_000, is_open=True, node=node))
        for parked_id in ids or []:
            try:
                with store.transaction() as session:
                    tried = retry(session, parked_id, terms(), actor=operator(), now=utc_now())
                    results.append({"id": parked_id, "is_kept": tried.is_kept, "reason": tried.row.reason})
            except HotlineError as error:
                raise StepFailed(f"{parked_id}: {error.code}: {error.detail}") from error
    left = [one for one in results if not one["is_kept"]]
    if as_json:
        typer.echo(json.dumps(results))
    else:
        console.print(f"{len(results) - len(left)} of {len(results)} kept")
        for one in left:
            console.print(f"  {one['id']} stays parked: {one['reason']}", markup=False)
    if left:
        raise typer.Exit(1)
