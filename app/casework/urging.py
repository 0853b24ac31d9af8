"""The citizen asks again for what is under way (诉求人催办, R49): kept and counted, and whoever has the ticket is told.

It orders no supervision: that is a supervisor's. The call that it came by is attached, so that no second ticket grows.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.deadlines.supervising import REPEATED, check_under_way, raise_by_hand
from app.tickets import service as tickets
from app.tickets.access import check_attaches, check_edits, holding_of
from app.tickets.models import Ticket
from app.tickets.moving import change_ticket, history

ACTION = "urged"


def urge(session: Session, key: int | str, *, actor: Actor, reason: str, call_id: str | None, now: datetime) -> Ticket:
    """Once for each call, however often it is sent. NotFound, NotAllowed, NothingToSupervise, TransitionRefused."""
    ticket, holding = tickets.get_ticket(session, key, is_locked=True), holding_of(session, actor)
    check_edits(session, actor, ticket, holding)
    if call_id is not None:
        if _is_known(session, ticket, call_id):
            return ticket
        check_attaches(session, actor, call_id, holding)
    check_under_way(ticket)
    if call_id is not None:
        tickets.attach_call(session, call_id, ticket.id, actor=actor.name, now=now)
    raise_by_hand(session, ticket, REPEATED, actor=actor, reason=reason, now=now)
    changed = {"urge_count": [ticket.urge_count, ticket.urge_count + 1]}
    noted = {"reason": [None, reason], "call_id": [None, call_id]}
    change_ticket(
        session, ticket, changed, actor=actor.name, action=ACTION, now=now,
        noted=noted if call_id else {"reason": noted["reason"]},
    )  # fmt: skip
    return ticket


def _is_known(session: Session, ticket: Ticket, call_id: str) -> bool:
    """Whether this call has urged already: a second click, a second page."""
    return any(
        entry.action == ACTION and entry.changes.get("call_id") == [None, call_id]
        for entry in history(session, ticket.id)
    )
