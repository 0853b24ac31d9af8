"""What makes a fact of each type unique: the table behind every event id (ADR 0042)."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from ami_bridge.facts import Fact
from app.contract import events as told
from app.contract.events import EventType


class Numbering(Enum):
    """Can it happen to a channel once, or again and again?"""

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


IDENTITY: dict[type[Any], tuple[EventType, Numbering, Parts]] = {
    told.CallArrived: (EventType.CALL_ARRIVED, Numbering.ONCE, _nothing),
    told.CallEnded: (EventType.CALL_ENDED, Numbering.ONCE, _nothing),
    told.CallerAbandoned: (EventType.CALLER_ABANDONED, Numbering.ONCE, _nothing),
    told.RecordingSaved: (EventType.RECORDING_SAVED, Numbering.ONCE, lambda payload, _: (payload.file,)),
    told.HandedOver: (EventType.HANDED_OVER, Numbering.ONCE, lambda payload, _: (payload.attempt, payload.result)),
    told.FlowPlayed: (EventType.FLOW_PLAYED, Numbering.ONCE, lambda payload, _: (payload.play, payload.step.value)),
    told.CallbackProgressed: (EventType.CALLBACK_PROGRESSED, Numbering.ONCE, lambda payload, _: (payload.step.value,)),
    told.AgentRinging: (EventType.AGENT_RINGING, Numbering.ONCE, _leg),
    told.AgentAnswered: (EventType.AGENT_ANSWERED, Numbering.ONCE, _leg),
    told.CallForwarded: (
        EventType.CALL_FORWARDED,
        Numbering.NTH,
        lambda payload, _: (payload.line, payload.trunk, payload.result.value),
    ),
    told.CallerQueued: (EventType.CALLER_QUEUED, Numbering.NTH, _of_queue),
    told.AgentMissed: (EventType.AGENT_MISSED, Numbering.NTH, _of_agent),
    told.ConversationEnded: (EventType.CONVERSATION_ENDED, Numbering.NTH, _of_agent),
    told.QueueTimedOut: (EventType.QUEUE_TIMED_OUT, Numbering.NTH, _of_queue),
    told.CallTransferred: (EventType.CALL_TRANSFERRED, Numbering.NTH, lambda payload, _: (payload.kind,)),
    told.AgentSignedIn: (EventType.AGENT_SIGNED_IN, Numbering.NTH, _of_agent),
    told.AgentSignedOut: (EventType.AGENT_SIGNED_OUT, Numbering.NTH, _of_agent),
    told.AgentPaused: (EventType.AGENT_PAUSED, Numbering.NTH, _of_agent),
    told.AgentResumed: (EventType.AGENT_RESUMED, Numbering.NTH, _of_agent),
}
"""What makes a fact of each type unique, beside node and channel."""


def identify(fact: Fact) -> tuple[EventType, Numbering, tuple[str, ...]]:
    """Type of the fact, and what distinguishes it beside node and channel. Raises KeyError for a foreign fact."""
    event_type, numbering, parts = IDENTITY[type(fact.payload)]
    return event_type, numbering, parts(fact.payload, fact)
