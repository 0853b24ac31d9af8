"""The ticket whose clocks are asked for, if this person may see it: the row-level rule of tickets itself."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.platform.cursors import MAX_ID
from app.platform.errors import NotFound
from app.tickets.access import holding_of, visible
from app.tickets.models import Ticket
from app.tickets.numbers import is_ticket_number
from app.tickets.reports import note_reading


def seen_ticket(session: Session, key: str, actor: Actor, *, is_locked: bool = False) -> Ticket:
    """The ticket of this id or number. NotFound: there is none, or not for this person's eyes."""
    wanted: ColumnElement[bool] = Ticket.ticket_number == key
    if not is_ticket_number(key):
        if int(key) > MAX_ID:
            raise NotFound("没有这张工单")
        wanted = Ticket.id == int(key)
    query = select(Ticket).where(wanted, visible(actor, holding_of(session, actor)))
    if is_locked:
        query = query.with_for_update()
    ticket = session.scalar(query)
    if ticket is None:
        raise NotFound("没有这张工单")
    note_reading(session, actor, ticket)
    return ticket
