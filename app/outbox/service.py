"""Use cases of the outbox: put a message, take those whose time has come, note what became of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.outbox.models import Channel, OutboxMessage
from app.outbox.rules import wait_after
from app.platform.database import insert_ignore

LEASE = timedelta(minutes=5)
"""Whoever takes a message has so long to send it; then somebody else may try."""


def put_message(
    session: Session,
    *,
    key: str,
    recipient: str,
    text: str,
    send_at: datetime,
    now: datetime,
    ticket_id: int | None = None,
    channel: Channel = Channel.SMS,
) -> None:
    """Have this sent at `send_at` or after; once per `key`, however often it is asked."""
    row = {
        "key": key, "channel": channel, "recipient": recipient, "text": text, "ticket_id": ticket_id,
        "send_at": send_at, "next_try_at": send_at, "attempts": 0, "last_error": "", "created_at": now,
    }  # fmt: skip
    session.execute(insert_ignore(session, OutboxMessage), [row])


def take_due(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of messages to be sent now; they are nobody else's for the length of a lease."""
    waiting = (
        select(OutboxMessage.id)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.given_up_at.is_(None), OutboxMessage.next_try_at <= now)
        .order_by(OutboxMessage.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(waiting))
    taken = update(OutboxMessage).where(OutboxMessage.id.in_(ids))
    session.execute(taken.values(next_try_at=now + LEASE, attempts=OutboxMessage.attempts + 1))
    return ids


def note_sent(session: Session, message_id: int, now: datetime) -> None:
    """Somebody has taken it."""
    row = session.get_one(OutboxMessage, message_id)
    row.sent_at, row.last_error = now, ""


def note_failed(session: Session, message_id: int, reason: str, now: datetime) -> bool:
    """It did not leave; tried again later, or given up for good (True)."""
    row = session.get_one(OutboxMessage, message_id)
    row.last_error = reason[:200]
    wait = wait_after(row.attempts)
    if wait is None:
        row.given_up_at = now
    else:
        row.next_try_at = now + wait
    return wait is None


def list_messages(session: Session, ticket_ids: Sequence[int]) -> list[OutboxMessage]:
    """What was or is to be sent about these tickets, the oldest first."""
    query = select(OutboxMessage).where(OutboxMessage.ticket_id.in_(ticket_ids))
    return list(session.scalars(query.order_by(OutboxMessage.id)))
