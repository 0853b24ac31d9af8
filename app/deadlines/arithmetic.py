"""When a clock ends. Pure: a calendar, a start, a term and the pauses in; a moment of Asia/Shanghai out.

A deadline in days ends at 23:59:59 of its last day and is overdue after that second (民法典第203条: 二十四时).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.deadlines.calendar import DAY, CalendarMissing, WorkCalendar
from app.deadlines.terms import Term, TimeUnit
from app.platform.clock import SHANGHAI, to_shanghai

LAST_SECOND = time(23, 59, 59)
NOTHING = timedelta(0)


@dataclass(frozen=True)
class Pause:
    """A time that does not count, with its approved reason."""

    began_at: datetime
    ended_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Hours:
    """From when to when on working days people are told of things that can wait."""

    opens: time
    closes: time


def end_of(day: date) -> datetime:
    """The last second of a day."""
    return datetime.combine(day, LAST_SECOND, SHANGHAI)


def midnight(day: date) -> datetime:
    """The first second of a day."""
    return datetime.combine(day, time.min, SHANGHAI)


def due_after(calendar: WorkCalendar, start: datetime, term: Term, pauses: Sequence[Pause] = ()) -> datetime:
    """When a clock that began at `start` ends. CalendarMissing: it needs a year that nobody imported."""
    local = to_shanghai(start)
    held = [(max(to_shanghai(p.began_at), local), to_shanghai(p.ended_at)) for p in pauses if p.ended_at > local]
    match term.unit:
        case TimeUnit.WORKING_DAYS:
            paused_days = sum(calendar.count(began.date(), ended.date()) for began, ended in held)
            return end_of(calendar.shift(local.date(), term.amount + paused_days))
        case TimeUnit.NATURAL_DAYS:
            paused_days = sum((ended.date() - began.date()).days for began, ended in held)
            return end_of(calendar.next_working(local.date() + DAY * (term.amount + paused_days)))
        case TimeUnit.WORKING_MINUTES:
            paused = sum((working_time(calendar, began, ended) for began, ended in held), NOTHING)
            return add_working_time(calendar, local, term.span + paused)
        case TimeUnit.NATURAL_MINUTES:
            return local + term.span + sum((ended - began for began, ended in held), NOTHING)


def extended_to(calendar: WorkCalendar, last_day: date, pauses: Sequence[Pause] = ()) -> datetime:
    """The end of a clock whose last day was set by an approved extension; later pauses shift it. CalendarMissing."""
    paused_days = sum(calendar.count(to_shanghai(p.began_at).date(), to_shanghai(p.ended_at).date()) for p in pauses)
    return end_of(calendar.shift(calendar.next_working(last_day), paused_days))


def add_working_time(calendar: WorkCalendar, start: datetime, span: timedelta) -> datetime:
    """The moment when `span` of working time has passed; on no day off (24:00 of a Friday is Monday's 00:00)."""
    moment = to_shanghai(start)
    if not calendar.is_working(moment.date()):
        moment = midnight(calendar.next_working(moment.date()))
    while span >= (room := midnight(moment.date() + DAY) - moment):
        span -= room
        moment = midnight(calendar.next_working(moment.date() + DAY))
    return moment + span


def working_time(calendar: WorkCalendar, start: datetime, end: datetime) -> timedelta:
    """How much of the time between both lies on working days."""
    moment, end = to_shanghai(start), to_shanghai(end)
    total = NOTHING
    while moment < end:
        until = min(midnight(moment.date() + DAY), end)
        if calendar.is_working(moment.date()):
            total += until - moment
        moment = until
    return total


def near_due(
    calendar: WorkCalendar, start: datetime, due: datetime, *, term: Term, percent: int, at_least: timedelta
) -> datetime:
    """From when on a clock is near its end (临期): `percent` of its time left, or `at_least`; never over half of it.

    Counted in the clock's own kind of time, so that a holiday before the last day does not hide it.
    """
    if not term.is_working:
        whole = due - start
        return due - min(whole / 2, max(whole * percent / 100, at_least))
    whole = working_time(calendar, start, due)
    left = min(whole / 2, max(whole * percent / 100, at_least))
    return add_working_time(calendar, start, whole - left)


def reached_before(calendar: WorkCalendar, now: datetime, term: Term) -> datetime:
    """Every due moment before the one returned was passed by more than `term` at `now`; no other was.

    So a sweep asks the database one comparison per step, instead of reading each clock. Terms are working days or
    natural time (`Profile` sees to it). CalendarMissing.
    """
    local = to_shanghai(now)
    if term.unit is TimeUnit.NATURAL_MINUTES:
        return local - term.span
    last_ended = local.date() if local > end_of(local.date()) else local.date() - DAY
    return midnight(calendar.shift_back(last_ended, term.amount))


def when_to_tell(calendar: WorkCalendar, now: datetime, hours: Hours) -> datetime:
    """Now if people are at work, else when they next begin. A year that is missing is taken as all working days:

    a notice that comes on a day off is better than one that never comes.
    """
    local = to_shanghai(now)
    day, opens = local.date(), datetime.combine(local.date(), hours.opens, SHANGHAI)
    if _works(calendar, day) and local < datetime.combine(day, hours.closes, SHANGHAI):
        return max(local, opens)
    day += DAY
    while not _works(calendar, day):
        day += DAY
    return datetime.combine(day, hours.opens, SHANGHAI)


def _works(calendar: WorkCalendar, day: date) -> bool:
    try:
        return calendar.is_working(day)
    except CalendarMissing:
        return True
