"""`hotline lines import`: bring the records of a former hotline's own system along (R17)."""

import csv
import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from app.cli.console import JsonOption, StepFailed, console, say
from app.cli.line_commands import lines
from app.cli.settings import StackSettings

if TYPE_CHECKING:
    from app.tickets.legacy import ImportReport

SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
SHOWN = 20


@lines.command("import")
def import_legacy(  # noqa: PLR0917 - Typer fills them by name
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV (UTF-8 or GB18030) or JSON lines.")
    ],
    source: Annotated[str, typer.Option(help="The former system, e.g. changsha-12333; never change it afterwards.")],
    line: Annotated[str, typer.Option(help="The line of rows that name none.")] = "",
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and judge everything, keep nothing.")] = False,
    broken_file: Annotated[
        Path | None, typer.Option("--broken", dir_okay=False, help="Write the broken rows here: CSV of row and reason.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a ticket of every record that is new. The same file again imports nothing; exit code 1 for broken rows.

    Broken rows are left out, the others are kept. An import that was interrupted is started again: it goes on where it
    stopped.

    Columns are found by name: legacy_id 原编号, received_at 受理时间 and content 诉求内容 are needed;
    line 热线号码, caller_number 来电号码, contact_name 联系人, ticket_type 诉求类型, title 标题, answer 答复内容,
    address 地址 and status 状态 (已办结, 办理中) help.
    Types: 咨询 求助 投诉 举报 建议 表扬 其他 无效.
    """
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.deadlines.imported import time_imported  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.settings import Settings  # noqa: PLC0415
    from app.tickets.legacy import CHUNK, ImportReport, import_rows  # noqa: PLC0415
    from app.tickets.legacy_file import BrokenRow, LegacyFileUnreadable, read_legacy_file  # noqa: PLC0415

    if not SOURCE.fullmatch(source):
        raise StepFailed(f"`{source}` cannot name a system", "use a-z, 0-9, dot, dash and underscore")
    stack, report, now = StackSettings(), ImportReport(), utc_now()
    try:
        terms = Settings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        raise StepFailed("there are no secrets yet", "run `hotline setup`") from error
    rows = read_legacy_file(file.read_bytes(), line=line, area_code=terms.area_code, now=now)
    with open_database(stack) as store, console.status("importing") as status:
        try:
            while chunk := list(islice(rows, CHUNK)):
                good = [row for row in chunk if not isinstance(row, BrokenRow)]
                report.broken += [row for row in chunk if isinstance(row, BrokenRow)]
                report.read += len(chunk) - len(good)
                with store.transaction() as session:
                    waiting = import_rows(session, good, report, source=source, region_code=terms.region_code, now=now)
                    time_imported(session, waiting, now)
                    if is_dry_run:
                        session.rollback()
                status.update(f"importing: {report.read} rows read, {report.imported} imported")
        except LegacyFileUnreadable as error:
            raise StepFailed(f"{file.name}: {error}", "correct the file and run this again") from error
    if broken_file is not None:
        _write_broken(broken_file, report)
    _show(report, is_dry_run=is_dry_run, as_json=as_json)
    if report.broken:
        raise typer.Exit(1)


def _write_broken(file: Path, report: "ImportReport") -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["row", "reason"])
        writer.writerows((row.row, row.reason) for row in report.broken)


def _show(report: "ImportReport", *, is_dry_run: bool, as_json: bool) -> None:
    broken = [{"row": row.row, "reason": row.reason} for row in report.broken]
    if as_json:
        counts = {"read": report.read, "imported": report.imported, "known": report.known, "is_dry_run": is_dry_run}
        answer = {**counts, "by_line": dict(report.by_line), "changed": report.changed, "broken": broken}
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    verb = "would be imported" if is_dry_run else "imported"
    say(f"{report.read} rows read: {report.imported} {verb}, {report.known} known already, {len(broken)} broken")
    for number, count in sorted(report.by_line.items()):
        say(f"  line {number}: {count}")
    if report.changed:
        say(f"[yellow]{len(report.changed)}[/] known rows say something else now; their tickets stay as they are:")
        say(f"  {', '.join(report.changed[:SHOWN])}")
    for row in broken[:SHOWN]:
        say(f"[yellow]row {row['row']}[/]: {row['reason']}")
    if len(broken) > SHOWN:
        say(f"[dim]… and {len(broken) - SHOWN} more; --json lists them all[/]")
