"""Apply call facts: one transaction per batch, in order; each fact is kept once and judged alone (ADR 0060).

The facts of a call are stored first; then its record is told anew from all of them (`app.calls.record`), so that
neither their order nor their number matters. Rows are locked in one order everywhere (events, calls, agents, missed
calls, tickets, counter), so that two batches wait for each other instead of failing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, case, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts.auth import SYSTEM, Actor
from app.calls.models import CallEventRow, ParkedEvent, Sender
from app.contract.events import BatchResult, CallEvent, Cursor, EventBatch
from app.contract.masks import mask_text
from app.ingest.effects import Terms, apply_facts
from app.ingest.rules import Parked, cursor_after, park, parse_event
from app.platform.database import insert_ignore, table_of

log = structlog.get_logger()

STORE = "store"
"""Node of the store's own conclusions."""

_SENDERS = table_of(Sender)
_TOLD = bindparam("told", type_=_SENDERS.c.cursor.type)
_MOVE_CURSOR = (
    update(_SENDERS)
    .where(_SENDERS.c.node == bindparam("sender"))
    .values(cursor=case((_SENDERS.c.cursor > _TOLD, _SENDERS.c.cursor), else_=_TOLD), last_seen_at=bindparam("now"))
    .returning(_SENDERS.c.cursor)
)
"""Built once: building a statement costs as much as running it (ADR 0064)."""


@dataclass(frozen=True)
class _Kept:
    fresh: int
    parked: list[Parked]


def store_batch(
    session: Session, batch: EventBatch, terms: Terms, now: datetime, sender: Actor = SYSTEM
) -> BatchResult:
    """Keep every event of the batch and do what it brings about. The same batch again changes nothing.

    `sender`: who tells it; a foreign exchange is heard about its own line alone.

    Raises OperationalError when the database is busy or gone: nothing was kept, the sender tells it again.
    """
    items = [parse_event(raw, node=batch.node, now=now, sender=sender) for raw in batch.events]
    events = [item for item in items if isinstance(item, CallEvent)]
    kept = _keep(session, batch.node, events, terms, now)
    parked = [item for item in items if isinstance(item, Parked)] + kept.parked
    _store_parked(session, batch.node, parked, now)
    cursor = _advance(session, batch.node, cursor_after(0, items), now)
    return BatchResult(
        accepted=kept.fresh,
        duplicate=len(events) - kept.fresh - len(kept.parked),
        parked=len(parked),
        cursor=cursor,
    )


def get_cursor(session: Session, node: str) -> Cursor:
    """The highest sequence kept of this sender; 0 for one who never reported."""
    return Cursor(node=node, cursor=session.scalar(select(Sender.cursor).where(Sender.node == node)) or 0)


def _keep(session: Session, node: str, events: list[CallEvent], terms: Terms, now: datetime) -> _Kept:
    """All at once; if that fails, one by one, so that only the one at fault is put aside.

    The transaction holds nothing else yet, so the first try needs no savepoint.
    """
    try:
        return _Kept(store_facts(session, node, events, terms, now), [])
    except OperationalError:
        raise
    except Exception:
        log.exception("batch_needs_care", node=node, events=len(events))
        session.rollback()
    fresh, parked = 0, []
    for event in events:
        try:
            with session.begin_nested():
                fresh += store_facts(session, node, [event], terms, now)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("event_parked", node=node, event_id=event.event_id)
            reason = mask_text(f"{type(error).__name__}: {error}")
            parked.append(park(event.model_dump(mode="json"), node=node, reason=reason))
    return _Kept(fresh, parked)


def store_facts(session: Session, node: str, events: Sequence[CallEvent], terms: Terms, now: datetime) -> int:
    """Keep facts and do what they bring about, at once; the number of those that are new. Raises what goes wrong."""
    if not events:
        return 0
    rows = [_row(node, event, now) for event in sorted(events, key=lambda event: event.event_id)]
    statement = insert_ignore(session, CallEventRow).returning(CallEventRow.event_id)
    fresh = set(session.scalars(statement, rows))
    new_events = {event.event_id: event for event in events if event.event_id in fresh}
    apply_facts(session, list(new_events.values()), terms.of(node), now)
    session.flush()
    return len(fresh)


def _row(node: str, event: CallEvent, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "node": node,
        "seq": event.seq,
        "type": event.type.value,
        "call_id": event.call_id or None,
        "occurred_at": event.occurred_at,
        "received_at": now,
        "is_reconstructed": event.is_reconstructed,
        "body": event.model_dump(mode="json"),
    }


def _store_parked(session: Session, node: str, parked: list[Parked], now: datetime) -> None:
    if not parked:
        return
    log.warning("events_parked", node=node, count=len(parked), reason=parked[0].reason)
    rows = [
        {"node": node, "seq": p.seq, "fingerprint": p.fingerprint, "reason": p.reason, "body": p.body, "parked_at": now}
        for p in sorted(parked, key=lambda item: item.fingerprint)
    ]
    session.execute(insert_ignore(session, ParkedEvent), rows)


def _advance(session: Session, node: str, cursor: int, now: datetime) -> int:
    values = {"sender": node, "told": cursor, "now": now}
    known: int | None = session.scalar(_MOVE_CURSOR, values)
    if known is not None:
        return known
    session.execute(insert_ignore(session, Sender).values(node=node, cursor=0, last_seen_at=now))
    return int(session.scalars(_MOVE_CURSOR, values).one())


def list_senders(session: Session) -> list[Sender]:
    """Every sender that ever reported, by name."""
    return list(session.scalars(select(Sender).order_by(Sender.node)))
