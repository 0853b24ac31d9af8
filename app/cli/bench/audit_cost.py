"""What the audit log's chain adds to a write: the same write with an entry of the chain, and with a plain row."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.cli.bench.report import Measure, percentile
from app.platform.clock import utc_now
from app.platform.database import Database

ACTOR = Actor("bench")
_PLAIN = "CREATE TABLE IF NOT EXISTS bench_entries (LIKE audit_entries INCLUDING DEFAULTS INCLUDING INDEXES)"
_TOUCH = text("UPDATE tickets SET updated_at = updated_at WHERE id = :id")
_WRITE_PLAIN = text(
    "INSERT INTO bench_entries (seq, previous_hash, entry_hash, at, actor, action, object_type, object_id, detail, "
    "address) VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM bench_entries), '', '', now(), 'bench', 'bench', "
    "'ticket', :key, '{\"reason\": \"bench\"}', '')"
)


def audit_cost(database: Database, part: str, ids: Sequence[int], writes: int) -> Measure:
    """One writer; a ticket's row is updated in each transaction."""
    with database.transaction() as session:
        session.execute(text(_PLAIN))
    chained, plain = _p95_ms(database, _chained, ids, writes), _p95_ms(database, _unchained, ids, writes)
    note = "a ticket updated, with an entry of the hash chain; beside: with a plain row of the same columns"
    return Measure(part, "a write with its audit entry, p95", chained, "ms", plain, note=note)


def _p95_ms(database: Database, write: Callable[[Session, int], None], ids: Sequence[int], writes: int) -> float:
    times = []
    for number in range(writes):
        begin = time.perf_counter()
        with database.transaction() as session:
            session.execute(_TOUCH, {"id": ids[number % len(ids)]})
            write(session, ids[number % len(ids)])
        times.append(time.perf_counter() - begin)
    return percentile(times, 0.95) * 1000


def _chained(session: Session, key: int) -> None:
    audit.record(
        session, ACTOR, "report_read", at=utc_now(), object_type="ticket", object_id=key, detail={"reason": "bench"}
    )


def _unchained(session: Session, key: int) -> None:
    session.execute(_WRITE_PLAIN, {"key": str(key)})
