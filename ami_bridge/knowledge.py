"""What the bridge has told already: it decides whether a fact is news, and gives it its id (ADR 0042).

The same fact may come live over AMI, as a line of queue_log, or both. Most have an id of their own (a call ends once,
an agent answers on one leg). The others are numbered; a twin from the other source, close in time, is the same fact.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from ami_bridge.events import Caller
from ami_bridge.facts import Fact
from ami_bridge.identity import Numbering, identify
from app.contract import events as told
from app.contract.events import AnyPayload, CallEvent, EventType
from app.contract.ids import CallId, LinkedId, UniqueId, make_event_id

TWIN_EARLIEST_SECONDS = -0.5
TWIN_LATEST_SECONDS = 2.0
"""A line has whole seconds, so what AMI tells of the same fact bears a time up to one second later, and AMI may lag."""

AMI_LAG_SECONDS = 0.5
KEEP_ENDED_SECONDS = 600.0
KEEP_SILENT_SECONDS = 86_400.0


class Source(Enum):
    """Where we have a fact from."""

    LIVE = "live"
    LINE = "line"
    SNAPSHOT = "snapshot"


@dataclass(slots=True)
class Told:
    """One telling of a numbered fact, and the sources it was recognised in."""

    at: float
    sources: set[Source]


@dataclass(slots=True)
class CallKnowledge:
    """One call, as far as ids and repair need it."""

    last_at: float = 0.0
    is_arrived: bool = False
    ended_at: float | None = None
    waiting_in: str = ""
    waiting_since: float = 0.0
    queue: str = ""
    agent: str = ""
    answered_at: float = 0.0
    ids: set[str] = field(default_factory=set)
    numbered: dict[tuple[str, ...], list[Told]] = field(default_factory=dict)


@dataclass(slots=True)
class MemberKnowledge:
    """An agent's seat in a queue."""

    seat: str
    is_paused: bool = False
    reason: str = ""
    changed_at: float = 0.0


class Knowledge:
    """Everything told, as far back as a twin can still come."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.replayed_at = 0.0
        """When queue_log was last read to its end: what happened later stands in no line we know."""
        self.calls: dict[CallId, CallKnowledge] = {}
        self.members: dict[tuple[str, str], MemberKnowledge] = {}
        self._call_ids: dict[UniqueId, CallId] = {}
        self._agents: dict[tuple[str, ...], list[Told]] = defaultdict(list)

    def tell(self, fact: Fact, source: Source) -> CallEvent | None:
        """The event to send, or None when it was told before, or is of a seat where nobody is signed in."""
        if fact.seat:
            agent = self._agent_at(fact.seat)
            if not agent:
                return None
            fact = replace(fact, payload=fact.payload.model_copy(update={"agent": agent}))
        event_type, numbering, parts = identify(fact)
        call_id = self._call_of(fact)
        if numbering is Numbering.ONCE:
            event_id = make_event_id(self.node, event_type, fact.uniqueid or "", *parts)
            if call_id is not None and event_id in self._call(call_id, fact).ids:
                return None
        else:
            number = self._number(fact, event_type, parts, source, call_id)
            if number is None:
                return None
            event_id = make_event_id(self.node, event_type, fact.uniqueid or "", *parts, *number)
        event = CallEvent.model_construct(
            event_id=event_id,
            type=event_type,
            call_id=call_id,
            linkedid=fact.linkedid,
            uniqueid=fact.uniqueid,
            occurred_at=datetime.fromtimestamp(fact.at, UTC),
            seq=0,
            is_reconstructed=source is not Source.LIVE,
            payload=self._completed(fact.payload, call_id),
        )
        self._learn(event, fact.at)
        return event

    def remember(self, event: CallEvent) -> None:
        """Learn from an event of the journal, after a restart."""
        at = event.occurred_at.timestamp()
        uniqueid = UniqueId(event.uniqueid) if event.uniqueid else None
        call_id = CallId(event.call_id) if event.call_id else None
        fact = Fact(event.payload, at, call_id, uniqueid)
        event_type, numbering, parts = identify(fact)
        if numbering is not Numbering.ONCE:
            sources = set() if event.is_reconstructed else {Source.LIVE}
            self._siblings(fact, event_type, parts, call_id).append(Told(at, sources))
        self._learn(event, at)

    def learn_leg(self, uniqueid: UniqueId, call_id: CallId, at: float) -> None:
        """Lines of queue_log about this channel speak of that call."""
        call = self.calls.setdefault(call_id, CallKnowledge())
        call.last_at = max(call.last_at, at)
        self._call_ids[uniqueid] = call_id

    def forget(self, now: float) -> None:
        """Drop what no twin can come for any more."""
        for call_id, call in list(self.calls.items()):
            limit = KEEP_SILENT_SECONDS if call.ended_at is None else KEEP_ENDED_SECONDS
            if now - max(call.last_at, call.ended_at or 0.0) > limit:
                del self.calls[call_id]
        self._call_ids = {uniqueid: call_id for uniqueid, call_id in self._call_ids.items() if call_id in self.calls}
        for key, tellings in list(self._agents.items()):
            self._agents[key] = [telling for telling in tellings if now - telling.at < KEEP_ENDED_SECONDS]
            if not self._agents[key]:
                del self._agents[key]

    def live_calls(self) -> set[CallId]:
        """Calls that arrived and have not ended, as far as we know."""
        return {call_id for call_id, call in self.calls.items() if call.is_arrived and call.ended_at is None}

    def find_caller(self, queue: str, agent: str) -> Caller | None:
        """The caller this agent of this queue answered last and has not been told to have ended with."""
        talking = [
            (call.answered_at, call_id)
            for call_id, call in self.calls.items()
            if (call.queue, call.agent) == (queue, agent)
        ]
        if not talking:
            return None
        _, call_id = max(talking)
        return Caller(call_id, UniqueId(call_id), LinkedId(call_id))

    # inside

    def _agent_at(self, seat: str) -> str:
        """Who signed in at this seat last and is still there; empty: nobody."""
        there = [(member.changed_at, agent) for (_, agent), member in self.members.items() if member.seat == seat]
        return max(there)[1] if there else ""

    def _call_of(self, fact: Fact) -> CallId | None:
        """A line of queue_log knows the channel only; live events said which call it belongs to."""
        if fact.call_id is None or fact.uniqueid is None or str(fact.call_id) != fact.uniqueid:
            return fact.call_id
        return self._call_ids.get(fact.uniqueid, fact.call_id)

    def _call(self, call_id: CallId, fact: Fact) -> CallKnowledge:
        call = self.calls.get(call_id)
        if call is None:
            call = self.calls[call_id] = CallKnowledge()
        if fact.uniqueid is not None and str(fact.uniqueid) != call_id:
            self._call_ids[fact.uniqueid] = call_id
        return call

    def _siblings(
        self, fact: Fact, event_type: EventType, parts: tuple[str, ...], call_id: CallId | None
    ) -> list[Told]:
        key = (event_type.value, fact.uniqueid or "", *parts)
        if call_id is None:
            return self._agents[key]
        return self._call(call_id, fact).numbered.setdefault(key, [])

    def _number(
        self, fact: Fact, event_type: EventType, parts: tuple[str, ...], source: Source, call_id: CallId | None
    ) -> tuple[int, ...] | None:
        """What tells this fact from its siblings; None when one of them is this very fact."""
        siblings = self._siblings(fact, event_type, parts, call_id)
        if siblings and source is not Source.SNAPSHOT:
            twins = [one for one in siblings if self._is_twin(fact, source, one)]
            if twins:
                min(twins, key=lambda one: abs(one.at - fact.at)).sources.add(source)
                return None
        siblings.append(Told(fact.at, {source}))
        if call_id is not None:
            return (len(siblings),)
        second = int(fact.at)
        return second, sum(int(one.at) == second for one in siblings)

    def _is_twin(self, fact: Fact, source: Source, other: Told) -> bool:
        """The same fact from another source? Each telling covers one of each source, so repeats stay news."""
        if source in other.sources:
            return False
        live_at, line_at = (fact.at, other.at) if source is Source.LIVE else (other.at, fact.at)
        if not TWIN_EARLIEST_SECONDS <= live_at - line_at < TWIN_LATEST_SECONDS:
            return False
        if source is Source.LINE or fact.at <= self.replayed_at:
            return True
        if fact.call_id is not None:
            return fact.at <= self.replayed_at + AMI_LAG_SECONDS
        return self._is_so_already(fact.payload)

    def _is_so_already(self, payload: AnyPayload) -> bool:
        """Would this fact about an agent change nothing? Then what is told already is told of this very moment."""
        member = self.members.get((getattr(payload, "queue", ""), getattr(payload, "agent", "")))
        match payload:
            case told.AgentSignedIn():
                return member is not None
            case told.AgentSignedOut():
                return member is None
            case told.AgentPaused():
                return member is not None and member.is_paused and member.reason == payload.reason
        return member is not None and not member.is_paused

    def _completed(self, payload: AnyPayload, call_id: CallId | None) -> AnyPayload:
        """A line of queue_log names no seat, a transfer no agent, an attended one no queue: add what we know."""
        if isinstance(payload, told.AgentAnswered) and not payload.queue and call_id in self.calls:
            payload = payload.model_copy(update={"queue": self.calls[call_id].queue})
        if isinstance(payload, told.AgentAnswered | told.AgentSignedOut) and not payload.seat:
            member = self.members.get((payload.queue, payload.agent))
            return payload.model_copy(update={"seat": member.seat}) if member else payload
        if isinstance(payload, told.CallTransferred) and call_id is not None and not payload.agent:
            return payload.model_copy(update={"agent": self.calls[call_id].agent}) if call_id in self.calls else payload
        return payload

    def _learn(self, event: CallEvent, at: float) -> None:
        payload = event.payload
        if event.call_id is None:
            self._learn_of_agent(payload, at)
            return
        call_id = CallId(event.call_id)
        uniqueid = UniqueId(event.uniqueid) if event.uniqueid else None
        call = self._call(call_id, Fact(payload, at, call_id, uniqueid))
        call.ids.add(event.event_id)
        call.last_at = max(call.last_at, at)
        match payload:
            case told.CallArrived():
                call.is_arrived = True
            case told.CallerQueued():
                call.waiting_in, call.waiting_since = payload.queue, at
            case told.AgentAnswered():
                call.queue, call.agent, call.answered_at, call.waiting_in = payload.queue, payload.agent, at, ""
            case told.ConversationEnded() if payload.agent == call.agent:
                call.agent = ""
            case told.QueueTimedOut() | told.CallerAbandoned():
                call.waiting_in = ""
            case told.CallEnded():
                call.ended_at = at

    def _learn_of_agent(self, payload: AnyPayload, at: float) -> None:
        """A fact that comes late changes nothing that is newer."""
        key = (getattr(payload, "queue", ""), getattr(payload, "agent", ""))
        member = self.members.get(key)
        if member is not None and member.changed_at > at:
            return
        match payload:
            case told.AgentSignedIn():
                self.members[key] = MemberKnowledge(payload.seat, changed_at=at)
            case told.AgentSignedOut():
                self.members.pop(key, None)
            case told.AgentPaused() if member:
                member.is_paused, member.reason, member.changed_at = True, payload.reason, at
            case told.AgentResumed() if member:
                member.is_paused, member.reason, member.changed_at = False, "", at
