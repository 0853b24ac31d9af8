"""Use cases of calls: read them, their timelines, screen pops, agents' states."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.scope import check_of_people, of_people
from app.calls import presence
from app.calls.missed import list_missed_calls, resolve_missed_call
from app.calls.models import AgentState, AgentStatus, Call, CallEventRow, CallState, JoinedCall, ScreenPop
from app.calls.played import Playing, plays_of
from app.calls.rules import may_see_number
from app.calls.timeline import Stage, stages_of
from app.contract.events import CallEvent, EventType
from app.platform.database import table_of
from app.platform.errors import NotFound
from app.platform.topics import agent_topic, publish

POPS_SHOWN = 20
POP_LIFE = timedelta(hours=12)

_FACTS = table_of(CallEventRow).c
_FACTS_OF_CALLS = select(_FACTS.call_id, _FACTS.body).where(_FACTS.call_id.in_(bindparam("call_ids", expanding=True)))
_PLAYED_IN_CALL = (
    select(_FACTS.body)
    .where(_FACTS.call_id == bindparam("of_call"), _FACTS.type == EventType.FLOW_PLAYED)
    .order_by(_FACTS.occurred_at)
)
_POPS, _CALLS, _STATES = table_of(ScreenPop).c, table_of(Call).c, table_of(AgentState).c
_PENDING_POPS = (
    select(_POPS.id, _POPS.call_id, _POPS.kind, _POPS.created_at)
    .join(table_of(Call), _CALLS.call_id == _POPS.call_id)
    .where(
        _POPS.agent == bindparam("of_agent"),
        _POPS.acknowledged_at.is_(None),
        _POPS.created_at > bindparam("since"),
        or_(_POPS.kind == "answered", _CALLS.state == CallState.RINGING),
    )
    .order_by(_POPS.id.desc())
    .limit(POPS_SHOWN)
)
_STAMP = select(_STATES.status, _STATES.pause_reason, _STATES.call_id, _STATES.since_at, _STATES.last_event_at).where(
    _STATES.agent == bindparam("of_agent")
)
# What every batch of facts and every word to a page asks is built once, and of the tables: ADR 0064.


class PendingPop(NamedTuple):
    """A pop that the agent's page has not confirmed."""

    id: int
    call_id: str
    kind: str
    created_at: datetime
    acknowledged_at: None = None


class AgentStamp(NamedTuple):
    """An agent's state, as far as his page is told."""

    status: str
    pause_reason: str
    call_id: str | None
    since_at: datetime
    last_event_at: datetime


__all__ = [
    "AgentStamp",
    "PendingPop",
    "Stage",
    "acknowledge_pop",
    "call_timeline",
    "calls_of_number",
    "events_of_calls",
    "find_call",
    "finish_wrap_up",
    "get_agent_state",
    "get_call",
    "get_seen_call",
    "held_call_id",
    "list_agent_states",
    "list_calls",
    "list_joined_calls",
    "list_missed_calls",
    "list_pending_pops",
    "list_plays",
    "list_pops_of_call",
    "may_see_number_of",
    "resolve_missed_call",
    "stamp_of_agent_state",
    "twin_of",
]


def list_calls(
    session: Session,
    *,
    state: str | None = None,
    outcome: str | None = None,
    agent: str | None = None,
    queue: str | None = None,
    caller_number: str | None = None,
    line: str | None = None,
    is_test: bool | None = False,
    is_counted: bool | None = True,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
    seen_by: Actor | None = None,
) -> list[Call]:
    """Calls that `seen_by` may see (None: all), the latest arrival first.

    `before` is (arrived_at, id) of the last call of the page before.

    `is_test` None: citizens' calls and test calls alike. `is_counted` None: also second records of the same call.
    """
    query = select(Call).order_by(Call.arrived_at.desc(), Call.id.desc()).limit(limit)
    equal: dict[str, object] = {
        "state": state,
        "outcome": outcome,
        "agent": agent,
        "queue": queue,
        "caller_number": caller_number,
    }
    equal |= {"original_line": line, "is_test": is_test}
    query = query.filter_by(**{name: value for name, value in equal.items() if value is not None})
    if seen_by is not None:
        query = query.where(of_people(seen_by, Call.agent))
    if is_counted is not None:
        query = query.where(Call.same_as.is_(None) if is_counted else Call.same_as.is_not(None))
    if since is not None:
        query = query.where(Call.arrived_at >= since)
    if until is not None:
        query = query.where(Call.arrived_at < until)
    if before is not None:
        arrived_at, call_row_id = before
        query = query.where(
            (Call.arrived_at < arrived_at) | ((Call.arrived_at == arrived_at) & (Call.id < call_row_id))
        )
    return list(session.scalars(query))


def find_call(session: Session, call_id: str) -> Call | None:
    """The call of this HL_CALL_ID."""
    return session.scalar(select(Call).where(Call.call_id == call_id))


def get_seen_call(session: Session, call_id: str, actor: Actor) -> Call:
    """The call of this HL_CALL_ID, for this person's eyes: of a region those that its people took. NotFound."""
    call = get_call(session, call_id)
    if held_call_id(session, actor.name) != call_id:
        check_of_people(session, actor, call.agent, f"没有通话 {call_id}")
    return call


def get_call(session: Session, call_id: str) -> Call:
    """The call of this HL_CALL_ID. Raises NotFound."""
    call = find_call(session, call_id)
    if call is None:
        raise NotFound(f"没有通话 {call_id}")
    return call


def calls_of_number(session: Session, caller_number: str, *, limit: int = 20) -> list[Call]:
    """The latest calls of a normalised number, the newest first."""
    return list_calls(session, caller_number=caller_number, limit=limit)


def events_of_calls(session: Session, call_ids: list[str]) -> dict[str, list[CallEvent]]:
    """Every stored fact of these calls, by call."""
    found: dict[str, list[CallEvent]] = {call_id: [] for call_id in call_ids}
    for call_id, body in session.execute(_FACTS_OF_CALLS, {"call_ids": call_ids}):
        found[call_id or ""].append(CallEvent.model_validate(body))
    return found


def list_plays(session: Session, call_id: str) -> list[Playing]:
    """The flows that an agent played to the citizen in this call, the earliest first."""
    return plays_of(CallEvent.model_validate(body) for body in session.scalars(_PLAYED_IN_CALL, {"of_call": call_id}))


def twin_of(session: Session, call: Call) -> str | None:
    """The other record of the same call, whichever of both counts."""
    if call.same_as is not None:
        return call.same_as
    either = or_(JoinedCall.told_call_id == call.call_id, JoinedCall.own_call_id == call.call_id)
    row = session.scalar(select(JoinedCall).where(either, JoinedCall.parted_at.is_(None)))
    if row is None:
        return None
    return row.own_call_id if row.told_call_id == call.call_id else row.told_call_id


def list_joined_calls(session: Session, *, limit: int) -> list[JoinedCall]:
    """Calls with two records, joined or parted again, the latest first."""
    return list(session.scalars(select(JoinedCall).order_by(JoinedCall.joined_at.desc()).limit(limit)))


def call_timeline(session: Session, call_id: str) -> list[Stage]:
    """The stretches of a call one after the other, with their milliseconds. Raises NotFound."""
    get_call(session, call_id)
    events = events_of_calls(session, [call_id])[call_id]
    return stages_of(events) if events else []  # facts are kept for some years, calls for longer


def find_agent_state(session: Session, agent: str) -> AgentState | None:
    """What is known of an agent; None: never signed in."""
    return session.get(AgentState, agent)


def get_agent_state(session: Session, agent: str, *, now: datetime) -> AgentState:
    """The agent's state with its wrap-up judged at `now`; OFFLINE for one who never signed in. Not written back."""
    state = find_agent_state(session, agent)
    if state is None:
        empty = presence.LONG_AGO
        return AgentState(
            agent=agent, status=AgentStatus.OFFLINE, queues={}, registers={}, since_at=empty, last_event_at=empty
        )
    return _as_of(session, state, now)


def stamp_of_agent_state(session: Session, agent: str) -> AgentStamp | None:
    """What an open page must know of its agent's state, and the moments that tell one state from the next."""
    row = session.execute(_STAMP, {"of_agent": agent}).one_or_none()
    return AgentStamp(*row) if row else None


def list_agent_states(session: Session, *, now: datetime) -> list[AgentState]:
    """Every agent who ever signed in, by number, judged at `now`. Not written back."""
    states = list(session.scalars(select(AgentState).order_by(AgentState.agent)))
    return [_as_of(session, state, now) for state in states]


def _as_of(session: Session, state: AgentState, now: datetime) -> AgentState:
    status = presence.effective_status(state, now)
    if status != state.status:
        session.expunge(state)  # the stored row keeps what the facts said
        state.since_at = state.wrap_up_until or state.since_at
        state.status, state.call_id, state.wrap_up_until = status, None, None
    return state


def finish_wrap_up(session: Session, agent: str, now: datetime) -> None:
    """The agent has done the work after the call. Asked twice, or without a wrap-up, it changes nothing."""
    state = session.get(AgentState, agent, with_for_update=True)
    if state is None or state.status != AgentStatus.WRAP_UP:
        return
    state.registers = presence.without_wrap_up(state.registers, now)
    set_presence(state, wrap_up_seconds=0, now=now)
    state.since_at = now
    publish(session, agent_topic(agent), "state")


def set_presence(state: AgentState, *, wrap_up_seconds: int, now: datetime) -> bool:
    """Set the columns that follow from the registers; whether anything that others see has changed."""
    seen = presence.presence_of(state.registers, wrap_up_seconds=wrap_up_seconds, now=now)
    before = (state.status, state.call_id, state.pause_reason, state.queues)
    state.status, state.call_id, state.pause_reason = seen.status, seen.call_id, seen.pause_reason
    state.queues, state.wrap_up_until, state.since_at = seen.queues, seen.wrap_up_until, seen.since_at
    return before != (state.status, state.call_id, state.pause_reason, state.queues)


def list_pending_pops(session: Session, agent: str, *, now: datetime) -> list[PendingPop]:
    """What the agent's page still has to show, oldest first.

    A ringing pop lives while the phone rings; an answered one until the page confirms it, or for twelve hours.
    """
    rows = session.execute(_PENDING_POPS, {"of_agent": agent, "since": now - POP_LIFE}).all()
    return [PendingPop(*row) for row in reversed(rows)]


def list_pops_of_call(session: Session, agent: str, call_id: str) -> list[ScreenPop]:
    """All that the agent's page was told of one call, confirmed or not, oldest first."""
    query = select(ScreenPop).where(ScreenPop.agent == agent, ScreenPop.call_id == call_id).order_by(ScreenPop.id)
    return list(session.scalars(query))


def acknowledge_pop(session: Session, agent: str, pop_id: int, now: datetime) -> ScreenPop:
    """The agent's page has shown it. The first moment stays; another agent's pop is NotFound."""
    pop = session.get(ScreenPop, pop_id)
    if pop is None or pop.agent != agent:
        raise NotFound("没有这条弹屏")
    if pop.acknowledged_at is None:
        pop.acknowledged_at = now
        session.flush()
    return pop


def held_call_id(session: Session, agent: str) -> str | None:
    """The call at this agent's seat: it rings, is talked on or wrapped up."""
    return session.scalar(select(AgentState.call_id).where(AgentState.agent == agent))


def may_see_number_of(session: Session, call: Call, viewer: str, *, draft_owner: str | None = None) -> bool:
    """Whether this person sees the call's full number: the agent who holds the call, nobody else."""
    state = find_agent_state(session, viewer)
    held = state.call_id if state is not None else None
    return may_see_number(viewer, call_id=call.call_id, viewer_call_id=held, draft_owner=draft_owner)
