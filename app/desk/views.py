"""What the desk page shows of a call, read in a handful of queries. Nothing here changes anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.scope import of_people
from app.callbacks.models import Callback
from app.callbacks.service import find_callback_of_call
from app.calls import service as calls
from app.calls.models import AgentState, Call, CallState, MissedCall
from app.calls.ratings import AgentRatings, ratings_by_agent
from app.desk.place import describe_place
from app.handovers.taking import count_waiting
from app.lines.models import Line
from app.platform.clock import to_shanghai
from app.tickets.access import lies_in_region
from app.tickets.models import Ticket, TicketStatus
from app.tickets.states import OPEN

OPEN_TICKETS_SHOWN = 9
"""As many as Alt and one digit can name."""
HISTORY_SHOWN = 8
DRAFTS_SHOWN = 20
WAITING_STATES = (CallState.QUEUED, CallState.RINGING)


@dataclass(frozen=True)
class CallCard:
    """One call with what is known of its caller. `draft` is the ticket that this call opened."""

    call: Call
    place: str
    line_name: str
    draft: Ticket | None
    attached: Ticket | None
    open_tickets: list[Ticket]
    past_tickets: list[Ticket]
    past_calls: list[Call]
    callback: Callback | None = None
    """Set when we call the citizen, not he us."""


@dataclass(frozen=True)
class DayCounters:
    """One agent's day so far (Asia/Shanghai)."""

    answered: int
    average_talk_seconds: int | None
    accepted: int
    waiting_missed: int
    waiting_referrals: int


def find_current_call(session: Session, agent: str, now: datetime) -> Call | None:
    """The call that rings, is talked on or wrapped up at `now`."""
    call_id = calls.get_agent_state(session, agent, now=now).call_id
    return calls.find_call(session, call_id) if call_id else None


def find_own_call(session: Session, agent: str, call_id: str) -> Call | None:
    """A call that this agent answered, or that rings at his seat now."""
    call = calls.find_call(session, call_id)
    if call is None:
        return None
    if call.agent == agent:
        return call
    state = session.get(AgentState, agent)
    return call if state is not None and state.call_id == call_id else None


def read_card(session: Session, call: Call, actor: Actor) -> CallCard:
    """The card of this call, of what this person may see: the citizen's open tickets first, then what was before."""
    line = session.get(Line, call.original_line or call.dnis)
    draft = session.scalar(select(Ticket).where(Ticket.call_id == call.call_id))
    attached = session.get(Ticket, call.ticket_id) if call.ticket_id else None
    tickets = _tickets_of(session, call, draft, actor)
    return CallCard(
        call=call,
        place=describe_place(call.caller_number or call.ani),
        line_name=line.name if line else "",
        draft=draft,
        attached=attached if attached and (draft is None or attached.id != draft.id) else None,
        open_tickets=[ticket for ticket in tickets if ticket.status in OPEN][:OPEN_TICKETS_SHOWN],
        past_tickets=[ticket for ticket in tickets if ticket.status not in OPEN][:HISTORY_SHOWN],
        past_calls=_calls_before(session, call, actor),
        callback=find_callback_of_call(session, call.call_id),
    )


def _tickets_of(session: Session, call: Call, draft: Ticket | None, actor: Actor) -> list[Ticket]:
    if not call.caller_number:
        return []
    query = (
        select(Ticket)
        .where(
            or_(Ticket.caller_number == call.caller_number, Ticket.contact_number == call.caller_number),
            Ticket.status != TicketStatus.MERGED,
            lies_in_region(actor),
            Ticket.id != (draft.id if draft else -1),
        )
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .limit(OPEN_TICKETS_SHOWN + HISTORY_SHOWN)
    )
    return list(session.scalars(query))


def _calls_before(session: Session, call: Call, actor: Actor) -> list[Call]:
    if not call.caller_number:
        return []
    query = (
        select(Call)
        .where(Call.caller_number == call.caller_number, Call.call_id != call.call_id, Call.same_as.is_(None))
        .where(Call.arrived_at <= call.arrived_at, of_people(actor, Call.agent))
        .order_by(Call.arrived_at.desc())
        .limit(HISTORY_SHOWN)
    )
    return list(session.scalars(query))


def list_drafts(session: Session, agent: str) -> list[Ticket]:
    """The agent's tickets that are not submitted yet, newest first."""
    query = (
        select(Ticket)
        .where(Ticket.accepted_by == agent, Ticket.status == TicketStatus.DRAFT)
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .limit(DRAFTS_SHOWN)
    )
    return list(session.scalars(query))


def count_day(session: Session, agent: str, now: datetime) -> DayCounters:
    """Today's counters of one agent; missed calls and referred matters are everybody's."""
    local = to_shanghai(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    answered, talked_ms = session.execute(
        select(func.count(), func.avg(case((Call.talk_ms > 0, Call.talk_ms)))).where(
            Call.agent == agent, Call.answered_at >= midnight, Call.arrived_at >= midnight - timedelta(hours=4)
        )
    ).one()
    accepted = session.scalar(select(func.count()).where(Ticket.accepted_by == agent, Ticket.accepted_at >= midnight))
    waiting = session.scalar(select(func.count()).where(MissedCall.resolved_at.is_(None)))
    return DayCounters(
        answered=answered,
        average_talk_seconds=int(talked_ms / 1000) if talked_ms else None,
        accepted=accepted or 0,
        waiting_missed=waiting or 0,
        waiting_referrals=count_waiting(session),
    )


def ratings_of_today(session: Session, now: datetime) -> dict[str, AgentRatings]:
    """Agent → what callers said of his talks today (Asia/Shanghai)."""
    midnight = to_shanghai(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return {row.agent: row for row in ratings_by_agent(session, midnight, now + timedelta(minutes=1))}


@dataclass(frozen=True)
class WaitingCalls:
    """What waits now, for the supervisors' board."""

    waiting: int
    talking: int
    longest_since: datetime | None


def list_waiting_calls(session: Session) -> WaitingCalls:
    """How many callers wait or talk now, and since when the longest waits (UTC)."""
    live = session.scalars(select(Call).where(Call.state.in_((*WAITING_STATES, CallState.TALKING)))).all()
    waiting = [call for call in live if call.state != CallState.TALKING]
    since = min((call.queued_at or call.arrived_at for call in waiting), default=None)
    return WaitingCalls(waiting=len(waiting), talking=len(live) - len(waiting), longest_since=since)
