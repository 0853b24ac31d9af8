"""When each of so many tickets is opened, and which of its day it is. Pure: any stretch can be told by itself."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from random import Random

HOUR, DAY = 3_600, 86_400
SHANGHAI_SECONDS = 8 * HOUR
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 12, 8, 9, 13, 14, 13, 11, 9, 8, 7, 5, 3, 2)
"""How many of a day's calls come in each hour."""
_BEFORE = (0, *accumulate(HOURS))
_OF_DAY = _BEFORE[-1]
_HOUR_AT = tuple(hour for hour, weight in enumerate(HOURS) for _ in range(weight))
_ODD = 4_099
"""So many places within a ticket's share of the time, used in turn."""


class Spread:
    """`count` tickets between two moments (seconds since 1970), in the rhythm of a day's calls, the oldest first."""

    def __init__(self, count: int, *, since: int, until: int, seed: int) -> None:
        self.count, self.since, self.until = count, since, until
        self._first = _calls_before(since)
        self._share = (_calls_before(until) - self._first) / count
        draw = Random(seed)  # noqa: S311 - it shall be reproducible
        self._places = [draw.random() for _ in range(_ODD)]

    def opened(self, index: int) -> int:
        """The moment of the index-th ticket; never before that of the one before it."""
        day, at = divmod(self._first + (index + self._places[index % _ODD]) * self._share, _OF_DAY)
        hour = _HOUR_AT[int(at)]
        part = (at - _BEFORE[hour]) / HOURS[hour]
        return min(int(day) * DAY + int((hour + part) * HOUR) - SHANGHAI_SECONDS, self.until - 1)

    def first_of(self, day: int) -> int:
        """The first ticket that is not opened before this day of Shanghai (days since 1970)."""
        return bisect_left(range(self.count), day * DAY - SHANGHAI_SECONDS, key=self.opened)

    def days(self) -> Iterator[tuple[int, int]]:
        """(day, tickets opened on it) for every day that has any."""
        first = 0
        for day in range(day_of(self.since), day_of(self.until) + 1):
            after = self.first_of(day + 1)
            if after > first:
                yield day, after - first
            first = after


def day_of(moment: int) -> int:
    """The day of Shanghai, as days since 1970."""
    return (moment + SHANGHAI_SECONDS) // DAY


def _calls_before(moment: int) -> float:
    """How many parts of calls come before it, from 1970 on."""
    day, part = divmod(moment + SHANGHAI_SECONDS, DAY)
    hour, rest = divmod(part, HOUR)
    return day * _OF_DAY + _BEFORE[hour] + rest / HOUR * HOURS[hour]
