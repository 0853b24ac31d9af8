"""The stretches of a call, for people who read its story. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.calls.models import CallState
from app.calls.order import in_order, milliseconds
from app.calls.rules import REPORTS, after, has_come_back, is_answered_by_ourselves
from app.contract.events import CallEvent, CallForwarded, EventType, FlowPlayed, ForwardResult, PlayedStep

_STAGE_NAMES = {
    CallState.ARRIVED: "greeting",
    CallState.QUEUED: "waiting",
    CallState.RINGING: "ringing",
    CallState.TALKING: "talking",
    CallState.AFTER_TALK: "after_talk",
    CallState.ENDED: "ended",
}

_WITH_AGENT = frozenset({"ringing", "talking", "playing"})
_PLAYED = {
    PlayedStep.STARTED: "playing",
    PlayedStep.RETURNED: "talking",
    PlayedStep.STOPPED: "talking",
    PlayedStep.HANDED_OVER: "talking",
}


@dataclass(frozen=True)
class Stage:
    """One stretch of a call. `duration_ms` is None while it lasts."""

    name: str
    started_at: datetime
    duration_ms: int | None
    agent: str
    queue: str
    flow: str = ""
    """Of `playing`: what the agent plays to the citizen."""


def _leg(
    fact: CallForwarded, ended_at: datetime, arrived_at: datetime, queue: str, *, came_back: bool
) -> list[tuple[str, datetime, str, str]]:
    """Ringing and talking at the department; told when the leg is over. Rung beside the queue it is no stretch."""
    answered_at = max(arrived_at, ended_at - timedelta(milliseconds=fact.talk_time_ms))
    rung_at = max(arrived_at, answered_at - timedelta(milliseconds=fact.ring_time_ms))
    marks = []
    if not fact.is_parallel and fact.ring_time_ms:
        marks.append(("forwarding", rung_at, "", queue))
    if fact.result is ForwardResult.ANSWERED and not (came_back and is_answered_by_ourselves(fact)):
        marks.append(("department", answered_at, "", queue))
    return marks


def stages_of(events: Sequence[CallEvent]) -> list[Stage]:
    """The stretches of a call, one after the other: greeting, waiting, ringing, talking, playing (a flow at the
    agent's key), after_queue, after_talk, and forwarding and department for a leg to a department.

    The last one has no duration while the call lasts.
    """
    marks: list[tuple[str, datetime, str, str]] = []
    ended_at: datetime | None = None
    queue, state = "", CallState.ARRIVED
    handed_on: set[str] = set()
    played: dict[datetime, str] = {}
    came_back = has_come_back(events)
    for event in in_order(events):
        queue = getattr(event.payload, "queue", "") or queue
        agent = getattr(event.payload, "agent", "")
        reported = REPORTS[event.type]
        if event.type is EventType.CALL_TRANSFERRED:
            handed_on.add(agent)
        elif event.type is EventType.AGENT_ANSWERED:
            handed_on.discard(agent)
        elif event.type is EventType.CONVERSATION_ENDED and agent in handed_on:
            continue  # somebody else may talk already
        if event.type is EventType.CALL_ENDED or event.type is EventType.CALLER_ABANDONED:
            ended_at = ended_at or event.occurred_at
        elif event.type is EventType.QUEUE_TIMED_OUT:
            marks.append(("after_queue", event.occurred_at, "", queue))
        elif isinstance(event.payload, CallForwarded):
            arrived_at = marks[0][1] if marks else event.occurred_at
            marks += _leg(event.payload, event.occurred_at, arrived_at, queue, came_back=came_back)
        elif isinstance(event.payload, FlowPlayed):
            played[event.occurred_at] = event.payload.flow
            if event.payload.step in _PLAYED:
                marks.append((_PLAYED[event.payload.step], event.occurred_at, agent, queue))
            elif event.payload.step is PlayedStep.QUEUED:
                handed_on.add(agent)  # the end of his talk may be told when somebody else is rung already
                state = after(state, CallState.AFTER_TALK)
        elif not marks:
            marks.append((_STAGE_NAMES[reported or CallState.ARRIVED], event.occurred_at, agent, queue))
        elif reported is not None and ended_at is None and after(state, reported) is reported:
            marks.append((_STAGE_NAMES[reported], event.occurred_at, agent, queue))
        state = after(state, reported) if reported else state
    marks.sort(key=lambda mark: mark[1])
    ends: list[datetime | None] = [*(mark[1] for mark in marks[1:]), ended_at]
    return [
        Stage(
            name,
            start,
            milliseconds(start, end) if end else None,
            agent if name in _WITH_AGENT else "",
            q,
            played[start] if name == "playing" else "",
        )
        for (name, start, agent, q), end in zip(marks, ends, strict=True)
    ]
