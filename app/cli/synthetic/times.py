"""When things happen in synthetic lives: half hours of working days, and clocks timed by the application's own rules.

Moments are whole seconds since 1970 (UTC). Staff act in half-hour slots, each with its own odd second, so that a clock
is timed once for everything that began in the same slot: a million tickets ask for some hundred thousand timings.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import ceil
from random import Random

from app.casework.rules import next_try_at, part_of_day
from app.cli.synthetic.spread import DAY, SHANGHAI_SECONDS
from app.deadlines.arithmetic import Pause, midnight
from app.deadlines.calendar import CalendarMissing, WorkCalendar
from app.deadlines.notices import send_time
from app.deadlines.profile import LADDER, Profile, Step
from app.deadlines.sweep import reasons_of
from app.deadlines.terms import Term
from app.deadlines.timing import MoreTime, time_clock
from app.platform.clock import to_shanghai

HALF_HOUR = 1800
TEN_MINUTES = 600
SLOTS_A_DAY = 48
OPENS, CLOSES = 17, 36
"""Slots: 08:30 and 18:00."""
WORKED = CLOSES - OPENS
"""Half hours of a working day."""
_ODD = tuple(Random(12345).randrange(HALF_HOUR) for _ in range(997))  # noqa: S311 - no secret
EPOCH = date(1970, 1, 1).toordinal()
_TIMES = tuple(f" {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000000" for n in range(DAY))


@dataclass(frozen=True, slots=True)
class Timed:
    """When a clock ends, as the database keeps it and as numbers; all None while a calendar year is missing."""

    due: float | None
    near: float | None
    due_text: str | None
    near_text: str | None
    explanation: str
    missing_year: int | None
    told: str


def utc(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def moment_of(value: datetime) -> int:
    return int(value.timestamp())


def stamp(moment: int) -> str:
    """As both databases keep it (UTC)."""
    day, second = divmod(moment, DAY)
    return _date(day) + _TIMES[second]


@lru_cache(20_000)
def _date(day: int) -> str:
    return date.fromordinal(day + EPOCH).isoformat()


def iso(moment: int) -> str:
    """As clocks keep it in their pauses and extensions."""
    return utc(moment).isoformat()


def slot_after(moment: int, slots: int = 0) -> int:
    """The next half hour of day or night, and `slots` further."""
    slot = (moment + SHANGHAI_SECONDS) // HALF_HOUR + 1 + slots
    return _in_slot(slot)


def _in_slot(slot: int) -> int:
    return slot * HALF_HOUR + _ODD[slot % len(_ODD)] - SHANGHAI_SECONDS


def part_of(moment: int) -> int:
    """Which part of the day, as follow-up divides it."""
    return part_of_day(utc(moment))


def minutes_after(moment: int) -> int:
    """Within the next ten minutes: the odd second of that stretch, so that tickets accepted in it share a timing."""
    stretch = moment // TEN_MINUTES + 1
    return stretch * TEN_MINUTES + _ODD[stretch % len(_ODD)] // 3


class Timetable:
    """The calendar and the rules of one platform, for lives that begin after `since` and are told until `until`."""

    def __init__(self, calendar: WorkCalendar, profile: Profile, since: int, until: int) -> None:
        self.until = until
        self._calendar, self._profile = calendar, profile
        self.reasons = reasons_of(profile)
        self._first = since // 86400 - 2
        self._worked_on: list[int] = []
        """Every working day, as days since 1970."""
        self._rank: list[int] = []
        """Day → how many working days lie before it."""
        for day in range(self._first, until // 86400 + 300):
            self._rank.append(len(self._worked_on))
            if self._works(day):
                self._worked_on.append(day)
        self.timed = lru_cache(100_000)(self._time)
        self._tell = lru_cache(50_000)(self._send_time)
        self.next_try = lru_cache(50_000)(self._next_try)

    def _works(self, day: int) -> bool:
        on = date.fromordinal(day + EPOCH)
        try:
            return self._calendar.is_working(on)
        except CalendarMissing:
            return on.weekday() < 5

    def work_after(self, moment: int, slots: int = 0) -> int:
        """The next half hour in which offices are open, and `slots` worked half hours further."""
        day, part = divmod((moment + SHANGHAI_SECONDS) // HALF_HOUR + 1, SLOTS_A_DAY)
        rank = self._rank[day - self._first]
        ordinal = rank * WORKED
        if self._worked_on[rank] == day:
            ordinal += min(max(part - OPENS, 0), WORKED)
        day, part = divmod(ordinal + slots, WORKED)
        return _in_slot(self._worked_on[day] * SLOTS_A_DAY + OPENS + part)

    def _time(self, term: Term, start: int) -> Timed:
        return self.time_with(term, start)

    def time_with(
        self, term: Term, start: int, pauses: Sequence[Pause] = (), extensions: Sequence[MoreTime] = ()
    ) -> Timed:
        """By the application's arithmetic. `timed` is the same for clocks to which nothing has happened, remembered."""
        began = utc(start)
        timing = time_clock(self._calendar, self._profile, began, term, pauses=pauses, extensions=extensions)
        explanation = json.dumps(timing.explanation, ensure_ascii=False)
        if timing.due_at is None or timing.near_due_at is None:
            return Timed(
                None, None, None, None, explanation, timing.missing_year, f"待导入{timing.missing_year}年工作日历"
            )
        return Timed(
            timing.due_at.timestamp(), timing.near_due_at.timestamp(), _text(timing.due_at), _text(timing.near_due_at),
            explanation, None, f"限{to_shanghai(timing.due_at):%Y-%m-%d %H:%M}前",
        )  # fmt: skip

    def ladder(self, timed: Timed, *, is_carded: bool, end: int) -> list[tuple[int, int]]:
        """(rank, the minute at which a sweep raises it) of each step before `end`, in order (one a minute)."""
        if timed.due is None or timed.near is None or timed.near >= end:
            return []
        steps = [(1, ceil(timed.near / 60) * 60), (2, int(timed.due) // 60 * 60 + 60)]
        if is_carded and timed.due < end:
            due_on = to_shanghai(datetime.fromtimestamp(timed.due, UTC)).date()
            steps += [(LADDER.index(step) + 1, self._reached(timed.due, due_on, term)) for step, term in self._late()]
        return [(rank, at) for rank, at in steps if at < end]

    def _late(self) -> list[tuple[Step, Term]]:
        return [(step, self._profile.ladder[step]) for step in LADDER if step in self._profile.ladder]

    def _reached(self, due: float, due_on: date, term: Term) -> int:
        if not term.is_days:
            return int(due + term.span.total_seconds()) // 60 * 60 + 60
        try:
            return moment_of(midnight(self._calendar.shift(due_on, term.amount) + timedelta(days=1)))
        except CalendarMissing:
            return self.until + 1

    def tell_at(self, urgency: str, raised: int) -> int:
        """When a notice of this minute is sent."""
        return self._tell(urgency, raised)

    def _send_time(self, urgency: str, raised: int) -> int:
        return moment_of(send_time(self._calendar, self._profile, urgency, utc(raised)))

    def _next_try(self, tried: frozenset[int], at: int) -> int:
        """From when on a citizen may be rung again, in a part of the day that was not tried."""
        return moment_of(next_try_at(tried, utc(at)))

    def try_after(self, tried: frozenset[int], at: int) -> int:
        """A half hour in which he is."""
        while part_of(at := slot_after(self.next_try(tried, at))) in tried:
            pass
        return at

    def last_day_after(self, due: float, working_days: int) -> date | None:
        """The day so many working days after the due time; None: its calendar is missing."""
        try:
            return self._calendar.shift(to_shanghai(datetime.fromtimestamp(due, UTC)).date(), working_days)
        except CalendarMissing:
            return None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
