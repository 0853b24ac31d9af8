"""Pure decisions of handling: the machine of one unit's leg, and when to ask a citizen again."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

from app.platform.clock import SHANGHAI, to_shanghai
from app.tickets.models import AssignmentKind, AssignmentStatus

_A = AssignmentStatus

NEXT: Mapping[AssignmentKind, Mapping[AssignmentStatus, frozenset[AssignmentStatus]]] = MappingProxyType(
    {
        AssignmentKind.LEAD: MappingProxyType(
            {
                _A.ASSIGNED: frozenset({_A.SIGNED, _A.RETURNED, _A.CLOSED}),
                _A.SIGNED: frozenset({_A.REPORTED, _A.RETURNED, _A.CLOSED}),
                _A.REPORTED: frozenset({_A.SIGNED, _A.CLOSED}),
                _A.RETURNED: frozenset(),
                _A.CLOSED: frozenset(),
            }
        ),
        AssignmentKind.SUPPORTING: MappingProxyType(
            {
                _A.ASSIGNED: frozenset({_A.SIGNED, _A.CLOSED}),
                _A.SIGNED: frozenset({_A.REPORTED, _A.CLOSED}),
                _A.REPORTED: frozenset({_A.CLOSED}),
                _A.RETURNED: frozenset(),
                _A.CLOSED: frozenset(),
            }
        ),
    }
)
"""Which status of a leg may follow which. A supporting unit returns nothing: the lead unit decides whom it asks."""


def may_follow(kind: str, status: str, to: AssignmentStatus) -> bool:
    """Whether a leg of this kind and status may become `to`."""
    return to in NEXT[AssignmentKind(kind)][AssignmentStatus(status)]


MOST_ATTEMPTS = 3
"""Follow-up tries that reach nobody; then a citizen is not asked any more (R58, domain.md §2.4)."""


@dataclass(frozen=True)
class PartOfDay:
    """Tries are made in different ones. Anything before or after belongs to the nearest part."""

    name: str
    begins: time
    ends: time


PARTS_OF_DAY = (
    PartOfDay("上午", time(8), time(12)),
    PartOfDay("下午", time(12), time(18)),
    PartOfDay("晚间", time(18), time(21)),
)


def part_of_day(moment: datetime) -> int:
    """Which of PARTS_OF_DAY, by the citizen's clock."""
    at = to_shanghai(moment).time()
    return next((number for number, part in enumerate(PARTS_OF_DAY[:-1]) if at < part.ends), len(PARTS_OF_DAY) - 1)


def next_try_at(tried: Container[int], now: datetime) -> datetime:
    """The first moment from now on, between 8 and 21 o'clock, in a part of the day that was not tried."""
    here = to_shanghai(now)
    for days in range(2):
        day = here.date() + timedelta(days=days)
        for number, part in enumerate(PARTS_OF_DAY):
            begins, ends = (datetime.combine(day, at, SHANGHAI) for at in (part.begins, part.ends))
            if number not in tried and here < ends:
                return max(begins, here).astimezone(UTC)
    return now
