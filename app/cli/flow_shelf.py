"""`hotline flows list | describe`: which flows there are, and what each version of one is."""

import typer
from rich.table import Table

from app.cli.console import JsonOption, console
from app.cli.flow_group import flows
from app.cli.flow_node import FlowName, VersionOption


@flows.command("list")
def list_flows(as_json: JsonOption = False) -> None:
    """Every flow: what is in force today, for which lines, since when and by whom; and the switches."""
    from app.cli.flow_answers import list_everything  # noqa: PLC0415 - help is instant

    found = list_everything()
    if as_json:
        typer.echo(found.model_dump_json())
        return
    table = Table("flow", "version", "lines", "since", "by", "note", box=None)
    for one in found.flows:
        now = one.in_force
        who = (now.since, now.by, now.note) if now else ("", "", "as shipped")
        table.add_row(one.name, str(now.version if now else 0), ", ".join(one.lines) or "-", *who)
    console.print(table)


@flows.command("describe")
def describe_flow(name: FlowName, version: VersionOption = None, as_json: JsonOption = False) -> None:
    """A flow's file as one of its versions has it, what it changed, and where it was put in force."""
    from app.cli.flow_answers import describe  # noqa: PLC0415

    found = describe(name, version)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(found.text.rstrip())
    for one in found.versions:
        mark = "→" if one.number == found.shown else " "
        typer.echo(f"{mark} version {one.number:>4}  {one.at}  {one.by}  {one.note}")
