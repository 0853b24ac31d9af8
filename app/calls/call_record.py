"""What the facts of a call add up to, as values: columns of `calls`, and what a call means for an agent."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.calls.models import AgentStatus, CallOutcome, CallState


@dataclass(frozen=True, order=True)
class Engagement:
    """What a call means for one agent, since when. `status` is RINGING, TALKING, WRAP_UP or READY (let go)."""

    at: datetime
    status: AgentStatus
    call_id: str


@dataclass
class CallRecord:
    """The columns of `calls` that facts decide (same names), and what they mean for agents."""

    arrived_at: datetime
    state: CallState = CallState.ARRIVED
    outcome: CallOutcome | None = None
    linkedid: str | None = None
    trunk: str = ""
    dnis: str = ""
    ani: str = ""
    caller_number: str | None = None
    caller_name: str = ""
    original_line: str = ""
    line_rule: str = ""
    line_mode: str = ""
    diversion: str = ""
    queue: str = ""
    agent: str | None = None
    flow: str = ""
    intake: dict[str, Any] = field(default_factory=dict)
    queued_at: datetime | None = None
    first_ringing_at: datetime | None = None
    answered_at: datetime | None = None
    conversation_ended_at: datetime | None = None
    ended_at: datetime | None = None
    greeting_ms: int | None = None
    hold_ms: int | None = None
    talk_ms: int | None = None
    forward_trunk: str = ""
    forward_result: str | None = None
    forward_ring_ms: int | None = None
    forward_talk_ms: int | None = None
    hangup_cause: int | None = None
    recording_file: str | None = None
    rating: int | None = None
    callback_number: str | None = None
    is_reconstructed: bool = False
