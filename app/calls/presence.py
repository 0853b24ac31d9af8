"""What the facts about one agent add up to. Pure.

Each aspect (a queue, the pause, a call) keeps its newest fact with its moment: the last writer wins. A fact that comes
late or twice, or out of order after a gap, changes nothing that is newer (ADR 0060).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.calls.call_record import Engagement
from app.calls.models import AgentState, AgentStatus
from app.contract import events as facts
from app.contract.events import CallEvent

CALLS_REMEMBERED = 4
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
UNNAMED_PAUSE = "other"

_ACTIVE = {AgentStatus.RINGING, AgentStatus.TALKING}


@dataclass(frozen=True)
class Presence:
    """The columns of `agent_states` that follow from the registers (same names)."""

    status: AgentStatus
    pause_reason: str
    queues: dict[str, bool]
    call_id: str | None
    wrap_up_until: datetime | None
    since_at: datetime


def stamp(moment: datetime) -> str:
    """A moment as registers keep it: as text that sorts like the moments themselves."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def with_event(registers: dict[str, Any], event: CallEvent) -> dict[str, Any]:
    """Registers after a fact about the agent alone: signed in or out of a queue, paused or resumed."""
    at = stamp(event.occurred_at)
    match event.payload:
        case facts.AgentSignedIn(queue=queue):
            return _written(registers, "queues", queue, [at, 1])
        case facts.AgentSignedOut(queue=queue):
            return _written(registers, "queues", queue, [at, 0])
        case facts.AgentPaused(reason=reason):
            return _written(registers, "pause", "pause", [at, reason[:80] or UNNAMED_PAUSE])
        case facts.AgentResumed():
            return _written(registers, "pause", "pause", [at, ""])
        case _:
            return registers


def with_engagement(registers: dict[str, Any], engagement: Engagement) -> dict[str, Any]:
    """Registers after what a call now means for the agent: it was told from more facts than ever before, so it counts.

    Only the newest few calls are remembered.
    """
    entry = [stamp(engagement.at), engagement.status.value]
    calls = {**registers.get("calls", {}), engagement.call_id: entry}
    newest_calls = sorted(calls.items(), key=lambda item: (item[1], item[0]))[-CALLS_REMEMBERED:]
    return {**registers, "calls": dict(newest_calls)}


def without_wrap_up(registers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Registers once the agent has said that the work after his last call is done."""
    last = _last_call(registers)
    return registers if last is None else {**registers, "finished": {"wrap_up": [stamp(now), last[2]]}}


def _written(registers: dict[str, Any], aspect: str, key: str, entry: list[Any]) -> dict[str, Any]:
    known = registers.get(aspect, {})
    return {**registers, aspect: {**known, key: max(entry, known.get(key, [""]))}}


def presence_of(registers: dict[str, Any], *, wrap_up_seconds: int, now: datetime) -> Presence:
    """What the agent is doing, as far as `now` knows."""
    queues = {name: bool(is_in) for name, (_, is_in) in sorted(registers.get("queues", {}).items())}
    pause_reason, paused_at = _pause(registers)
    status, call_id, until, since = AgentStatus.OFFLINE, None, None, newest(registers)
    active = max((entry for entry in _calls(registers) if entry[1] in _ACTIVE), default=None)
    last = _last_call(registers)
    _, finished_call = registers.get("finished", {}).get("wrap_up", ["", None])
    if active:
        since, status, call_id = datetime.fromisoformat(active[0]), active[1], active[2]
    elif any(queues.values()):
        status = AgentStatus.READY
        if pause_reason:
            status, since = AgentStatus.PAUSED, paused_at
        if last and last[1] is AgentStatus.WRAP_UP and last[2] != finished_call:
            ended_at = datetime.fromisoformat(last[0])
            if ended_at + timedelta(seconds=wrap_up_seconds) > now:
                status, call_id, since = AgentStatus.WRAP_UP, last[2], ended_at
                until = ended_at + timedelta(seconds=wrap_up_seconds)
    return Presence(status, pause_reason, {q: True for q, is_in in queues.items() if is_in}, call_id, until, since)


def _calls(registers: dict[str, Any]) -> list[tuple[str, AgentStatus, str]]:
    return [(at, AgentStatus(value), call_id) for call_id, (at, value) in registers.get("calls", {}).items()]


def _last_call(registers: dict[str, Any]) -> tuple[str, AgentStatus, str] | None:
    return max(_calls(registers), default=None)


def _pause(registers: dict[str, Any]) -> tuple[str, datetime]:
    """The reason of a pause that still holds. Leaving all queues ends it: who signs in afresh is not paused."""
    at, reason = registers.get("pause", {}).get("pause", ["", ""])
    is_of_this_session = any(is_in and since <= at for since, is_in in registers.get("queues", {}).values())
    return (str(reason), datetime.fromisoformat(at)) if reason and is_of_this_session else ("", LONG_AGO)


def newest(registers: dict[str, Any]) -> datetime:
    """The moment of the newest fact in the registers."""
    stamps = [entry[0] for aspect in registers.values() for entry in aspect.values()]
    return max((datetime.fromisoformat(at) for at in stamps), default=LONG_AGO)


def effective_status(state: AgentState, now: datetime) -> AgentStatus:
    """What the agent is doing now: wrap-up ends by itself, without any fact that says so."""
    status = AgentStatus(state.status)
    if status is AgentStatus.WRAP_UP and (state.wrap_up_until is None or state.wrap_up_until <= now):
        return AgentStatus.PAUSED if state.pause_reason else AgentStatus.READY
    return status


def seat_of(events: Iterable[CallEvent]) -> str:
    """The seat that the newest of these facts names; empty when none does."""
    named = [(e.occurred_at, seat) for e in events if (seat := getattr(e.payload, "seat", ""))]
    return max(named)[1] if named else ""
