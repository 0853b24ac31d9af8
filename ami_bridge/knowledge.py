"""What the bridge has told already: it decides whether a fact is news, and gives it its id (ADR 0042).

The same fact may come live over AMI, as a line of queue_log, or both. Most have an id of their own (a call ends once,
an agent answers on one leg). The others are numbered; a twin from the other source, close in time, is the same fact.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ami_bridge.events import Caller
from ami_bridge.facts import Fact
from app.contract import events as told
from app.contract.events import AnyPayload, CallEvent, EventType
from app.contract.ids import CallId, LinkedId, UniqueId, make_event_id

CALL_TWIN_SECONDS = 5.0
AGENT_TWIN_SECONDS = 2.0
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
        self.calls: dict[CallId, CallKnowledge] = {}
        self.members: dict[tuple[str, str], MemberKnowledge] = {}
        self._call_ids: dict[UniqueId, CallId] = {}
        self._agents: dict[tuple[str, ...], list[Told]] = defaultdict(list)

    def tell(self, fact: Fact, source: Source) -> CallEvent | None:
        """The event to send, or None when it was told before."""
        event_type, of_call, parts = _identity(fact)
        call_id = self._call_of(fact)
        if of_call is _Numbering.ONCE:
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
        event_type, numbering, parts = _identity(fact)
        if numbering is not _Numbering.ONCE:
            sources = set() if event.is_reconstructed else {Source.LIVE}
            self._siblings(fact, event_type, parts, call_id).append(Told(at, sources))
        self._learn(event, at)

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
        window = AGENT_TWIN_SECONDS if call_id is None else CALL_TWIN_SECONDS
        twins = [one for one in siblings if source not in one.sources and abs(one.at - fact.at) <= window]
        if source is not Source.SNAPSHOT and twins:
            min(twins, key=lambda one: abs(one.at - fact.at)).sources.add(source)
            return None
        siblings.append(Told(fact.at, {source}))
        if call_id is not None:
            return (len(siblings),)
        second = int(fact.at)
        return second, sum(int(one.at) == second for one in siblings)

    def _completed(self, payload: AnyPayload, call_id: CallId | None) -> AnyPayload:
        """A line of queue_log names no seat, a transfer no agent: add what we know."""
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
            case told.ConversationEnded():
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


class _Numbering(Enum):
    ONCE = "once"
    NTH = "nth"


Parts = Callable[[Any, Fact], tuple[str, ...]]


def _of_agent(payload: Any, _fact: Fact) -> tuple[str, ...]:
    return payload.queue, payload.agent


def _of_queue(payload: Any, _fact: Fact) -> tuple[str, ...]:
    return (payload.queue,)


def _nothing(_payload: Any, _fact: Fact) -> tuple[str, ...]:
    return ()


def _leg(_payload: Any, fact: Fact) -> tuple[str, ...]:
    return (fact.member_uniqueid,)


IDENTITY: dict[type[Any], tuple[EventType, _Numbering, Parts]] = {
    told.CallArrived: (EventType.CALL_ARRIVED, _Numbering.ONCE, _nothing),
    told.CallEnded: (EventType.CALL_ENDED, _Numbering.ONCE, _nothing),
    told.CallerAbandoned: (EventType.CALLER_ABANDONED, _Numbering.ONCE, _nothing),
    told.RecordingSaved: (EventType.RECORDING_SAVED, _Numbering.ONCE, lambda payload, _: (payload.file,)),
    told.AgentRinging: (EventType.AGENT_RINGING, _Numbering.ONCE, _leg),
    told.AgentAnswered: (EventType.AGENT_ANSWERED, _Numbering.ONCE, _leg),
    told.CallerQueued: (EventType.CALLER_QUEUED, _Numbering.NTH, _of_queue),
    told.AgentMissed: (EventType.AGENT_MISSED, _Numbering.NTH, _of_agent),
    told.ConversationEnded: (EventType.CONVERSATION_ENDED, _Numbering.NTH, _of_agent),
    told.QueueTimedOut: (EventType.QUEUE_TIMED_OUT, _Numbering.NTH, _of_queue),
    told.CallTransferred: (EventType.CALL_TRANSFERRED, _Numbering.NTH, lambda payload, _: (payload.kind,)),
    told.AgentSignedIn: (EventType.AGENT_SIGNED_IN, _Numbering.NTH, _of_agent),
    told.AgentSignedOut: (EventType.AGENT_SIGNED_OUT, _Numbering.NTH, _of_agent),
    told.AgentPaused: (EventType.AGENT_PAUSED, _Numbering.NTH, _of_agent),
    told.AgentResumed: (EventType.AGENT_RESUMED, _Numbering.NTH, _of_agent),
}
"""What makes a fact of each type unique, beside node and channel."""


def _identity(fact: Fact) -> tuple[EventType, _Numbering, tuple[str, ...]]:
    event_type, numbering, parts = IDENTITY[type(fact.payload)]
    return event_type, numbering, parts(fact.payload, fact)
