"""Pure decisions of telling followers that an outage is over: which way, when, how often, and what a call has told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.broadcasts.models import Way
from app.calls.order import in_order
from app.calls.rules import is_mobile
from app.contract.events import CallbackProgressed, CallbackStep, CallEnded, CallEvent, IntakeRecorded
from app.platform.clock import to_shanghai

FLOW, TOLD_AT_NODE = "incident-over", "told"
"""ivr_flows/flows/incident-over.yaml: whoever leaves this node by `next` has heard all of it."""
MOST_RUNG = 3
"""As with call-backs: a telephone that rang three times in vain is left to people."""
MOST_CALLS = 9
"""Calls whose facts never came home among them."""
STALE = timedelta(hours=48)
"""Nobody is rung any more about what was over so long ago."""
WAITS = (timedelta(minutes=30), timedelta(hours=2))
UNHEARD = timedelta(minutes=30)
"""A call of which nothing was told for so long is tried again."""
RANG = frozenset({"busy", "no_answer", "rejected", "hung_up"})
"""Causes after which his telephone has rung."""


def way_of(number: str, wanted: Way) -> tuple[Way, str]:
    """How this follower is told, and why people must do it. `wanted`: as the city chose; a call goes for a message
    where none can be read."""
    if wanted is Way.PEOPLE:
        return Way.PEOPLE, ""
    if wanted is Way.SMS and is_mobile(number):
        return Way.SMS, ""
    return (Way.CALL, "") if is_diallable(number) else (Way.PEOPLE, "abroad")


def is_diallable(number: str) -> bool:
    """Never abroad, and never a pseudonym."""
    return number.isascii() and number.isdecimal()


def within(hours: tuple[int, int], moment: datetime) -> datetime:
    """This moment, or the next one at which citizens may be disturbed. `hours`: from and until, Asia/Shanghai."""
    begins, ends = hours
    local = to_shanghai(moment)
    if begins <= local.hour < ends:
        return moment
    opening = local.replace(hour=begins, minute=0, second=0, microsecond=0)
    if local.hour >= begins:
        opening += timedelta(days=1)
    return opening.astimezone(moment.tzinfo)


def wait_after(rung: int) -> timedelta | None:
    """How long to wait after his telephone rang so often in vain; None: give up."""
    return WAITS[max(0, rung - 1)] if rung < MOST_RUNG else None


@dataclass(frozen=True)
class Heard:
    """One call that is over. `cause`: why it told him nothing; empty: he heard it."""

    ended_at: datetime
    cause: str = ""


def hear(events: Iterable[CallEvent]) -> Heard | None:
    """What the facts of one call add up to, in whatever order they came; None while it is not over, or the flow has
    not told yet how far it came."""
    story = in_order(events)
    ended = next((event for event in story if isinstance(event.payload, CallEnded)), None)
    if ended is None:
        return None
    steps = {
        event.payload.step: event.payload.cause for event in story if isinstance(event.payload, CallbackProgressed)
    }
    if CallbackStep.TALKED not in steps:
        return Heard(ended.occurred_at, steps.get(CallbackStep.MISSED) or "lost")
    flows = [event.payload for event in story if isinstance(event.payload, IntakeRecorded)]
    told = [flow for flow in flows if flow.flow == FLOW]
    if not told:
        return None
    has_heard = any(visit.node == TOLD_AT_NODE and visit.left_by == "next" for flow in told for visit in flow.path)
    return Heard(ended.occurred_at, "" if has_heard else "hung_up")
