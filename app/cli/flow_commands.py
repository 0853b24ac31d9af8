"""`hotline flows publish | history | rollback | flag`: which flows callers get."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.flow_group import flows
from app.cli.flow_node import ByOption, LineOption, NoteOption, myself, now, store, today
from app.cli.flow_refusal import FlowRefused

if TYPE_CHECKING:
    from app.contract.flows import Check

ALL, INPUT = "all", "-"


@flows.command("publish")
def publish_flow(  # noqa: PLR0917 - Typer fills them by name
    file: Annotated[str, typer.Argument(help="A flow file; `all`: every flow that ships; `-`: --name from the input.")],
    note: NoteOption,
    by: ByOption = "",
    line: LineOption = "",
    since: Annotated[str, typer.Option("--from", help="First day (YYYY-MM-DD, Asia/Shanghai); empty: at once.")] = "",
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Check, and show what would change.")] = False,
    name: Annotated[str, typer.Option("--name", help="With `-`: the flow's name.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Check a flow, keep it as a new version and put it in force for new calls; running calls go on as they are."""
    from app.cli.flow_publishing import publish  # noqa: PLC0415 - help is instant

    _check_day(since)
    with _files(file, name) as files:
        if is_dry:
            _rehearse(files, line, since, as_json)
            return
        version = publish(files, by=by or myself(), note=note, line=line, since=since)
    if as_json:
        typer.echo(json.dumps(asdict(version), ensure_ascii=False))
        return
    whom = f"line {line}" if line else "all lines"
    report_done(f"version {version.number}", f"{', '.join(version.flows)} for {whom} from {since or 'now'}")


def _check_day(since: str) -> None:
    from datetime import date  # noqa: PLC0415

    try:
        is_day = not since or date.fromisoformat(since).isoformat() == since
    except ValueError:
        is_day = False
    if not is_day:
        raise FlowRefused("no-day", f"'{since}' is no day", "write it as 2026-12-01", day=since)


@contextmanager
def _files(file: str, name: str) -> Iterator[list[Path]]:
    """The files that are meant, for as long as the block. Raises FlowRefused."""
    from ivr_flows.loader import FLOWS  # noqa: PLC0415

    if file != INPUT:
        yield sorted(FLOWS.glob("*.yaml")) if file == ALL else [Path(file)]
        return
    from app.cli.flow_answers import check_name  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, f"{check_name(name)}.yaml")
        given.write_bytes(sys.stdin.buffer.read())
        yield [given]


def _rehearse(files: list[Path], line: str, since: str, as_json: bool) -> None:
    check = _check(files, line, since)
    if as_json:
        typer.echo(check.model_dump_json())
    else:
        typer.echo("\n".join(map(str, check.problems)) or check.diff or "nothing would change")
    if check.problems:
        raise typer.Exit(1)


def _check(files: list[Path], line: str, since: str) -> "Check":
    """What speaks against these files, and else what they would change."""
    from app.cli.flow_node import known  # noqa: PLC0415
    from app.cli.flow_publishing import differences  # noqa: PLC0415
    from app.contract.flows import Check, Problem  # noqa: PLC0415
    from ivr_flows.versions import in_force  # noqa: PLC0415

    day = since or today()
    found = store().problems_of(files, day=day, line=line, known=known())
    problems = [Problem(file=one.file, line=one.line, message=one.message) for one in found]
    now = in_force(store().activations(), day, flow=files[0].stem, line=line) if len(files) == 1 else None
    diff = "\n".join(differences(files, line)) if not problems else ""
    return Check(problems=problems, diff=diff, against=now.version if now else None)


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
        raise FlowRefused("nothing-to-do", str(error), "`hotline flows history` shows the versions") from error
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
            raise FlowRefused("unknown-switch", str(error), name=name) from error
    flags = read_flags(folder)
    if as_json:
        from app.cli.flow_answers import Shelf  # noqa: PLC0415
        from app.contract.flows import Switches  # noqa: PLC0415

        typer.echo(Switches(switches=Shelf().switches()).model_dump_json())
        return
    for one, flag in flags.items():
        typer.echo(f"{one:<20} {'on ' if flag.on else 'off'} {flag.at} {flag.by} {flag.note}")
