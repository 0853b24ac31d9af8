"""The audit log as a chain on both databases: written by many at once, refused to be changed, verified, told."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.accounts import audit
from app.accounts.audit_chain import hash_of
from app.accounts.audit_check import ANCHORS, AnchorsUnreadable, BreakKind, ChainReport, check_chain
from app.accounts.auth import Actor
from app.accounts.jobs import verify_audit_log
from app.accounts.models import AuditCheck, AuditEntry, AuditHead, Role
from app.platform.database import Database, table_of
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from tests.integration.conftest import RecordedTopics

pytestmark = pytest.mark.services

LogIn = Callable[..., dict[str, str]]
LI = Actor("8001", address="10.0.0.7")
AT = datetime(2026, 11, 1, 19, 0, 0, 123, tzinfo=UTC)
"""03:00 in Shanghai."""


def note(database: Database, count: int = 1, *, actor: Actor = LI, **detail: Any) -> None:
    """So many deeds, a transaction each."""
    for number in range(count):
        with database.transaction() as session:
            audit.record(
                session, actor, "number_revealed", at=AT + timedelta(minutes=number), object_type="call",
                object_id=number, detail={"reason": "核实“地址”", **detail},
            )  # fmt: skip


def fail_half_way(database: Database) -> None:
    with database.transaction() as session:
        audit.record(session, LI, "number_revealed", at=AT)
        raise RuntimeError("half-way")


def check(database: Database, home: Path) -> ChainReport:
    return check_chain(database, home, by="test", now=AT)


def tamper(engine: Engine, *statements: Any) -> None:
    """As somebody with every right in the database can."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for name in ("entries_keep", "entries_stay", "head_forward", "head_stay"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_{name}"))
        for statement in statements:
            connection.execute(statement)


def test_the_chain_is_whole_whatever_the_details_hold(database: Database, tmp_path: Path) -> None:
    note(database, 3)
    note(database, share=0.1, big=1e22, nothing=None, nested={"b": [1, "二"], "a": True}, number=2**60)

    report = check(database, tmp_path)

    assert (report.entries, report.last_seq, report.broken) == (4, 4, None)
    with database.reading() as session:
        hashes = session.execute(select(AuditEntry.previous_hash, AuditEntry.entry_hash).order_by(AuditEntry.seq)).all()
    assert [one.previous_hash for one in hashes] == ["0" * 64, *(one.entry_hash for one in hashes[:-1])]


def test_writers_at_the_same_time_make_one_chain(database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(note, database, 5, actor=Actor(f"writer{number}")) for number in range(8)]:
            done.result()

    report = check(database, tmp_path)

    assert (report.entries, report.broken) == (40, None)


def test_a_deed_that_is_rolled_back_leaves_no_entry_and_no_gap(database: Database, tmp_path: Path) -> None:
    note(database)
    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way(database)
    note(database)

    assert check(database, tmp_path).last_seq == 2


def test_the_database_itself_refuses_to_change_or_delete(database: Database, engine: Engine) -> None:
    note(database, 2)
    entries, head = table_of(AuditEntry), table_of(AuditHead)
    row = {
        "id": 1,
        "seq": 1,
        "previous_hash": "",
        "entry_hash": "",
        "at": AT,
        "actor": "x",
        "action": "x",
        "detail": {},
    }
    forbidden = [
        update(entries).values(actor="nobody"),
        delete(entries).where(entries.c.seq == 2),
        delete(head),
        update(head).values(seq=1),
        insert(entries).values({**row, "object_type": "", "object_id": "", "address": ""}),
    ]
    if engine.dialect.name == "postgresql":
        forbidden += [text("TRUNCATE audit_entries"), text("TRUNCATE audit_head")]
    else:
        forbidden.append(text("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE seq = 1"))
    for statement in forbidden:
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(statement)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.actor == "8001")) == 2


ENTRIES, HEAD = table_of(AuditEntry), table_of(AuditHead)


@pytest.mark.parametrize(
    ("statement", "kind", "seq"),
    [
        (update(ENTRIES).where(ENTRIES.c.seq == 2).values(actor="nobody"), BreakKind.ALTERED, 2),
        (delete(ENTRIES).where(ENTRIES.c.seq == 2), BreakKind.MISSING, 2),
        (delete(ENTRIES).where(ENTRIES.c.seq > 3), BreakKind.CUT_OFF, 4),
        (delete(ENTRIES), BreakKind.CUT_OFF, 1),
        (update(HEAD).values(entry_hash="f" * 64), BreakKind.HEAD, 5),
        (delete(HEAD), BreakKind.HEAD, 5),
    ],
)
def test_who_has_every_right_is_found_out(
    database: Database, engine: Engine, tmp_path: Path, statement: Any, kind: BreakKind, seq: int
) -> None:
    note(database, 5)
    tamper(engine, statement)

    report = check(database, tmp_path)

    assert report.broken is not None
    assert (report.broken.kind, report.broken.seq) == (kind, seq)


def test_who_puts_an_entry_in_or_changes_their_order_is_found_out(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    note(database, 5)
    with database.reading() as session:
        rows = [dict(row) for row in session.execute(select(ENTRIES).order_by(ENTRIES.c.seq)).mappings()]
    swapped = [
        update(ENTRIES).where(ENTRIES.c.id == rows[at]["id"]).values(seq=seq) for at, seq in ((1, 99), (2, 2), (1, 3))
    ]
    tamper(engine, *swapped)
    broken = check(database, tmp_path).broken
    assert broken is not None
    assert (broken.kind, broken.seq) == (BreakKind.DISCONNECTED, 2)
    back = [
        update(ENTRIES).where(ENTRIES.c.id == rows[at]["id"]).values(seq=seq) for at, seq in ((1, 99), (2, 3), (1, 2))
    ]
    tamper(engine, *back)
    assert check(database, tmp_path).broken is None
    forged = {**rows[4], "id": 99, "seq": 6, "actor": "nobody", "previous_hash": rows[4]["entry_hash"]}
    tamper(engine, insert(ENTRIES).values({**forged, "entry_hash": hash_of(forged)}))
    broken = check(database, tmp_path).broken
    assert broken is not None
    assert (broken.kind, broken.seq) == (BreakKind.HEAD, 6)


def test_who_cuts_the_log_and_its_head_is_found_out_by_the_check_before(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    note(database, 5)
    assert check(database, tmp_path).broken is None
    with database.reading() as session:
        third = session.scalar(select(AuditEntry.entry_hash).where(AuditEntry.seq == 3))
    tamper(engine, delete(ENTRIES).where(ENTRIES.c.seq > 3), update(HEAD).values(seq=3, entry_hash=third))

    assert str(check(database, tmp_path).broken) == "the newest entries, 4 to 5, are missing"


def test_a_damaged_file_of_earlier_checks_is_no_clean_bill(database: Database, tmp_path: Path) -> None:
    note(database)
    check(database, tmp_path)
    (tmp_path / ANCHORS).write_text("{\n")

    with pytest.raises(AnchorsUnreadable, match=r"anchors\.jsonl"):
        check(database, tmp_path)


def test_every_night_the_log_is_verified_and_a_break_is_an_alarm_on_the_pages(
    database: Database, engine: Engine, settings: Settings, client: TestClient, log_in: LogIn, topics: RecordedTopics
) -> None:
    headers = log_in("auditor", Role.AUDITOR)
    assert headers
    context = JobContext(settings, database, lambda: AT)
    verify_audit_log(context)
    verify_audit_log(context)  # the same night
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditCheck)) == 1
    assert client.get("/api/v1/audit-state").json()["verdict"] == "overdue"  # long ago, by the real clock
    assert "超过两天没有校验" in client.get("/audit-watch").text
    tamper(engine, update(ENTRIES).where(ENTRIES.c.seq == 1).values(actor="nobody"))

    verify_audit_log(JobContext(settings, database, lambda: datetime.now(UTC)))

    state = client.get("/api/v1/audit-state").json()
    assert (state["verdict"], state["break_kind"], state["break_seq"]) == ("broken", "altered", 1)
    assert state["break_text"] == "第 1 条的内容被改动"
    assert "审计日志校验不通过：第 1 条的内容被改动" in client.get("/audit-watch").text
    assert ("audit", "check") in topics.sent


def test_the_end_of_the_chain_is_noted_outside_the_database_once(database: Database, tmp_path: Path) -> None:
    note(database, 2)
    check(database, tmp_path)
    check(database, tmp_path)

    lines = (tmp_path / ANCHORS).read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [2]
