"""Comparing what a scenario expects with what was seen. Pure; a failed comparison says both."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sipp_scenarios.audio import Recording
from sipp_scenarios.expectation import (
    ExpectedCall,
    ExpectedEvent,
    ExpectedFollowUp,
    ExpectedMissedCall,
    ExpectedTicket,
)
from sipp_scenarios.records import StoredCall, StoredEvent, StoredFollowUp, StoredMissedCall, StoredTicket
from sipp_scenarios.report import Check

QUIET = 30
"""A recording whose root mean square is below this is silence."""

NONE = "none"

VOICES = {
    (True, True, True): "three_voices",
    (True, True, False): "both_voices",
    (True, False, True): "caller_and_exchange",
    (False, True, True): "agent and exchange only",
    (True, False, False): "caller only",
    (False, True, False): "agent only",
    (False, False, True): "exchange only",
    (False, False, False): "neither voice",
}
"""(caller, agent, exchange) heard: what a report calls it."""


def compare_people(name: str, expected: Sequence[str], seen: Sequence[str]) -> Check:
    """What one phone saw, exactly and in order."""
    return Check("sip", f"{name} saw", ", ".join(expected) or "nothing", ", ".join(seen) or "nothing")


def compare_call(
    name: str, expected: ExpectedCall, seen: StoredCall | None, *, agents: Mapping[str, str], number: str
) -> Iterator[Check]:
    """One call record against its expectation. `agents` maps actors to usernames, `number` is shown masked."""
    if seen is None:
        yield Check("store", f"{name}: call record", "one", NONE)
        return
    yield Check("store", f"{name}: outcome", expected.outcome, seen.outcome)
    yield Check("store", f"{name}: state", expected.state, seen.state)
    yield Check("store", f"{name}: caller number", number if expected.has_number else "", seen.caller_number)
    if expected.agent:
        yield Check("store", f"{name}: agent", agents[expected.agent], seen.agent)
    line = expected.line
    for what, wanted, found in (
        ("original line", line.number, seen.original_line),
        ("line rule", line.rule, seen.line_rule),
        ("mode", line.mode, seen.line_mode),
        ("diversion", line.diversion, seen.diversion),
    ):
        if wanted is not None:
            yield Check("store", f"{name}: {what}", str(wanted), found)
    yield from _compare_events(name, expected, seen.events, agents)
    yield Check("store", f"{name}: ticket", *_tickets(expected.ticket, seen, agents))
    yield Check("store", f"{name}: missed call", _missed(expected.missed_call), _missed(seen.missed_call))
    yield _compare_recording(name, expected.recording, seen.recording)
    if expected.is_reconstructed is not None:
        yield Check("store", f"{name}: reconstructed", str(expected.is_reconstructed), str(seen.is_reconstructed))


def _compare_events(
    name: str, expected: ExpectedCall, seen: Sequence[StoredEvent], agents: Mapping[str, str]
) -> Iterator[Check]:
    left = list(seen)
    for event in expected.events:
        wanted = _described(event, agents)
        found = next((n for n, stored in enumerate(left) if _fits(event, stored, agents)), None)
        if found is None:
            yield Check("store", f"{name}: event", wanted, _instead(event, wanted, seen))
            return
        left = left[found + 1 :]
        yield Check("store", f"{name}: event", wanted, wanted)
    for event in expected.also:
        wanted = _described(event, agents)
        is_there = any(_fits(event, stored, agents) for stored in seen)
        yield Check("store", f"{name}: event", wanted, wanted if is_there else _instead(event, wanted, seen))
    unwelcome = [stored.type for stored in seen if stored.type in expected.never]
    if expected.never:
        yield Check("store", f"{name}: never", NONE, ", ".join(unwelcome) or NONE)


def _instead(event: ExpectedEvent, wanted: str, seen: Sequence[StoredEvent]) -> str:
    """What was seen in place of an event: the same with other fields, or all there was."""
    others = [_payload(stored, event) for stored in seen if event.fields and stored.type == event.type]
    other = next((one for one in others if one != wanted), "")
    return other or f"not there in {' → '.join(stored.type for stored in seen) or 'no events'}"


def _fits(event: ExpectedEvent, stored: StoredEvent, agents: Mapping[str, str]) -> bool:
    fields = _fields(event, agents)
    return stored.type == event.type and all(_holds(stored.payload.get(key), value) for key, value in fields.items())


def _holds(stored: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list):
        return bool(stored == wanted)
    nodes = [step["node"] for step in stored or ()]
    return all(name in nodes for name in wanted)


def _fields(event: ExpectedEvent, agents: Mapping[str, str]) -> dict[str, Any]:
    return {key: agents[str(value)] if key == "agent" and value else value for key, value in event.fields.items()}


def _described(event: ExpectedEvent, agents: Mapping[str, str]) -> str:
    fields = ", ".join(f"{key}={value}" for key, value in _fields(event, agents).items())
    return f"{event.type} ({fields})" if fields else str(event.type)


def _payload(stored: StoredEvent, event: ExpectedEvent) -> str:
    return f"{stored.type} ({', '.join(f'{key}={stored.payload.get(key)}' for key in event.fields)})"


def _tickets(expected: ExpectedTicket | str, seen: StoredCall, agents: Mapping[str, str]) -> tuple[str, str]:
    if isinstance(expected, str):
        return NONE, _ticket(seen.ticket)
    wanted = f"{expected.status}, opened by {agents[expected.opened_by] if expected.opened_by else NONE}"
    if expected.source is None:
        return wanted, _ticket(seen.ticket)
    return f"{wanted}, from {expected.source}", _ticket(seen.ticket, has_source=True)


def _ticket(ticket: StoredTicket | None, *, has_source: bool = False) -> str:
    if ticket is None:
        return NONE
    text = f"{ticket.status}, opened by {ticket.accepted_by or NONE}"
    return f"{text}, from {ticket.source}" if has_source else text


def _missed(entry: ExpectedMissedCall | StoredMissedCall | str | None) -> str:
    if entry is None or isinstance(entry, str):
        return NONE
    return f"{entry.reason}, {'resolved' if entry.is_resolved else 'open'}"


def _compare_recording(name: str, expected: str, seen: Recording | None) -> Check:
    """`any`: there may be one or not, it is not listened to."""
    heard = NONE if seen is None else _heard(seen)
    return Check("store", f"{name}: recording", heard if expected == "any" else expected, heard)


def _heard(recording: Recording) -> str:
    if recording.loudness < QUIET:
        return f"silence ({recording.seconds:.1f} s)"
    voices = (recording.has_caller, recording.has_agent, recording.has_exchange)
    return VOICES[voices]


def compare_follow_up(name: str, expected: ExpectedFollowUp, seen: StoredFollowUp) -> Check:
    """What one citizen said when he was asked."""
    return Check("store", f"{name}: follow-up", _said(expected), _said(seen))


def _said(one: ExpectedFollowUp | StoredFollowUp) -> str:
    solved = {None: "", True: "solved", False: "not solved"}[one.is_solved]
    return ", ".join(word for word in (one.status, solved, one.satisfaction) if word)


def compare_headers(name: str, expected: Mapping[str, str], seen: Mapping[str, str]) -> Iterator[Check]:
    """Headers of the last INVITE to an exchange: each must hold its text; an empty text: it must not be there."""
    for header, text in expected.items():
        value = seen.get(header, "")
        is_met = text in value if text else not value
        yield Check("sip", f"{name} received {header}", text or NONE, text or NONE if is_met else value or NONE)
