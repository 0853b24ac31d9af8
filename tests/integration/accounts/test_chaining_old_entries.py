"""An audit log that is older than the chain: its entries get their places, and are verified from then on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from app.accounts import audit
from app.accounts.audit_chain import FIRST_HASH
from app.accounts.audit_check import check_chain
from app.accounts.auth import Actor
from app.accounts.models import AuditEntry
from app.platform.database import Database, make_engine
from app.platform.migrations import upgrade_engine

pytestmark = pytest.mark.services

AT = datetime(2026, 5, 1, 8, 30, 15, 123456, tzinfo=UTC)
BEFORE_THE_CHAIN = "0019"
OLD = """INSERT INTO audit_entries (at, actor_id, actor, action, object_type, object_id, detail, address)
         VALUES (:at, NULL, :actor, 'number_revealed', 'call', :object_id, :detail, '10.0.0.7')"""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own, as it was before the chain, with three entries; one was deleted from between them."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        shared: Engine = request.getfixturevalue("postgresql_engine")
        with shared.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS old_log"))
            connection.execute(text("CREATE DATABASE old_log"))
        engine = make_engine(shared.url.set(database="old_log").render_as_string(hide_password=False))
    upgrade_engine(engine, BEFORE_THE_CHAIN)
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        for number in range(4):
            at = AT + timedelta(minutes=number)
            row = {
                "at": at.strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else at, "actor": "8001", "object_id": number,
                "detail": json.dumps({"reason": "核实“地址”", "share": 0.5}, ensure_ascii=False),
            }  # fmt: skip
            connection.execute(text(OLD), row | {"object_id": str(number)})
        connection.execute(text("DELETE FROM audit_entries WHERE object_id = '1'"))
    yield engine
    engine.dispose()


def test_old_entries_are_chained_in_their_order_and_the_log_goes_on(old: Engine, tmp_path: Path) -> None:
    upgrade_engine(old)
    database = Database(old)
    assert check_chain(database, tmp_path, by="test", now=AT).broken is None
    with database.transaction() as session:
        audit.record(session, Actor("8002"), "logged_in", at=AT + timedelta(days=1))

    with database.reading() as session:
        rows = list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))
    assert [(row.seq, row.object_id) for row in rows] == [(1, "0"), (2, "2"), (3, "3"), (4, "")]
    assert [row.previous_hash for row in rows] == [FIRST_HASH, *(row.entry_hash for row in rows[:-1])]
    assert (rows[0].at, rows[0].detail["reason"]) == (AT, "核实“地址”")
    report = check_chain(database, tmp_path, by="test", now=AT)
    assert (report.broken, report.entries) == (None, 4)
