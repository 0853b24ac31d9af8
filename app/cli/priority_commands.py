"""`hotline priority`: numbers that are put through first, from the terminal. Numbers are shown masked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from app.callers.rules import PriorityKind
from app.cli.console import JsonOption, StepFailed, console, report_done, report_present, say
from app.cli.settings import StackSettings
from app.cli.store_terms import operator, terms

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

priority = typer.Typer(help="Callers who are put through first (优先来电).", no_args_is_help=True)

WhyOption = Annotated[str, typer.Option("--why", help="Kept with the flag and in the audit log; 2 to 200 characters.")]
SHOWN = 20


@contextmanager
def _writing() -> Iterator["Session"]:
    """The store, to change something. Raises StepFailed for what it refuses."""
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.platform.errors import HotlineError  # noqa: PLC0415

    try:
        with open_database(StackSettings()) as store, store.transaction() as session:
            yield session
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error


def _checked(why: str) -> str:
    if not 2 <= len(why.strip()) <= 200 or not why.isprintable():
        raise StepFailed("the reason has 2 to 200 characters, in one line", "say it with --why")
    return why.strip()


@priority.command("list")
def list_priority_callers(
    *,
    number: Annotated[str, typer.Option(help="This number alone, as people write it.")] = "",
    kind: Annotated[PriorityKind | None, typer.Option(help="Of this kind alone.")] = None,
    is_cleared: Annotated[bool, typer.Option("--cleared", help="Flags that were taken away.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the flags in force, the latest first."""
    from app.callers import service  # noqa: PLC0415
    from app.callers.schemas import PriorityOut  # noqa: PLC0415
    from app.calls.rules import normalize_number  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.pages import shanghai  # noqa: PLC0415

    wanted = normalize_number(number, area_code=terms().area_code) if number else None
    if number and wanted is None:
        raise StepFailed("this is no number that can call", "write a mobile number, or a landline with its area code")
    with open_database(StackSettings()) as store, store.reading() as session:
        found = service.list_priority(session, is_in_force=not is_cleared, kind=kind, caller_number=wanted, limit=limit)
        rows = [PriorityOut.of(row) for row in found]
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False))
        return
    if not rows:
        say("nobody is flagged" if not is_cleared else "no flag was taken away")
        return
    table = Table("id", "number", "kind", "reason", "flagged (Asia/Shanghai)", "by", box=None)
    for row in rows:
        reason = f"{row.reason} → {row.clear_reason} ({row.cleared_by})" if is_cleared else row.reason
        table.add_row(
            str(row.id), row.caller_number, row.kind, reason, shanghai(row.set_at, "%Y-%m-%d %H:%M"), row.set_by
        )
    console.print(table)


@priority.command("set")
def set_priority_caller(
    number: Annotated[str, typer.Argument(help="As people write it.")],
    kind: Annotated[PriorityKind, typer.Option(help="Vulnerability or an unsolved matter, never standing.")],
    why: WhyOption,
) -> None:
    """Put a number through first, from its next call on. One that is flagged already stays as it is."""
    from app.callers import service  # noqa: PLC0415
    from app.contract.masks import mask_number  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    reason = _checked(why)
    with _writing() as session:
        row, is_new = service.set_priority(
            session, number, kind=kind, reason=reason, actor=operator(), area_code=terms().area_code, now=utc_now()
        )
        told = f"{row.id} {mask_number(row.caller_number)}, {row.kind}: {row.reason}"
    (report_done if is_new else report_present)("priority", told)


@priority.command("clear")
def clear_priority_caller(
    row_id: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it; `list --number …` finds one.")],
    why: WhyOption,
) -> None:
    """Take a flag away: the number waits like others again."""
    from app.callers import service  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    reason = _checked(why)
    with _writing() as session:
        service.clear_priority(session, row_id, reason=reason, actor=operator(), now=utc_now())
    report_done("priority", f"{row_id} is cleared")


@priority.command("import")
def import_priority_callers(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, UTF-8 or GB18030.")],
    why: Annotated[str, typer.Option("--why", help="The reason of rows that give none.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Flag every number of a file; the same file again flags none. Exit code 1 for broken rows.

    Columns are found by name: number 号码 and kind 类别 are needed, reason 原因 helps.
    Kinds: elderly 老年人, disabled 残障人士, minor 未成年人, unresolved 重复未解决, enterprise 企业专席.
    """
    from app.callers import service  # noqa: PLC0415
    from app.callers.number_file import NumberFileUnreadable, read_number_file  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    reason = _checked(why) if why else ""
    try:
        rows = list(read_number_file(file.read_bytes(), reason=reason))
    except NumberFileUnreadable as error:
        raise StepFailed(f"{file.name}: {error}", "correct the file and run this again") from error
    with _writing() as session:
        report = service.import_numbers(session, rows, actor=operator(), area_code=terms().area_code, now=utc_now())
    if as_json:
        broken = [{"row": row.row, "reason": row.reason} for row in report.broken]
        typer.echo(json.dumps({"flagged": report.flagged, "known": report.known, "broken": broken}, ensure_ascii=False))
    else:
        say(f"{report.flagged} flagged, {report.known} flagged before, {len(report.broken)} broken")
        for row in report.broken[:SHOWN]:
            say(f"[yellow]row {row.row}[/]: {row.reason}")
        if len(report.broken) > SHOWN:
            say(f"[dim]… and {len(report.broken) - SHOWN} more; --json lists them all[/]")
    if report.broken:
        raise typer.Exit(1)
