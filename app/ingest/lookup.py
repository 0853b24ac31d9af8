"""Who is calling, and for which line? Asked before the queue, so it is two indexed reads."""

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.rules import normalize_number
from app.contract.lookup import CallerCard, LookupRequest
from app.lines.models import Line
from app.lines.service import find_line
from app.platform.database import table_of
from app.tickets.models import Ticket
from app.tickets.states import OPEN

_LINES, _CALLS, _TICKETS = table_of(Line).c, table_of(Call).c, table_of(Ticket).c
_QUEUE_OF_LINE = select(_LINES.queue).where(_LINES.number == bindparam("line"))
_CALLER = select(
    exists().where(_CALLS.caller_number == bindparam("caller"), _CALLS.call_id != bindparam("this_call")),
    select(func.count())
    .select_from(table_of(Ticket))
    .where(_TICKETS.caller_number == bindparam("caller"), _TICKETS.status.in_(sorted(OPEN)))
    .scalar_subquery(),
)


def look_up(session: Session, request: LookupRequest, *, area_code: str) -> CallerCard:
    """What the flow may know. An unknown number, an anonymous one and an unknown line are answers, not errors."""
    line, queue = _line_of(session, request)
    card = CallerCard(original_line=line, queue=queue)
    number = normalize_number(request.ani, area_code=area_code)
    if number is None:
        return card
    is_known, count = session.execute(_CALLER, {"caller": number, "this_call": request.call_id}).one()
    return card.model_copy(update={"is_known": bool(is_known or count), "open_tickets": count})


def _line_of(session: Session, request: LookupRequest) -> tuple[str, str]:
    """The line's number and queue: as the dialplan resolved it, else by the number that was dialled."""
    if request.original_line:
        queue = session.scalar(_QUEUE_OF_LINE, {"line": request.original_line})
        if queue is not None:
            return request.original_line, str(queue)
    line = find_line(session, request.original_line or request.dnis)
    return (line.number, line.queue) if line else ("", "")
