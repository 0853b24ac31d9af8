"""What the pages of ops staff show, decided without I/O: lines of today, the calendar of mode changes, trunk alarms."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.contract.changes import Qualify, TrunkHealth
from app.lines.models import Line, LinePeriod
from app.lines.rules import next_period, period_on

DAYS_OF_WEEK = 7
NEARLY_FULL = 0.9
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True)
class ShownLine:
    """A line as it is handled on a day. `today` is none for the hotline's own lines, merged directly."""

    line: Line
    today: LinePeriod | None
    coming: LinePeriod | None

    @property
    def mode(self) -> str:
        return self.today.mode if self.today else "direct_merge"


@dataclass(frozen=True)
class ModeChange:
    """On this day at 00:00 Asia/Shanghai a line goes from one mode to the next."""

    day: date
    line: Line
    before: LinePeriod
    after: LinePeriod


@dataclass(frozen=True)
class CalendarDay:
    day: date
    is_in_month: bool
    changes: Sequence[ModeChange]


def show_lines(lines: Iterable[Line], periods: Mapping[str, Sequence[LinePeriod]], day: date) -> list[ShownLine]:
    """Each line with its period of the day and the next one."""
    return [
        ShownLine(line, period_on(known, day), next_period(known, day))
        for line in lines
        for known in [periods.get(line.number, ())]
    ]


def list_changes(lines: Iterable[Line], periods: Mapping[str, Sequence[LinePeriod]]) -> list[ModeChange]:
    """Every change of mode, past and coming, by day and number. A line's first period changes nothing."""
    found = []
    for line in lines:
        known = sorted(periods.get(line.number, ()), key=lambda period: period.begins_on)
        pairs = itertools.pairwise(known)
        found += [ModeChange(after.begins_on, line, before, after) for before, after in pairs]
    return sorted(found, key=lambda change: (change.day, change.line.number))


def month_of(text: str, today: date) -> date:
    """First day of the month that `2026-12` names; of this month where the text names none of this century."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return first if FIRST_YEAR <= first.year <= LAST_YEAR else today.replace(day=1)


def shift_month(first: date, months: int) -> date:
    """First day of the month so many months later, within the century."""
    index = first.year * 12 + first.month - 1 + months
    index = min(max(index, FIRST_YEAR * 12), LAST_YEAR * 12 + 11)
    return date(index // 12, index % 12 + 1, 1)


def calendar_of(first: date, changes: Iterable[ModeChange]) -> list[list[CalendarDay]]:
    """Weeks from Monday on that hold the month of `first`, with the changes of each day."""
    by_day = defaultdict(list)
    for change in changes:
        by_day[change.day].append(change)
    after = shift_month(first, 1)
    monday = first - timedelta(days=first.weekday())
    weeks = []
    while monday < after:
        days = [monday + timedelta(days=number) for number in range(DAYS_OF_WEEK)]
        weeks.append([CalendarDay(day, day.month == first.month, by_day.get(day, ())) for day in days])
        monday += timedelta(days=DAYS_OF_WEEK)
    return weeks


def is_trunk_in_trouble(trunk: TrunkHealth) -> bool:
    """Whether somebody should look: its far end is silent, or it is nearly full."""
    is_full = trunk.active_calls is not None and trunk.active_calls >= trunk.max_calls * NEARLY_FULL
    return trunk.qualify is Qualify.UNREACHABLE or is_full
