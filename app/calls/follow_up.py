"""What a follow-up call (回访) heard: whether the matter is solved, and how content the citizen is.

Keys and scores are those of `ivr_flows/flows/follow-up.yaml` (domain.md P23): 1 solved, 2 not solved, 0 a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.calls.order import in_order
from app.contract.events import (
    CallbackProgressed,
    CallbackStep,
    CallEnded,
    CallEvent,
    CallRated,
    IntakeRecorded,
    MessageLeft,
)

SOLVED = {"1": True, "2": False}
PERSON = "0"
LOST = "lost"
"""The call ended, and nobody told why."""


@dataclass(frozen=True)
class FollowUpHeard:
    """One call that is over. `cause`: why the citizen was not reached (busy, no_answer, rejected, trunk_down, lost).
    None: he did not say. `score`: 3 content, 2 fairly, 1 not. `reason_file`: what he recorded; empty: nothing."""

    call_id: str
    ended_at: datetime
    is_reached: bool = False
    cause: str = ""
    is_solved: bool | None = None
    score: int | None = None
    reason_file: str = ""
    wants_person: bool = False


def hear(events: Iterable[CallEvent]) -> FollowUpHeard | None:
    """What all facts of one follow-up call add up to, in whatever order they came; None while it is not over,
    or the flow, whose facts come another way, has not told yet what was keyed."""
    story = in_order(events)
    ended = next((event for event in story if isinstance(event.payload, CallEnded)), None)
    steps = {
        event.payload.step: event.payload.cause for event in story if isinstance(event.payload, CallbackProgressed)
    }
    answers = {
        name: answer
        for event in story
        if isinstance(event.payload, IntakeRecorded)
        for name, answer in event.payload.answers.items()
    }
    is_reached = CallbackStep.TALKED in steps
    has_flow_told = any(isinstance(event.payload, IntakeRecorded) for event in story)
    if ended is None or (is_reached and not has_flow_told):
        return None
    return FollowUpHeard(
        call_id=ended.call_id or "",
        ended_at=ended.occurred_at,
        is_reached=is_reached,
        cause="" if is_reached else steps.get(CallbackStep.MISSED, LOST),
        is_solved=SOLVED.get(answers.get("solved", "")),
        score=next((event.payload.score for event in story if isinstance(event.payload, CallRated)), None),
        reason_file=next((event.payload.file for event in story if isinstance(event.payload, MessageLeft)), ""),
        wants_person=answers.get("solved") == PERSON,
    )
