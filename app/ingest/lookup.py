"""Who is calling, and for which line? Asked before the queue, so it is two or three indexed reads."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.rules import normalize_number
from app.contract.lookup import CallerCard, LookupRequest
from app.lines.service import find_line
from app.tickets.models import Ticket
from app.tickets.rules import OPEN


def look_up(session: Session, request: LookupRequest, *, area_code: str) -> CallerCard:
    """What the flow may know. An unknown number, an anonymous one and an unknown line are answers, not errors."""
    line = find_line(session, request.original_line or request.dnis)
    card = CallerCard(original_line=line.number if line else "", queue=line.queue if line else "")
    number = normalize_number(request.ani, area_code=area_code)
    if number is None:
        return card
    called = exists().where(Call.caller_number == number, Call.call_id != request.call_id)
    open_tickets = select(func.count()).where(Ticket.caller_number == number, Ticket.status.in_(OPEN)).scalar_subquery()
    is_known, count = session.execute(select(called, open_tickets)).one()
    return card.model_copy(update={"is_known": bool(is_known or count), "open_tickets": count})
