"""`hotline lines`: hotline numbers, and whether their calls are all with us."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import Field
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, say
from app.cli.settings import StackSettings
from app.contract.env import EnvSettings

if TYPE_CHECKING:
    from app.calls.completeness import Comparison
    from app.probes.schemas import ProbeOut


class _Region(EnvSettings):
    """Of the case store's settings this alone: comparing lists needs no secrets."""

    area_code: str = Field(default="0375", pattern=r"^0\d{2,3}$")


lines = typer.Typer(help="Hotline numbers and their calls.", no_args_is_help=True)

SHOWN_ROWS = 20


@lines.command("reconcile")
def reconcile_line(  # noqa: PLR0917 - Typer fills them by name
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of Asia/Shanghai, e.g. 2026-11-22.")],
    line: Annotated[str, typer.Option(help="The line's number.")],
    file: Annotated[Path, typer.Option(exists=True, dir_okay=False, readable=True, help="Its exchange's CDR, CSV.")],
    tolerance: Annotated[int, typer.Option(min=0, max=3600, help="Seconds by which two clocks may differ.")] = 60,
    as_json: JsonOption = False,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare, but do not keep the result.")] = False,
) -> None:
    """Compare a retained line's own call list with our records. Exit code 1 when anything is missing here.

    Columns are found by name: started_at and caller are needed; call_id, line and duration_seconds help.
    """
    from app.calls import reconcile as use_cases  # noqa: PLC0415 - help is instant
    from app.calls.cdr_file import CdrUnreadable  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.lines.models import Line  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    data, settings = file.read_bytes(), StackSettings()
    with open_database(settings) as store, store.transaction() as session:
        if session.get(Line, line) is None:
            raise StepFailed(f"{line} is no line here", "`hotline dialplan check` and the site plan name them all")
        try:
            found = use_cases.reconcile(
                session,
                data,
                line=line,
                day=date.date(),
                tolerance=timedelta(seconds=tolerance),
                area_code=_Region().area_code,
            )
        except CdrUnreadable as error:
            raise StepFailed(f"{file.name}: {error}", "correct the file and run this again") from error
        if not is_dry_run:
            use_cases.keep(session, found, data, file_name=file.name, by="hotline lines reconcile", now=utc_now())
    if as_json:
        typer.echo(json.dumps(summary_of(found) | use_cases.detail_of(found), ensure_ascii=False))
    else:
        show_comparison(found)
    if not found.is_complete:
        raise typer.Exit(1)


def summary_of(found: "Comparison") -> dict[str, object]:
    """The counts, for scripts."""
    return {
        "line": found.line,
        "date": found.day.isoformat(),
        "theirs": found.theirs,
        "ours": found.ours,
        "matched": len(found.matched),
        "is_complete": found.is_complete,
    }


def show_comparison(found: "Comparison") -> None:
    """Counts first, then what is missing, then rows that could not be read."""
    from app.calls.reconcile import detail_of  # noqa: PLC0415

    say(
        f"line {found.line} on {found.day}: {found.theirs} calls in the file, {found.ours} in our records,"
        f" {len(found.matched)} in both"
    )
    detail = detail_of(found)
    for name, title in (
        ("missing_here", "in the file, not in our records"),
        ("missing_there", "in our records, not in the file"),
        ("doubled_here", "recorded twice here"),
        ("repeated_rows", "rows that repeat another"),
        ("broken", "rows that cannot be read"),
    ):
        _show_rows(title, detail[name])
    if found.foreign_rows:
        say(f"[dim]{len(found.foreign_rows)} rows are of another day or another line and were left out[/]")
    if found.is_another_list:
        say(f"[red]nothing was compared[/]: no row is of line {found.line} on {found.day}; is it another line's list?")
    if found.is_complete:
        say("[green]complete[/]: every call of the file is with us")


def _shown(name: str, value: object) -> str:
    """A moment as the exchange's list has it: Asia/Shanghai."""
    from app.platform.clock import to_shanghai  # noqa: PLC0415

    if name.endswith("_at"):
        return f"{to_shanghai(datetime.fromisoformat(str(value))):%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)


def _show_rows(title: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    say(f"[yellow]{len(rows)}[/] {title}:")
    table = Table(*rows[0], box=None, pad_edge=False)
    for row in rows[:SHOWN_ROWS]:
        table.add_row(*(_shown(name, value) for name, value in row.items()))
    console.print(table)
    if len(rows) > SHOWN_ROWS:
        say(f"[dim]… and {len(rows) - SHOWN_ROWS} more; --json lists them all[/]")


@lines.command("probe")
def probe_lines(
    line: Annotated[
        list[str] | None, typer.Option(help="A line's number; may be repeated. Without: every line.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Dial lines now: is each answered, is something heard, does the record name the line? Exit code 1 if one fails.

    Emergency numbers are never dialled. The results are kept, and raise or end alarms, as those of the schedule.
    """
    from app.cli.probing import probe_now  # noqa: PLC0415 - help is instant

    results = probe_now(line or [], watch=None if as_json else show_probe)
    if as_json:
        typer.echo(json.dumps([result.model_dump(mode="json") for result in results], ensure_ascii=False))
    failed = [result for result in results if result.fault]
    if not as_json:
        colour = "red" if failed else "green"
        say(f"[{colour}]{len(results) - len(failed)} of {len(results)} lines are well[/]")
    if failed:
        raise typer.Exit(1)


def show_probe(result: "ProbeOut") -> None:
    """One line per test call."""
    if result.fault is None:
        seen = f"answered in {result.answer_ms} ms, {(result.audio_ms or 0) / 1000:.1f} s heard, {result.found_rule}"
        say(f"[green]passed[/]  {result.line:<8} [dim]{seen}[/]")
        return
    seen = {
        "refused": f"SIP {result.sip_status}",
        "wrong_line": f"the record says {result.found_line}, by {result.found_rule}",
        "silent": f"{(result.audio_ms or 0) / 1000:.1f} s of audio, loudness {result.loudness}",
    }.get(result.fault, "")
    say(f"[red]failed[/]  {result.line:<8} {result.fault.replace('_', ' ')} [dim]{seen}[/]")
