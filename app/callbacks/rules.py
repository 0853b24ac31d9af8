"""Pure decisions of call-backs: the moves of a request, whose turn it is, and when the next try is.

Fairness (GB/T 33358 asks for it, nobody names a rule): callers and call-backs stand in one line, ordered by the moment
at which the citizen joined the queue. A call-back is put into Asterisk's queue when its turn is near; there it stands
at that very place (ADR 0210), so no caller who came earlier is passed, and no citizen is rung before an agent is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from app.callbacks.models import CallbackSource, CallbackStatus
from app.calls.order import in_order
from app.contract.events import AgentAnswered, CallbackProgressed, CallbackStep, CallEnded, CallEvent
from app.platform.clock import to_shanghai

_S = CallbackStatus

NEXT: Mapping[CallbackStatus, frozenset[CallbackStatus]] = MappingProxyType(
    {
        _S.REQUESTED: frozenset({_S.CONFIRMED, _S.CANCELLED, _S.GIVEN_UP}),
        _S.CONFIRMED: frozenset({_S.OFFERED, _S.CANCELLED, _S.GIVEN_UP}),
        _S.OFFERED: frozenset({_S.CONFIRMED, _S.RINGING, _S.TALKED, _S.CANCELLED, _S.GIVEN_UP}),
        _S.RINGING: frozenset({_S.CONFIRMED, _S.TALKED, _S.CANCELLED, _S.GIVEN_UP}),
        _S.TALKED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.GIVEN_UP: frozenset(),
    }
)
"""Which status may follow which. CONFIRMED after OFFERED or RINGING: it waits for its next try."""

SETTLED = frozenset(status for status, after in NEXT.items() if not after)
UNDER_WAY = frozenset({_S.OFFERED, _S.RINGING})

MAX_TRIES = 3
MAX_OFFERS = 12
"""Agents who let it go before the citizen's phone rang cost no try, but it does not go round for ever."""
USUAL_HOURS = RING_FROM_HOUR, RING_UNTIL_HOUR = 8, 21
"""Asia/Shanghai; HOTLINE_CALLBACK_HOURS sets others. Outside, only who asked less than an hour ago is rung."""
JUST_ASKED = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=30)
SOON = timedelta(minutes=2)
"""Nobody took it: offered again so much later."""
SHORT_ABANDON_MS = 5_000
"""domain.md §4: who hangs up within five seconds has not waited."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """One who stands in the line of a queue. `callback_id` None: a caller who waits on the telephone."""

    queued_at: datetime
    priority: int = 0
    callback_id: int | None = None

    @property
    def place(self) -> datetime:
        """Whoever has the earlier one is served first; the dialplan's [place] says the same to Asterisk."""
        return self.queued_at - self.priority * DAY


def turns(callers: Iterable[Waiting], requests: Iterable[Waiting], *, agents: int) -> list[int]:
    """Ids of the call-backs that may be put into the queue now, in the order of the line.

    `callers`: who stands in this queue already, offered call-backs among them. `agents`: how many serve it, paused ones
    and those who ring a citizen just now left out. A call-back has its turn when fewer stand before it than there are
    agents: it takes its place in time, and never more are under way than agents can take.
    """
    line = sorted([*callers, *requests], key=lambda one: (one.place, one.callback_id is not None, one.callback_id or 0))
    return [one.callback_id for one in line[: max(0, agents)] if one.callback_id is not None]


def may_ring(now: datetime, requested_at: datetime, source: str, hours: tuple[int, int] = USUAL_HOURS) -> bool:
    """Whether a citizen may be rung now. `hours`: from and until which hour of the day."""
    has_just_asked = source == CallbackSource.CITIZEN and now - requested_at < JUST_ASKED
    return has_just_asked or hours[0] <= to_shanghai(now).hour < hours[1]


def next_try(rang: Sequence[datetime], now: datetime) -> datetime | None:
    """When to try again after these tries: in an hour of the day that was not tried. None: it is given up."""
    if len(rang) >= MAX_TRIES:
        return None
    tried = {to_shanghai(at).hour for at in rang}
    moment = (now + AGAIN_AFTER).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while True:
        hour = to_shanghai(moment).hour
        if hour not in tried and RING_FROM_HOUR <= hour < RING_UNTIL_HOUR:
            return moment
        moment += timedelta(hours=1)


def is_diallable(number: str | None) -> bool:
    """Whether the machine calls this number: never abroad, which only people do."""
    return number is not None and number.isdecimal()


COUNTED = frozenset({"busy", "no_answer", "rejected"})
"""Causes after which the citizen's telephone has rung: these count as tries."""


@dataclass(frozen=True)
class Told:
    """What the facts of one offer add up to."""

    heard_at: datetime | None = None
    rang_at: datetime | None = None
    talked_at: datetime | None = None
    ended_at: datetime | None = None
    agent: str = ""
    cause: str = ""


def tell(events: Iterable[CallEvent]) -> Told:
    """One offer, from all its facts in whatever order they came."""
    told = Told()
    for event in in_order(events):
        told = replace(told, heard_at=told.heard_at or event.occurred_at, **_meaning(event, told))
    if told.ended_at and not told.talked_at and not told.cause:
        told = replace(told, cause="lost")
    return told


def _meaning(event: CallEvent, told: Told) -> dict[str, Any]:
    at = event.occurred_at
    match event.payload:
        case AgentAnswered(agent=agent):
            return {"agent": agent}
        case CallbackProgressed(step=step, cause=cause):
            meaning: dict[CallbackStep, dict[str, Any]] = {
                CallbackStep.RINGING: {"rang_at": at},
                CallbackStep.TALKED: {"talked_at": at},
                CallbackStep.MISSED: {"ended_at": told.ended_at or at, "cause": cause},
                CallbackStep.NO_AGENT: {"ended_at": told.ended_at or at, "cause": "no_agent"},
            }
            return meaning.get(step, {})
        case CallEnded():
            return {"ended_at": told.ended_at or at}
    return {}


def after_offer(told: Told, rang: Sequence[datetime], offers: int, now: datetime) -> datetime | None:
    """When a request whose offer ended without a talk is offered again; None: it is given up. `rang`: counted tries."""
    if told.cause in COUNTED:
        return next_try(rang, now)
    if offers >= MAX_OFFERS:
        return None
    return now + (AGAIN_AFTER if told.cause == "trunk_down" else SOON)
