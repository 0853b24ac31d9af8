"""Parked events: what could not be kept is tried again once its cause is mended.

It is judged as if its sender told it now: a foreign exchange's fact that is not its own stays parked, whoever asks.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import SYSTEM, Actor
from app.accounts.models import ServiceToken
from app.calls.models import ParkedEvent
from app.contract.masks import mask_text
from app.ingest.effects import Terms
from app.ingest.rules import MAX_BODY, MAX_REASON, Parked, parse_event
from app.ingest.service import store_facts
from app.platform.errors import Conflict, NotFound

CUT = "它的内容过长，存放时已被截断，请由上报方重新上报"


class AlreadyKept(Conflict):
    """It was tried again before, and kept."""

    code = "already-kept"
    title = "该事件已重新入库"


@dataclass(frozen=True)
class Tried:
    """What became of a parked event that was tried again."""

    row: ParkedEvent
    is_kept: bool


def list_parked(
    session: Session, *, limit: int, is_open: bool | None = None, node: str = "", before_id: int | None = None
) -> list[ParkedEvent]:
    """Parked events, the newest first; `is_open`: those that are (not) kept by now. `node`: of this sender alone.

    `before_id` is the last id of the page before.
    """
    query = select(ParkedEvent).order_by(ParkedEvent.id.desc()).limit(limit)
    if is_open is not None:
        query = query.where(ParkedEvent.kept_at.is_(None) if is_open else ParkedEvent.kept_at.is_not(None))
    if before_id is not None:
        query = query.where(ParkedEvent.id < before_id)
    return list(session.scalars(query.where(ParkedEvent.node == node) if node else query))


def count_open(session: Session) -> dict[str, int]:
    """Sender → how many of its events are parked; senders without any are left out."""
    query = select(ParkedEvent.node, func.count()).where(ParkedEvent.kept_at.is_(None)).group_by(ParkedEvent.node)
    return dict(session.execute(query.order_by(ParkedEvent.node)).all())


def retry(session: Session, parked_id: int, terms: Terms, *, actor: Actor, now: datetime) -> Tried:
    """Try one again; it stays parked, with the reason of today, if it still cannot be kept. NotFound, AlreadyKept.

    Raises OperationalError when the database is busy or gone: nothing was changed.
    """
    row = session.get(ParkedEvent, parked_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条搁置的事件")
    if row.kept_at is not None:
        raise AlreadyKept(f"{row.tried_by} 已处理")
    reason = _keep(session, row, terms, now)
    row.tried_at, row.tried_by = now, actor.name
    if reason is None:
        row.kept_at = now
    else:
        row.reason = reason[:MAX_REASON]
    audit.record(
        session, actor, "event_retried", at=now, object_type="parked_event", object_id=row.id,
        detail={"node": row.node, "seq": row.seq, "is_kept": reason is None},
    )  # fmt: skip
    session.flush()
    return Tried(row, is_kept=reason is None)


def _keep(session: Session, row: ParkedEvent, terms: Terms, now: datetime) -> str | None:
    """Why it cannot be kept today; None: it is kept."""
    raw = _read(row)
    if raw is None:
        return CUT if len(row.body) >= MAX_BODY else row.reason
    event = parse_event(raw, node=row.node, now=now, sender=_sender_of(session, row.node))
    if isinstance(event, Parked):
        return event.reason
    try:
        with session.begin_nested():
            store_facts(session, row.node, [event], terms, now)
    except OperationalError:
        raise
    except Exception as error:  # as when it came: one event's fault is no fault of who asks
        return mask_text(f"{type(error).__name__}: {error}")
    return None


def _read(row: ParkedEvent) -> Any:
    try:
        return json.loads(row.body)
    except ValueError:
        return None


def _sender_of(session: Session, node: str) -> Actor:
    """Who told it: the exchange that this node is bound to, else one of our own nodes."""
    bound = select(ServiceToken).where(ServiceToken.node == node.partition(".")[0], ServiceToken.line.is_not(None))
    token = session.scalar(bound.order_by(ServiceToken.id).limit(1))
    return SYSTEM if token is None else Actor(name=token.name, node=token.node, line=token.line)
