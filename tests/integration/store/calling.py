"""Words for tests of the store: people's facts, in the order they happen."""

from datetime import datetime, timedelta
from typing import Any

from app.contract.events import (
    AgentAnswered,
    AgentMissed,
    AgentPaused,
    AgentResumed,
    AgentRinging,
    AgentSignedIn,
    AgentSignedOut,
    AnyPayload,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallerQueued,
    CallEvent,
    ConversationEnded,
    EventBatch,
    IntakeRecorded,
    QueueLeftReason,
    QueueTimedOut,
    RecordingSaved,
)

NUMBER = "19900012345"


class Caller:
    """One call's facts. Every step takes place `after` seconds later than the one before."""

    def __init__(self, call_id: str, started_at: datetime, *, number: str = NUMBER, line: str = "12345") -> None:
        self.call_id = call_id
        self.at = started_at
        self.number = number
        self.line = line
        self.events: list[CallEvent] = []

    def _happens(self, payload: AnyPayload, after: float) -> "Caller":
        self.at += timedelta(seconds=after)
        event = CallEvent.make(
            payload,
            node="node1",
            occurred_at=self.at,
            uniqueid=self.call_id,
            call_id=self.call_id,
            linkedid=self.call_id,
            distinguishers=(len(self.events),),
        )
        self.events.append(event)
        return self

    def arrives(self, after: float = 0) -> "Caller":
        return self._happens(CallArrived(trunk="carrier", dnis=self.line, ani=self.number), after)

    def hears_greeting(self, after: float = 0.5, line: str = "12345") -> "Caller":
        return self._happens(IntakeRecorded(flow="hotline-12345", queue="general", original_line=line), after)

    def queues(self, after: float = 6, queue: str = "general") -> "Caller":
        return self._happens(CallerQueued(queue=queue, position=1), after)

    def rings(self, agent: str, after: float = 0.2) -> "Caller":
        return self._happens(AgentRinging(queue="general", agent=agent, seat=f"PJSIP/{agent}"), after)

    def is_not_answered_by(self, agent: str, after: float = 15) -> "Caller":
        return self._happens(AgentMissed(queue="general", agent=agent, ring_time_ms=15000), after)

    def is_answered_by(self, agent: str, after: float = 2) -> "Caller":
        return self._happens(AgentAnswered(queue="general", agent=agent, seat=f"PJSIP/{agent}"), after)

    def stops_talking_to(self, agent: str, after: float = 60) -> "Caller":
        return self._happens(ConversationEnded(queue="general", agent=agent, talk_time_seconds=60), after)

    def abandons(self, after: float = 20) -> "Caller":
        return self._happens(CallerAbandoned(queue="general"), after)

    def is_turned_away(self, reason: QueueLeftReason, after: float = 30) -> "Caller":
        return self._happens(QueueTimedOut(queue="general", reason=reason), after)

    def is_recorded(self, after: float = 0.05) -> "Caller":
        return self._happens(RecordingSaved(file=f"{self.call_id}.wav"), after)

    def hangs_up(self, after: float = 0.1) -> "Caller":
        return self._happens(CallEnded(hangup_cause=16), after)


def answered_call(call_id: str, started_at: datetime, agent: str = "8001", **caller: Any) -> Caller:
    """A whole call that was answered."""
    call = Caller(call_id, started_at, **caller).arrives().hears_greeting().queues().rings(agent)
    return call.is_answered_by(agent).stops_talking_to(agent).is_recorded().hangs_up()


def abandoned_call(call_id: str, started_at: datetime, **caller: Any) -> Caller:
    """A whole call that the caller gave up."""
    return Caller(call_id, started_at, **caller).arrives().hears_greeting().queues().abandons().hangs_up()


def agent_event(kind: str, agent: str, at: datetime, **values: Any) -> CallEvent:
    """signed_in, signed_out, paused or resumed."""
    payloads: dict[str, Any] = {
        "signed_in": AgentSignedIn, "signed_out": AgentSignedOut, "paused": AgentPaused, "resumed": AgentResumed,
    }  # fmt: skip
    payload = payloads[kind](agent=agent, queue=values.pop("queue", "general"), **values)
    return CallEvent.make(payload, node="node1", occurred_at=at, uniqueid=agent, distinguishers=(at.isoformat(),))


def batch(*events: CallEvent | Any, node: str = "node1.ami", first_seq: int = 1) -> EventBatch:
    """As a sender posts it: JSON, with its own sequence."""
    raw = [e.model_dump(mode="json") if isinstance(e, CallEvent) else e for e in events]
    numbered = [
        {**event, "seq": first_seq + n} if isinstance(event, dict) and event.get("seq") == 0 else event
        for n, event in enumerate(raw)
    ]
    return EventBatch(node=node, events=numbered)
