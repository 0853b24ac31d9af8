"""Types and construction of the ids that every process agrees on."""

import hashlib
import re
from typing import NewType

CallId = NewType("CallId", str)
"""A citizen's whole stay: HL_CALL_ID, set by the dialplan's first step and inherited by every leg."""
LinkedId = NewType("LinkedId", str)
"""Asterisk's correlation of channels; it changes in transfers, so it never identifies a call."""
UniqueId = NewType("UniqueId", str)
"""One channel. `systemname` prefixes it, so it is unique over all nodes."""
EventId = NewType("EventId", str)
"""Deterministic id of one fact: the same fact told twice has the same id."""

MAX_EVENT_ID_LENGTH = 160


def make_event_id(node: str, event_type: str, uniqueid: str, *distinguishers: str | int) -> EventId:
    """Join what makes a fact unique; an over-long or unprintable id is cut and closed with its hash."""
    text = ":".join([node, uniqueid, event_type, *(str(part) for part in distinguishers)])
    if len(text) <= MAX_EVENT_ID_LENGTH and text.isprintable() and text.isascii():
        return EventId(text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    kept = "".join(c for c in text if c.isascii() and c.isprintable())[: MAX_EVENT_ID_LENGTH - 33]
    return EventId(f"{kept}~{digest}")


CALLBACK_CALL = re.compile(r"cb-([1-9][0-9]{0,17})-([1-9][0-9]{0,2})")


def callback_call_id(callback_id: int, offer: int) -> CallId:
    """The id of a call-back's call, known before the call exists: telephony refuses a second channel of this id."""
    return CallId(f"cb-{callback_id}-{offer}")


def is_callback_call(call_id: str | None) -> bool:
    """Whether an agent calls a citizen back in it. Asterisk's own ids hold a full stop, so none looks like it."""
    return call_id is not None and CALLBACK_CALL.fullmatch(call_id) is not None


FOLLOW_UP_CALL = re.compile(r"fu-([1-9][0-9]{0,17})-([1-9][0-9]{0,2})")


def follow_up_call_id(task_id: int, attempt: int) -> CallId:
    """The id of a follow-up call (回访), known before the call exists; of the same task the attempts are 1, 2, 3."""
    return CallId(f"fu-{task_id}-{attempt}")


def follow_up_task(call_id: str | None) -> int | None:
    """The task for which this follow-up call is made; None for every other call."""
    found = FOLLOW_UP_CALL.fullmatch(call_id or "")
    return int(found[1]) if found else None


INCIDENT_OVER_CALL = re.compile(r"io-([1-9][0-9]{0,17})-([1-9][0-9]{0,2})")


def incident_over_call_id(follower_id: int, attempt: int) -> CallId:
    """The id of a call that tells a follower that his outage is over, known before the call exists."""
    return CallId(f"io-{follower_id}-{attempt}")


def incident_follower(call_id: str | None) -> tuple[int, int] | None:
    """The follower who is called here, and which attempt it is; None for every other call."""
    found = INCIDENT_OVER_CALL.fullmatch(call_id or "")
    return (int(found[1]), int(found[2])) if found else None


def is_outgoing_call(call_id: str | None) -> bool:
    """Whether we called the citizen, not he us."""
    return is_callback_call(call_id) or bool(follow_up_task(call_id) or incident_follower(call_id))
