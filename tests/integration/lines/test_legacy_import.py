"""Records of a former system become tickets once (R17), however often and by however many they are imported."""

import csv
import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from app.casework.jobs import archive_due
from app.cli.main import app
from app.deadlines.models import TicketClock
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets import legacy
from app.tickets.legacy import ImportReport, find_legacy_ticket, import_rows
from app.tickets.legacy_file import LegacyRow, read_legacy_file
from app.tickets.models import LegacyRecord, Ticket, TicketHistory
from app.tickets.numbers import is_ticket_number

pytestmark = pytest.mark.services

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HEAD = "原编号,受理时间,来电号码,诉求类型,诉求内容,答复内容,状态\n"
ROWS = (
    "RS-1,2018-09-29 09:00:00,19900012345,咨询,社保卡多久能办好,十五个工作日,已办结\n"
    "RS-2,2018-09-30 23:59:59,,投诉,窗口无人,,办理中\n"
)
SOURCE = "changsha-12333"


def rows_of(text: str = HEAD + ROWS) -> list[LegacyRow]:
    rows = read_legacy_file(text.encode(), line="12333", area_code="0731", now=NOW)
    return [row for row in rows if isinstance(row, LegacyRow)]


def bring(database: Database, rows: Sequence[LegacyRow], source: str = SOURCE) -> ImportReport:
    report = ImportReport()
    with database.transaction() as session:
        import_rows(session, rows, report, source=source, region_code="430100", now=NOW)
    return report


def test_every_record_becomes_a_ticket_of_its_day_and_line(database: Database) -> None:
    report = bring(database, rows_of())

    assert (report.imported, report.known, report.by_line) == (2, 0, {"12333": 2})
    with database.reading() as session:
        first, second = (find_legacy_ticket(session, SOURCE, number) for number in ("RS-1", "RS-2"))
        actions = session.scalars(select(TicketHistory.action)).all()
    assert first is not None
    assert second is not None
    assert (first.status, first.ticket_type, first.answer, first.original_line, first.source_channel) == (
        "finished", "consult", "十五个工作日", "12333", "legacy",
    )  # fmt: skip
    assert (second.status, second.caller_number) == ("accepted", None)
    assert [t.ticket_number[:12] for t in (first, second)] == ["430100180929", "430100180930"]
    assert is_ticket_number(first.ticket_number)
    assert list(actions) == ["imported", "imported"]


@pytest.mark.parametrize(
    ("after", "status"), [(timedelta(days=14, hours=23), "finished"), (timedelta(days=15), "archived")]
)
def test_what_was_finished_there_is_archived_fifteen_days_after_the_import(
    database: Database, settings: Settings, *, after: timedelta, status: str
) -> None:
    bring(database, rows_of())

    archive_due(JobContext(settings, database, lambda: NOW + after))

    with database.reading() as session:
        first, second = (find_legacy_ticket(session, SOURCE, number) for number in ("RS-1", "RS-2"))
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (status, "accepted")


def test_the_same_file_again_imports_nothing_and_a_changed_row_is_told(database: Database) -> None:
    bring(database, rows_of())

    again = bring(database, rows_of((HEAD + ROWS).replace("窗口无人", "窗口有人")))

    assert (again.imported, again.known, again.changed) == (0, 2, ["RS-2"])
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_the_same_number_of_another_system_is_another_record(database: Database) -> None:
    bring(database, rows_of())

    assert bring(database, rows_of(), source="changsha-12329").imported == 2


def test_two_imports_at_the_same_time_double_nothing(database: Database) -> None:
    reports: list[ImportReport] = []
    threads = [threading.Thread(target=lambda: reports.append(bring(database, rows_of()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(report.imported for report in reports) == [0, 2]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2
        assert session.scalars(select(LegacyRecord.ticket_id).where(LegacyRecord.ticket_id.is_(None))).all() == []


def test_the_command_imports_once_tells_broken_rows_and_can_only_look(
    engine: Engine, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "old.csv"
    file.write_text(HEAD + ROWS + "RS-3,昨天,,咨询,内容,,\n", encoding="gb18030")
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    for name in ("SESSION_SECRET", "COMMAND_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(f"HOTLINE_{name}", "s" * 32)
    words = ["lines", "import", str(file), "--source", SOURCE, "--line", "12333", "--json"]

    looked, first, second = (
        CliRunner().invoke(app, [*words, *more]) for more in (["--dry-run"], [], [])
    )  # fmt: skip

    told = [json.loads(result.stdout) for result in (looked, first, second)]
    assert [(answer["imported"], answer["known"]) for answer in told] == [(2, 0), (2, 0), (0, 2)]
    assert told[0]["broken"] == [{"row": 4, "reason": "received_at '昨天' is no moment; write 2018-09-30 14:05:00"}]
    assert {result.exit_code for result in (looked, first, second)} == {1}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_an_interrupted_import_goes_on_where_it_stopped_and_every_broken_row_is_told(
    engine: Engine, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, broken = 1_300, set(range(57, 1_300, 100))
    file, told_file = tmp_path / "old.jsonl", tmp_path / "broken.csv"
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            row = {"legacy_id": f"Q-{number}", "received_at": "2018-09-30 10:00", "content": f"第{number}件事"}
            out.write(json.dumps(row | ({"received_at": "?"} if number in broken else {}), ensure_ascii=False) + "\n")
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    for name in ("SESSION_SECRET", "COMMAND_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(f"HOTLINE_{name}", "s" * 32)
    words = ["lines", "import", str(file), "--source", SOURCE, "--line", "12333", "--json", "--broken", str(told_file)]
    chunks = 0

    def stop_in_the_third(*args: Any, **more: Any) -> list[Ticket]:
        nonlocal chunks
        chunks += 1
        waiting = import_rows(*args, **more)
        if chunks == 3:
            raise KeyboardInterrupt
        return waiting

    with monkeypatch.context() as patch:
        patch.setattr(legacy, "import_rows", stop_in_the_third)
        CliRunner().invoke(app, words)
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Ticket)) or 0
    result = CliRunner().invoke(app, words)

    answer = json.loads(result.stdout)
    assert 0 < before < count - len(broken)
    assert (answer["known"], answer["imported"]) == (before, count - len(broken) - before)
    assert [row["row"] for row in answer["broken"]] == [number + 1 for number in sorted(broken)]
    with told_file.open(encoding="utf-8-sig") as lines:
        assert [int(row["row"]) for row in csv.DictReader(lines)] == [number + 1 for number in sorted(broken)]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == count - len(broken)
        assert session.scalar(select(func.count(Ticket.ticket_number.distinct()))) == count - len(broken)


def test_a_matter_that_is_still_open_over_there_waits_for_dispatch_with_a_clock_that_begins_now(
    engine: Engine, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "old.csv"
    file.write_text(HEAD + ROWS, encoding="utf-8")
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    for name in ("SESSION_SECRET", "COMMAND_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(f"HOTLINE_{name}", "s" * 32)
    words = ["lines", "import", str(file), "--source", SOURCE, "--line", "12333"]

    results = [CliRunner().invoke(app, words) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0], results[0].output
    with database.reading() as session:
        ticket = find_legacy_ticket(session, SOURCE, "RS-2")
        clock = session.scalars(select(TicketClock)).one()
        actions = session.scalars(select(TicketHistory.action).where(TicketHistory.ticket_id == clock.ticket_id)).all()
    assert ticket is not None
    assert (clock.ticket_id, clock.kind, clock.state, clock.cause) == (ticket.id, "dispatch", "running", "import")
    assert clock.due_at == ticket.next_due_at
    assert clock.due_at > clock.started_at > ticket.created_at
    assert list(actions) == ["imported", "timed"]
