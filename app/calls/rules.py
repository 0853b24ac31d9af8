"""Pure decisions about calls and agents: states, numbers, who may see a full number."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.calls.models import CallState
from app.contract.events import CallEvent, CallForwarded, EventType, ForwardResult

_C = CallState

AFTER: Mapping[CallState, frozenset[CallState]] = MappingProxyType(
    {
        _C.ARRIVED: frozenset({_C.QUEUED, _C.RINGING, _C.TALKING, _C.AFTER_TALK, _C.ENDED}),
        _C.QUEUED: frozenset({_C.RINGING, _C.TALKING, _C.AFTER_TALK, _C.ENDED}),
        _C.RINGING: frozenset({_C.QUEUED, _C.TALKING, _C.AFTER_TALK, _C.ENDED}),
        _C.TALKING: frozenset({_C.AFTER_TALK, _C.ENDED}),
        _C.AFTER_TALK: frozenset({_C.QUEUED, _C.RINGING, _C.TALKING, _C.ENDED}),
        _C.ENDED: frozenset(),
    }
)
"""Which reported states a call may go on to. Steps may be left out: a report between them can be lost in a gap."""

REPORTS: Mapping[EventType, CallState | None] = MappingProxyType(
    {
        EventType.CALL_ARRIVED: _C.ARRIVED,
        EventType.INTAKE_RECORDED: None,
        EventType.CALLER_QUEUED: _C.QUEUED,
        EventType.AGENT_RINGING: _C.RINGING,
        EventType.AGENT_MISSED: _C.QUEUED,
        EventType.AGENT_ANSWERED: _C.TALKING,
        EventType.CONVERSATION_ENDED: _C.AFTER_TALK,
        EventType.CALLER_ABANDONED: _C.ENDED,
        EventType.QUEUE_TIMED_OUT: None,
        EventType.CALL_FORWARDED: None,
        EventType.HANDED_OVER: None,
        EventType.FLOW_PLAYED: None,
        EventType.CALL_TRANSFERRED: _C.AFTER_TALK,
        EventType.CALLBACK_REQUESTED: None,
        EventType.CALLBACK_PROGRESSED: None,
        EventType.CALL_RATED: None,
        EventType.MESSAGE_LEFT: None,
        EventType.CALL_ENDED: _C.ENDED,
        EventType.AGENT_SIGNED_IN: None,
        EventType.AGENT_SIGNED_OUT: None,
        EventType.AGENT_PAUSED: None,
        EventType.AGENT_RESUMED: None,
        EventType.RECORDING_SAVED: None,
    }
)
"""Which state each fact reports; None: it says nothing about the state."""

AGENT_EVENTS = frozenset(
    {EventType.AGENT_SIGNED_IN, EventType.AGENT_SIGNED_OUT, EventType.AGENT_PAUSED, EventType.AGENT_RESUMED}
)
"""Facts about an agent alone; every other fact belongs to a call."""


def after(state: CallState, reported: CallState) -> CallState:
    """The state after a report. A report that comes late or twice leaves the state as it is (style.md rule 5)."""
    return reported if reported in AFTER[state] else state


def has_come_back(story: Iterable[CallEvent]) -> bool:
    """Whether a department's exchange sent the leg that we rang back to us, and our queue took it (ADR 0113).

    Beside our queue (parallel) we refuse it, so that it answers nobody.
    """
    legs = [event.payload for event in story if isinstance(event.payload, CallForwarded)]
    return any(leg.result is ForwardResult.LOOP and leg.trunk and not leg.is_parallel for leg in legs)


def is_answered_by_ourselves(leg: CallForwarded) -> bool:
    """Of a call that came back: our queue's own Answer() is what its department's trunk reports as answered.

    A leg without a trunk rang seats of ours, where people answer.
    """
    return leg.result is ForwardResult.ANSWERED and bool(leg.trunk)


# --- numbers -----------------------------------------------------------------------------------------------------

HOME_AREA_CODE = "0375"
"""平顶山 (domain.md §3.6): a seven-digit number without an area code is a landline of this city."""

_SEPARATORS = re.compile(r"[\s\-().·]")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d)[1-9]\d{7}|0[3-9]\d{2}[1-9]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6}")
_TOLL_FREE = re.compile(r"[48]00\d{7}")
_FOREIGN = re.compile(r"(?!86)[1-9]\d{7,14}")


def is_mobile(number: str) -> bool:
    """Whether it takes text messages. `number`: in the one form we store."""
    return _MOBILE.fullmatch(number) is not None


def normalize_number(ani: str, *, area_code: str = HOME_AREA_CODE) -> str | None:
    """The number in the one form we store: 13812345678, 03751234567, 4001234567, +14155550123.

    None for what cannot be called back: anonymous, short, or no number at all.
    """
    text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", ani))
    is_international = text.startswith(("+", "00"))
    digits = text.removeprefix("+").removeprefix("00") if is_international else text
    if not digits.isascii() or not digits.isdigit():
        return None
    if is_international and _FOREIGN.fullmatch(digits):
        return f"+{digits}"
    return _national(digits, area_code) or (_national_after_86(digits) if digits.startswith("86") else None)


def _national(digits: str, area_code: str) -> str | None:
    if re.fullmatch(r"01[3-9]\d{9}", digits):  # a mobile of another city, dialled with the long-distance 0
        return digits[1:]
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits) or _TOLL_FREE.fullmatch(digits):
        return digits
    return area_code + digits if _LOCAL.fullmatch(digits) else None


def _national_after_86(digits: str) -> str | None:
    """The network adds 86 and drops the area code's 0."""
    rest = digits[2:]
    for candidate in (rest, f"0{rest}"):
        if _MOBILE.fullmatch(candidate) or _LANDLINE.fullmatch(candidate) or _TOLL_FREE.fullmatch(candidate):
            return candidate
    return None


def may_see_number(
    viewer: str,
    *,
    call_id: str | None,
    viewer_call_id: str | None,
    draft_owner: str | None = None,
) -> bool:
    """Whether `viewer` may see the full number without a reason (domain.md §7: only the active handler).

    Yes for the agent who holds the call: it rings, is talked on or wrapped up at his seat, and for the writer of the
    call's draft ticket. Everybody else sees 138****5678 and may ask for a reveal.
    """
    holds_the_call = call_id is not None and viewer_call_id == call_id
    return bool(viewer) and (holds_the_call or (draft_owner is not None and draft_owner == viewer))
