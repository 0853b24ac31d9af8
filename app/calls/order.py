"""The order in which the facts of a call happened, and the time between them. Pure."""

from collections.abc import Iterable
from datetime import datetime

from app.contract.events import CallEvent, EventType

_LIFE = [
    EventType.CALL_ARRIVED, EventType.INTAKE_RECORDED, EventType.CALLER_QUEUED, EventType.AGENT_MISSED,
    EventType.AGENT_RINGING, EventType.CALL_TRANSFERRED, EventType.AGENT_ANSWERED, EventType.CALLBACK_PROGRESSED,
    EventType.CONVERSATION_ENDED,
]  # fmt: skip
_LATE = [EventType.CALL_RATED, EventType.CALLER_ABANDONED, EventType.CALL_ENDED, EventType.RECORDING_SAVED]
_RANK = {kind: rank for rank, kind in enumerate([*_LIFE, *(k for k in EventType if k not in {*_LIFE, *_LATE}), *_LATE])}

MAX_MS = 2**31 - 1
"""What the columns hold: 24 days."""


def in_order(events: Iterable[CallEvent]) -> list[CallEvent]:
    """As it happened, each fact once. Facts of the same moment stand in the order of a call's life."""
    once = {event.event_id: event for event in events}.values()
    return sorted(once, key=lambda event: (event.occurred_at, _RANK[event.type], event.event_id))


def milliseconds(start: datetime, end: datetime) -> int:
    """From start to end; facts rebuilt from whole seconds may seem to run backwards: then 0."""
    return min(max(0, round((end - start).total_seconds() * 1000)), MAX_MS)
