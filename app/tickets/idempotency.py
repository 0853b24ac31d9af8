"""Doing something once, however often the request is sent (Idempotency-Key): opening a ticket, moving it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.platform.errors import HotlineError
from app.tickets import service
from app.tickets.models import IdempotencyKey, Ticket


class KeyReused(HotlineError):
    """The same key came with another content: the sender's mistake."""

    status = 422
    code = "idempotency-key-reused"
    title = "Idempotency-Key 已用于另一份内容"


def create_once(
    session: Session, key: str, values: Mapping[str, Any], *, actor: str, region_code: str, now: datetime
) -> Ticket:
    """The ticket that this key opened, opening it now if need be. Raises KeyReused, TicketIncomplete."""
    row_key, digest = _row_key(actor, key), _digest(values)
    known = session.get(IdempotencyKey, row_key)
    if known is None:
        try:
            with session.begin_nested():
                ticket = service.create_ticket(session, values, actor=actor, region_code=region_code, now=now)
                session.add(IdempotencyKey(key=row_key, ticket_id=ticket.id, request_hash=digest, created_at=now))
                session.flush()
                return ticket
        except IntegrityError:  # the same request, at the same time, was first
            known = session.get(IdempotencyKey, row_key)
            if known is None:
                raise
    if known.request_hash != digest:
        raise KeyReused()
    return service.get_ticket(session, known.ticket_id)


def is_repeated(
    session: Session, key: str | None, ticket: Ticket, request: Mapping[str, Any], *, actor: str, now: datetime
) -> bool:
    """Whether the holder of this key has asked for exactly this already; from now on he has. None: never.

    The ticket is locked, so the same request at the same time waits here for the first; if that fails, its key goes
    with it and this one may try. Raises KeyReused.
    """
    if key is None:
        return False
    row_key, digest = _row_key(actor, key), _digest({"ticket": ticket.id, **request})
    known = session.get(IdempotencyKey, row_key)
    if known is None:
        try:
            with session.begin_nested():
                session.add(IdempotencyKey(key=row_key, ticket_id=ticket.id, request_hash=digest, created_at=now))
        except IntegrityError as error:  # for another ticket, at the same time
            raise KeyReused() from error
        return False
    if known.request_hash != digest:
        raise KeyReused()
    return True


def _row_key(actor: str, key: str) -> str:
    return f"{actor[:50]}:{hashlib.sha256(f'{actor}:{key}'.encode()).hexdigest()}"


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(dict(content), sort_keys=True).encode()).hexdigest()
