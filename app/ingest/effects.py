"""What new facts bring about: call records, agents' states, screen pops, the missed-call list, draft tickets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.callbacks import facts as callbacks
from app.calls import missed, presence
from app.calls import service as calls_service
from app.calls.call_record import CallRecord, Engagement
from app.calls.models import AgentState, Call, ScreenPop
from app.calls.record import CallStory
from app.calls.rules import AGENT_EVENTS
from app.contract.events import AgentAnswered, AgentRinging, CallArrived, CallEvent, EventType, LineRule
from app.contract.ids import follow_up_task
from app.handovers.referrals import join_referrals, mark_source
from app.handovers.service import keep_handovers
from app.ingest import follow_ups, incident_calls
from app.ingest.played import tell_of_played
from app.ingest.twins import judge_twins, share_tickets
from app.lines.rules import MAIN_LINE
from app.lines.service import find_line, mode_of, probe_trunks
from app.messages.service import keep_messages
from app.platform.database import insert_ignore
from app.platform.topics import agent_topic, publish
from app.tickets.drafts import fill_drafts, note_rating, open_drafts

_COLUMNS = tuple(field.name for field in fields(CallRecord))
_CALLS = (
    select(Call)
    .where(Call.call_id.in_(bindparam("call_ids", expanding=True)))
    .order_by(Call.call_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_AGENTS = (
    select(AgentState)
    .where(AgentState.agent.in_(bindparam("agents", expanding=True)))
    .order_by(AgentState.agent)
    .with_for_update()
    .execution_options(populate_existing=True)
)
# Built once: building a statement costs as much as running it (ADR 0065).
_WHAT_TICKETS_SHOW = ("agent", "caller_number", "original_line")
_WHAT_TWINS_SHARE = frozenset(
    {
        "caller_number",
        "original_line",
        "line_rule",
        "trunk",
        "arrived_at",
        "queued_at",
        "answered_at",
        "ended_at",
        "forward_trunk",
        "forward_result",
        "forward_talk_ms",
    }
)


@dataclass(frozen=True)
class Terms:
    """What the platform's settings decide about facts."""

    region_code: str = "410400"
    area_code: str = "0375"
    wrap_up_seconds: int = 5
    callback_missed: frozenset[str] = frozenset()
    """Reasons for which a missed call is called back without anybody's word."""
    node: str = ""

    def of(self, sender: str) -> "Terms":
        """The same for a sender: node1.ami reports for node1."""
        return replace(self, node=sender.partition(".")[0])


@dataclass(frozen=True)
class _Told:
    """One call after its story was told, with the names of the columns that changed."""

    call: Call
    story: CallStory
    changed: frozenset[str]

    @property
    def has_matter(self) -> bool:
        """Somebody of the hotline heard the citizen: an agent, or the line's own people beside them (parallel)."""
        return self.call.agent is not None or self.story.is_answered_by_department


def apply_facts(session: Session, fresh: list[CallEvent], terms: Terms, now: datetime) -> None:
    """Do what these facts bring about; they are stored already, and none of them was known before."""
    told = _tell_calls(session, [event for event in fresh if event.type not in AGENT_EVENTS], terms)
    engagements = [(agent, e) for one in told for agent, e in sorted(one.story.engagements.items())]
    _update_agents(session, fresh, engagements, terms, now)
    _pop(session, fresh, now)
    _mark_missed_calls(session, [*told, *_told_otherwise(session, told, terms, now)])
    answered = [one.call for one in told if one.has_matter and not one.call.is_test]
    join_referrals(session, answered, now=now)
    callbacks.carry_drafts(session, answered)
    follow_ups.attach_to_tickets(session, [one.call for one in told])
    filled = [one.call for one in told if one.call.ticket_id is not None and one.changed & {*_WHAT_TICKETS_SHOW}]
    share_tickets(session, answered)
    open_drafts(session, answered, region_code=terms.region_code, now=now)
    if filled:
        fill_drafts(session, filled, now=now)
    mark_source(session, [one.call for one in told if one.has_matter and one.changed & {"trunk", "answered_at"}])
    keep_handovers(session, fresh)
    tell_of_played(session, fresh, {one.call.call_id: one.call for one in told})
    keep_messages(session, fresh)
    _keep_callbacks(session, told, fresh, terms, now)
    follow_ups.keep_results(session, [one.call for one in told], now=now)
    incident_calls.keep_told(session, [one.call for one in told])
    for one in told:
        if "rating" in one.changed and one.call.ticket_id is not None and not follow_up_task(one.call.call_id):
            note_rating(session, one.call, now=now)


def _tell_calls(session: Session, fresh: Sequence[CallEvent], terms: Terms) -> list[_Told]:
    first_seen = {event.call_id or "": event.occurred_at for event in fresh}
    if not first_seen:
        return []
    call_ids = sorted(first_seen)
    is_new = any(isinstance(event.payload, CallArrived) for event in fresh)
    calls = [] if is_new else _lock_calls(session, call_ids)
    if len(calls) < len(call_ids):
        rows = [{"call_id": call_id, "node": terms.node, "arrived_at": first_seen[call_id]} for call_id in call_ids]
        session.execute(insert_ignore(session, Call), rows)
        calls = _lock_calls(session, call_ids)
    facts = calls_service.events_of_calls(session, call_ids)  # after the lock: all that others stored is seen
    stories = {call.call_id: CallStory(facts[call.call_id], area_code=terms.area_code) for call in calls}
    told = []
    for call in calls:
        story = stories[call.call_id]
        if not story.record.original_line:
            _resolve_line(session, story.record, call)
        told.append(_Told(call, story, _write(call, story.record)))
    _mark_tests(session, told)
    return told


def _mark_tests(session: Session, told: list[_Told]) -> None:
    """Calls that came on a probe's trunk are the platform's own."""
    arrived = [one.call for one in told if "trunk" in one.changed]
    probes = probe_trunks(session, {call.trunk for call in arrived})
    for call in arrived:
        call.is_test = call.trunk in probes


def _keep_callbacks(session: Session, told: list[_Told], fresh: list[CallEvent], terms: Terms, now: datetime) -> None:
    """Last of all: a call-back follows its calls, and an answered caller needs none."""
    calls = [one.call for one in told]
    if any(event.type is EventType.CALLBACK_REQUESTED for event in fresh):
        callbacks.keep_requests(session, calls, fresh, area_code=terms.area_code)
    callbacks.keep_progress(session, calls, now=now)
    for one in told:
        call = one.call
        if "answered_at" in one.changed and call.answered_at and call.caller_number and not call.is_outgoing:
            callbacks.cancel_by_answer(session, call.caller_number, call.answered_at)
        if one.story.missed_at is not None and not call.is_test:
            callbacks.keep_missed(session, call, terms.callback_missed, now=now)
    if ended := [one.call.call_id for one in told if "ended_at" in one.changed]:
        callbacks.drop_unconfirmed(session, ended, now)


def _lock_calls(session: Session, call_ids: list[str]) -> list[Call]:
    return list(session.scalars(_CALLS, {"call_ids": call_ids}))


def _resolve_line(session: Session, record: CallRecord, call: Call) -> None:
    """Where telephony named no line (a foreign exchange, an older node): by the number that was dialled."""
    if not record.dnis:
        return
    if record.dnis == call.dnis and call.original_line:  # found before
        record.original_line, record.line_rule, record.line_mode = call.original_line, call.line_rule, call.line_mode
        return
    line = find_line(session, record.dnis, at=record.arrived_at)
    if line is not None:
        record.original_line = line.number
        record.line_rule = record.line_rule or (LineRule.MAIN if line.number == MAIN_LINE else LineRule.DNIS)
        record.line_mode = record.line_mode or mode_of(session, line, record.arrived_at)


def _write(call: Call, record: CallRecord) -> frozenset[str]:
    changed = set()
    for name in _COLUMNS:
        value = getattr(record, name)
        if getattr(call, name) != value:
            setattr(call, name, value)
            changed.add(name)
    return frozenset(changed)


def _update_agents(
    session: Session,
    fresh: list[CallEvent],
    engagements: list[tuple[str, Engagement]],
    terms: Terms,
    now: datetime,
) -> None:
    own = [event for event in fresh if event.type in AGENT_EVENTS]
    seats = {agent: seat for event in fresh if (agent := _agent_of(event)) and (seat := presence.seat_of([event]))}
    agents = sorted({agent for agent, _ in engagements} | {_agent_of(event) for event in own})
    if not agents:
        return
    states = _lock_agents(session, agents)
    if len(states) < len(agents):
        empty = [{"agent": agent, "since_at": now, "last_event_at": presence.LONG_AGO} for agent in agents]
        session.execute(insert_ignore(session, AgentState), empty)
        states = _lock_agents(session, agents)
    for state in states:
        registers = state.registers
        for agent, engagement in engagements:
            if agent == state.agent:
                registers = presence.with_engagement(registers, engagement)
        for event in own:
            if _agent_of(event) == state.agent:
                registers = presence.with_event(registers, event)
        if registers == state.registers:
            continue
        state.registers = registers
        state.last_event_at = presence.newest(registers)
        state.seat = seats.get(state.agent, state.seat)[:200]
        if calls_service.set_presence(state, wrap_up_seconds=terms.wrap_up_seconds, now=now):
            publish(session, agent_topic(state.agent), "state")


def _lock_agents(session: Session, agents: list[str]) -> list[AgentState]:
    return list(session.scalars(_AGENTS, {"agents": agents}))


def _agent_of(event: CallEvent) -> str:
    agent: str = getattr(event.payload, "agent", "")
    return agent


def _pop(session: Session, fresh: list[CallEvent], now: datetime) -> None:
    """A row per agent, call and kind. A phone that rings again, or is answered again, pops again."""
    for event in fresh:
        match event.payload:
            case AgentRinging(agent=agent):
                kind = "ringing"
            case AgentAnswered(agent=agent):
                kind = "answered"
            case _:
                continue
        row = {"agent": agent, "call_id": event.call_id, "kind": kind, "created_at": now}
        if session.scalar(insert_ignore(session, ScreenPop).returning(ScreenPop.id), row) is None:
            known = select(ScreenPop).filter_by(agent=agent, call_id=event.call_id, kind=kind)
            session.scalars(known).one().acknowledged_at = None
        publish(session, agent_topic(agent), f"pop {kind} {event.call_id}")


def tell_anew(session: Session, calls: Sequence[Call], *, area_code: str) -> None:
    """Put these calls on the missed-call list or take them off, after a person changed what they are."""
    _mark_missed_calls(session, _stories_of(session, calls, area_code))


def _told_otherwise(session: Session, told: list[_Told], terms: Terms, now: datetime) -> list[_Told]:
    """Other records of the same calls, which count or no longer count since these facts are known."""
    known = {one.call.call_id for one in told}
    moved = judge_twins(session, [one.call for one in told if one.changed & _WHAT_TWINS_SHARE], now=now)
    return _stories_of(session, [call for call in moved if call.call_id not in known], terms.area_code)


def _stories_of(session: Session, calls: Sequence[Call], area_code: str) -> list[_Told]:
    facts = calls_service.events_of_calls(session, [call.call_id for call in calls]) if calls else {}
    return [_Told(call, CallStory(facts[call.call_id], area_code=area_code), frozenset()) for call in calls]


def _mark_missed_calls(session: Session, told: list[_Told]) -> None:
    for one in sorted(told, key=lambda one: (one.call.caller_number or "", one.call.call_id)):
        _update_missed_calls(session, one)


def _update_missed_calls(session: Session, told: _Told) -> None:
    call = told.call
    missed_at = None if call.is_test or call.same_as else told.story.missed_at
    if call.missed_at != missed_at:
        call.missed_at = missed_at
        session.flush()
    elif not told.changed & {"caller_number", "outcome", "original_line", "answered_at"}:
        return
    if missed_at is not None:
        missed.put_on_list(session, call, missed_at)
    elif call.missed_call_id is not None:
        missed.take_off_list(session, call)
    if call.caller_number is not None and call.answered_at is not None and not call.is_outgoing:
        missed.close_by_answer(session, call.caller_number, call.answered_at)
