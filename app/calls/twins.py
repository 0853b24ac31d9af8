"""Are two records one call? Pure.

A retained line's exchange reported it, and forwarded it to us: both share the line and the caller's number, and ours
came over that exchange's trunk or was diverted by the line. Or it got the call from us, answered, and sent it back.
They are joined only where their times fit, and nothing else fits either of them (ADR 0180, 0242).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.contract.events import ForwardResult, LineRule
from app.lines.rules import MAIN_LINE

CLOCKS_DIFFER = timedelta(seconds=2)
"""So far may the exchange's clock be from ours. Nobody hangs up and dials again in so short a time."""
DIVERTED = frozenset({LineRule.TRUNK.value, LineRule.DIVERSION.value, LineRule.HISTORY_INFO.value})


class Seen(Protocol):
    """What is compared of a call's record."""

    call_id: str
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Pair:
    """One call with two records. `counted` is the one in which somebody answered; ours, where nobody did."""

    told: str
    own: str
    counted: str


def may_be_one(own: Seen, told: Seen) -> bool:
    """Whether our call can be the forwarded leg of the call that the exchange tells of."""
    if own.arrived_at < told.arrived_at - CLOCKS_DIFFER:
        return False
    if told.ended_at is not None and own.arrived_at > told.ended_at + CLOCKS_DIFFER:
        return False
    if told.answered_at is None:
        return True
    # its own people took the call: our side was rung until then, and nobody of ours answered
    was_let_go = own.ended_at is not None and own.ended_at <= told.answered_at + CLOCKS_DIFFER
    return own.answered_at is None and was_let_go


def pairs_of(own: Iterable[Seen], told: Iterable[Seen], parted: Collection[tuple[str, str]] = ()) -> list[Pair]:
    """The pairs of which each fits the other and nothing else. `parted`: (told, own) that a person has parted."""
    fitting = [
        (theirs, ours)
        for theirs in told
        for ours in own
        if (theirs.call_id, ours.call_id) not in parted and may_be_one(ours, theirs)
    ]
    times = Counter(call.call_id for pair in fitting for call in pair)
    return [
        Pair(theirs.call_id, ours.call_id, counted=theirs.call_id if theirs.answered_at else ours.call_id)
        for theirs, ours in fitting
        if times[theirs.call_id] == times[ours.call_id] == 1
    ]


class Leg(Seen, Protocol):
    """What is compared of a call that we sent out and that may have come back."""

    trunk: str
    queued_at: datetime | None
    original_line: str
    forward_trunk: str
    forward_result: str | None
    forward_talk_ms: int | None


def may_have_come_back(sent: Leg, back: Leg) -> bool:
    """Whether `back` is `sent`, which a department's exchange answered and then sent on to us without saying so.

    It came over the trunk on which that leg went out, for the same line or for 12345, while the leg was talking. The
    two are of one number already.
    """
    is_its_trunk = sent.forward_trunk != "" and back.trunk == sent.forward_trunk
    if sent.forward_result != ForwardResult.ANSWERED or not is_its_trunk or back.call_id == sent.call_id:
        return False
    if back.original_line not in {sent.original_line, MAIN_LINE}:
        return False
    if sent.ended_at is None:  # the leg is over, and the call's end is about to be told
        return back.arrived_at >= sent.arrived_at
    answered_at = sent.ended_at - timedelta(milliseconds=sent.forward_talk_ms or 0)
    return answered_at - CLOCKS_DIFFER <= back.arrived_at <= sent.ended_at


def come_back_of(calls: Iterable[Leg], parted: Collection[tuple[str, str]] = ()) -> list[Pair]:
    """The pairs among calls of one number, each of which fits the other and nothing else.

    Once the call has stood in our queue, its way there is what counts: who gave up waiting is on the missed-call list.
    """
    known = list(calls)
    fitting = [
        (sent, back)
        for sent in known
        for back in known
        if (sent.call_id, back.call_id) not in parted and may_have_come_back(sent, back)
    ]
    times = Counter(call.call_id for pair in fitting for call in pair)
    return [
        Pair(sent.call_id, back.call_id, counted=back.call_id if back.queued_at else sent.call_id)
        for sent, back in fitting
        if times[sent.call_id] == times[back.call_id] == 1
    ]
