"""What the case store keeps of a call, as a scenario compares it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sipp_scenarios.audio import Recording


@dataclass(frozen=True)
class StoredEvent:
    type: str
    occurred_at: datetime
    payload: Mapping[str, Any]
    is_reconstructed: bool = False


@dataclass(frozen=True)
class StoredTicket:
    ticket_number: str
    status: str
    accepted_by: str
    call_id: str
    source: str = ""


@dataclass(frozen=True)
class StoredFollowUp:
    """What a citizen said when he was asked about his ticket."""

    status: str
    is_solved: bool | None
    satisfaction: str


@dataclass(frozen=True)
class StoredMissedCall:
    reason: str
    is_resolved: bool


@dataclass(frozen=True)
class StoredCall:
    """A call record with everything that hangs on it."""

    call_id: str
    state: str
    outcome: str
    agent: str
    caller_number: str
    """As the API shows it: masked, or empty."""
    arrived_at: datetime
    is_reconstructed: bool
    events: tuple[StoredEvent, ...] = ()
    ticket: StoredTicket | None = None
    missed_call: StoredMissedCall | None = None
    original_line: str = ""
    line_rule: str = ""
    line_mode: str = ""
    diversion: str = ""
    recording: Recording | None = field(default=None, compare=False)
