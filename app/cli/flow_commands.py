"""`hotline flows publish | history | rollback | flag`: which flows callers get."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.data_commands import flows
from app.cli.flow_node import ByOption, LineOption, NoteOption, myself, now, store, today

ALL = "all"


@flows.command("publish")
def publish_flow(  # noqa: PLR0917 - Typer fills them by name
    file: Annotated[str, typer.Argument(help="A flow file; `all`: every flow that ships.")],
    note: NoteOption,
    by: ByOption = "",
    line: LineOption = "",
    since: Annotated[str, typer.Option("--from", help="First day (YYYY-MM-DD, Asia/Shanghai); empty: at once.")] = "",
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Check, and show what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a flow, keep it as a new version and put it in force for new calls; running calls go on as they are."""
    from app.cli.flow_publishing import differences, publish  # noqa: PLC0415 - help is instant
    from ivr_flows.loader import FLOWS  # noqa: PLC0415

    files = sorted(FLOWS.glob("*.yaml")) if file == ALL else [Path(file)]
    _check_day(since)
    if is_dry:
        problems = _problems(files, line, since)
        diff = list(differences(files, line)) if not problems else []
        if as_json:
            typer.echo(json.dumps({"problems": problems, "diff": diff}, ensure_ascii=False))
        else:
            typer.echo("\n".join(problems or diff or ["nothing would change"]))
        raise typer.Exit(1 if problems else 0)
    version = publish(files, by=by or myself(), note=note, line=line, since=since)
    if as_json:
        typer.echo(json.dumps(asdict(version), ensure_ascii=False))
        return
    for whom in (f"line {line}" if line else "all lines",):
        report_done(f"version {version.number}", f"{', '.join(version.flows)} for {whom} from {since or 'now'}")


def _check_day(since: str) -> None:
    from datetime import date  # noqa: PLC0415

    try:
        if since:
            date.fromisoformat(since)
    except ValueError as error:
        raise StepFailed(f"'{since}' is no day", "write it as 2026-12-01") from error


def _problems(files: list[Path], line: str, since: str) -> list[str]:
    from app.cli.flow_node import known  # noqa: PLC0415

    return [str(one) for one in store().problems_of(files, day=since or today(), line=line, known=known())]


@flows.command("history")
def show_history(as_json: JsonOption = False) -> None:
    """What was put in force, when, by whom and why; the newest last."""
    activations = store().activations()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in activations], ensure_ascii=False))
        return
    table = Table("version", "flow", "line", "from", "at", "by", "note", box=None)
    for one in activations:
        version = str(one.version) if one.version else "taken back"
        table.add_row(version, one.flow, one.line or "all", one.since, _shanghai(one.at), one.by, one.note)
    console.print(table)


def _shanghai(at: str) -> str:
    from datetime import datetime  # noqa: PLC0415

    from ivr_flows.versions import SHANGHAI  # noqa: PLC0415

    return f"{datetime.fromisoformat(at).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@flows.command("rollback")
def roll_back(  # noqa: PLR0917 - Typer fills them by name
    note: NoteOption,
    flow: Annotated[str, typer.Argument(help="Name of the flow; leave it out with --line.")] = "",
    to: Annotated[int | None, typer.Option("--to", help="This version; else the one before.")] = None,
    by: ByOption = "",
    line: LineOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put an earlier version in force again for new calls; of a line, what answered it before."""
    from ivr_flows.versions import NothingToDo  # noqa: PLC0415

    if bool(flow) == bool(line):
        raise StepFailed("what shall be rolled back?", "name a flow, or a line with --line")
    try:
        back = store().roll_back(by=by or myself(), note=note, at=now(), flow=flow, line=line, to=to)
    except NothingToDo as error:
        raise StepFailed(str(error), "`hotline flows history` shows the versions") from error
    if as_json:
        typer.echo(json.dumps(asdict(back), ensure_ascii=False))
        return
    what = f"version {back.version} of {back.flow}" if back.version else "the flow of its trunk"
    report_done("rolled back", f"{what} for {f'line {line}' if line else 'all lines'} from now")


@flows.command("flag")
def set_flag(
    name: Annotated[str, typer.Argument(help="Name, as flows branch on it: flag.NAME. Without it: list them.")] = "",
    state: Annotated[str, typer.Argument(help="on or off")] = "",
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Switch something on or off for all flows, at once: a flood notice, a leader's day. Works with the store down."""
    from ivr_flows.flags import Flag, InvalidFlag, read_flags, set_flag  # noqa: PLC0415

    folder = store().folder
    if name:
        if state not in {"on", "off"}:
            raise StepFailed(f"'{state}' is neither on nor off", f"`hotline flows flag {name} on --note WHY`")
        try:
            set_flag(folder, name, Flag(state == "on", now().isoformat(timespec="seconds"), by or myself(), note))
        except InvalidFlag as error:
            raise StepFailed(str(error)) from error
    flags = read_flags(folder)
    if as_json:
        typer.echo(json.dumps({name: asdict(flag) for name, flag in flags.items()}, ensure_ascii=False))
        return
    for one, flag in flags.items():
        typer.echo(f"{one:<20} {'on ' if flag.on else 'off'} {flag.at} {flag.by} {flag.note}")
