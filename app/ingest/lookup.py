"""Who is calling, and for which line? Asked before the queue, so it is a few indexed reads in three statements."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.broadcasts.service import is_anything_on_air
from app.callers.models import PriorityCaller
from app.calls.models import AgentState, AgentStatus, Call
from app.calls.presence import effective_status
from app.calls.rules import normalize_number
from app.contract.lookup import CallerCard, LookupRequest
from app.lines.models import Line
from app.lines.service import find_line
from app.platform.database import table_of
from app.tickets.models import Ticket
from app.tickets.states import OPEN

REMEMBERED = timedelta(hours=24)
"""Who calls again within so long is put through to the agent he spoke with, if that one is free (domain.md §4)."""

_LINES, _CALLS, _TICKETS = table_of(Line).c, table_of(Call).c, table_of(Ticket).c
_PRIORITY = table_of(PriorityCaller).c
_QUEUE_OF_LINE = select(_LINES.queue).where(_LINES.number == bindparam("line"))
_OF_CALLER = _CALLS.caller_number == bindparam("caller"), _CALLS.call_id != bindparam("this_call")
_CALLER = select(
    exists().where(*_OF_CALLER),
    select(func.count())
    .select_from(table_of(Ticket))
    .where(_TICKETS.caller_number == bindparam("caller"), _TICKETS.status.in_(sorted(OPEN)))
    .scalar_subquery(),
    exists().where(_PRIORITY.caller_number == bindparam("caller"), _PRIORITY.cleared_at.is_(None)),
    select(_CALLS.agent)
    .where(*_OF_CALLER, _CALLS.agent.is_not(None), _CALLS.arrived_at > bindparam("since"), _CALLS.is_test.is_(False))
    .order_by(_CALLS.arrived_at.desc())
    .limit(1)
    .scalar_subquery(),
)


def look_up(session: Session, request: LookupRequest, *, area_code: str, now: datetime) -> CallerCard:
    """What the flow may know. An unknown number, an anonymous one and an unknown line are answers, not errors."""
    line, queue = _line_of(session, request)
    has_broadcast = is_anything_on_air(session, line=line, now=now)
    card = CallerCard(original_line=line, queue=queue, has_broadcast=has_broadcast)
    number = normalize_number(request.ani, area_code=area_code)
    if number is None:
        return card
    asked = {"caller": number, "this_call": request.call_id, "since": now - REMEMBERED}
    is_known, count, is_priority, agent = session.execute(_CALLER, asked).one()
    told = {"is_known": bool(is_known or count), "open_tickets": count, "is_priority": bool(is_priority)}
    if agent:
        told |= {"last_agent": agent, "last_agent_seat": _free_seat(session, agent, now)}
    return card.model_copy(update=told)


def _free_seat(session: Session, agent: str, now: datetime) -> str:
    """Where the agent sits, if his phone may ring now."""
    state = session.get(AgentState, agent)
    is_free = state is not None and effective_status(state, now) is AgentStatus.READY
    return state.seat.removeprefix("PJSIP/")[:80] if state is not None and is_free else ""


def _line_of(session: Session, request: LookupRequest) -> tuple[str, str]:
    """The line's number and queue: as the dialplan resolved it, else by the number that was dialled."""
    if request.original_line:
        queue = session.scalar(_QUEUE_OF_LINE, {"line": request.original_line})
        if queue is not None:
            return request.original_line, str(queue)
    line = find_line(session, request.original_line or request.dnis)
    return (line.number, line.queue) if line else ("", "")
