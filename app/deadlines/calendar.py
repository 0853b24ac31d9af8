"""The working-day calendar (工作日历): weekends are off, holidays and make-up days (调休) are data, year by year. Pure.

A year that nobody imported is an error, never a guess by weekdays alone (domain.md §2.6).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.deadlines.faults import RuleFault, RulesUnreadable
from app.platform.errors import Conflict

DAY = timedelta(days=1)
WEEKEND = 5
WARNS_FROM_MONTH = 11
"""From 1 November on the next year's arrangement is due: the State Council publishes it in that month."""


class CalendarMissing(Conflict):
    """A due time needs a year that nobody imported."""

    code = "calendar-missing"
    title = "缺少工作日历"

    def __init__(self, year: int) -> None:
        super().__init__(f"尚未导入{year}年工作日历，不能推算期限", year=year)
        self.year = year


class DayKind(StrEnum):
    """Why a day differs from its weekday."""

    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    """A Saturday or Sunday that is worked (调休上班)."""


@dataclass(frozen=True)
class SpecialDay:
    """One row of a year's file. `name` is the holiday that the day belongs to."""

    day: date
    kind: DayKind
    name: str
    english: str


class WorkCalendar:
    """The years that are known. Every question about another year raises CalendarMissing."""

    def __init__(self, years: Mapping[int, Iterable[SpecialDay]]) -> None:
        self.years = frozenset(years)
        self._special = {special.day: special for days in years.values() for special in days}

    def find_special(self, day: date) -> SpecialDay | None:
        """The holiday or make-up day on this date; None for an ordinary one."""
        return self._special.get(day)

    def is_working(self, day: date) -> bool:
        """Whether people work on this day. CalendarMissing."""
        if day.year not in self.years:
            raise CalendarMissing(day.year)
        special = self._special.get(day)
        return day.weekday() < WEEKEND if special is None else special.kind is DayKind.MAKE_UP

    def next_working(self, day: date) -> date:
        """This day, or the first working day after it. CalendarMissing."""
        while not self.is_working(day):
            day += DAY
        return day

    def shift(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which is not counted itself. CalendarMissing."""
        while count > 0:
            day += DAY
            count -= self.is_working(day)
        return day

    def shift_back(self, day: date, count: int) -> date:
        """The `count`-th working day at or before `day`. CalendarMissing."""
        while True:
            count -= self.is_working(day)
            if count <= 0:
                return day
            day -= DAY

    def count(self, after: date, until: date) -> int:
        """How many working days lie in (after, until]. CalendarMissing."""
        return sum(self.is_working(after + DAY * offset) for offset in range(1, (until - after).days + 1))


def missing_year(years: Iterable[int], today: date) -> int | None:
    """The year whose calendar somebody must import now: this one, or from 1 November the next."""
    known = frozenset(years)
    if today.year not in known:
        return today.year
    return today.year + 1 if today.month >= WARNS_FROM_MONTH and today.year + 1 not in known else None


class CalendarUnreadable(RulesUnreadable):
    """A year's file that cannot be taken; every broken row is named."""


def read_year(text: str, year: int) -> list[SpecialDay]:
    """The rows `day,kind,name,english` of a year. CalendarUnreadable names every broken row."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    wanted = ["day", "kind", "name", "english"]
    if reader.fieldnames != wanted:
        columns = ",".join(wanted)
        raise CalendarUnreadable([RuleFault(f"line 1: the columns must be {columns}", f"第1行：列名应为 {columns}")])
    faults: list[RuleFault] = []
    days: dict[date, SpecialDay] = {}
    for number, row in enumerate(reader, start=2):
        try:
            special = _read_row(row, year)
            if special.day in days:
                raise RuleFault(f"{special.day} stands twice", f"{special.day} 重复")
        except RuleFault as fault:
            faults.append(RuleFault(f"line {number}: {fault}", f"第{number}行：{fault.chinese}"))
            continue
        days[special.day] = special
    if not faults and not any(special.kind is DayKind.HOLIDAY for special in days.values()):
        faults.append(
            RuleFault(
                f"{year} has no holiday at all: is the arrangement complete?",
                f"{year}年没有任何放假日，请核对安排是否完整",
            )
        )
    if faults:
        raise CalendarUnreadable(faults)
    return [days[day] for day in sorted(days)]


def _read_row(row: Mapping[str, str | None], year: int) -> SpecialDay:
    text, kind_text, name = (
        (row.get("day") or "").strip(),
        (row.get("kind") or "").strip(),
        (row.get("name") or "").strip(),
    )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RuleFault(
            f"{text!r} is no date, write e.g. {year}-10-01", f"“{text}”不是日期，请写成 {year}-10-01"
        ) from None
    if day.year != year:
        raise RuleFault(f"{day} is not in {year}", f"{day} 不在{year}年")
    if kind_text not in set(DayKind):
        raise RuleFault(
            f"{kind_text!r} is no kind: write holiday or make_up",
            f"“{kind_text}”不是类别，放假写 holiday，调休上班写 make_up",
        )
    kind = DayKind(kind_text)
    if kind is DayKind.MAKE_UP and day.weekday() < WEEKEND:
        raise RuleFault(
            f"{day} is a weekday and worked anyway: only a Saturday or Sunday is made up",
            f"{day} 本来就是工作日，只有周六、周日才需要标调休上班",
        )
    if not name:
        raise RuleFault(f"{day} has no name of the holiday it belongs to", f"{day} 没有写明属于哪个节日")
    return SpecialDay(day, kind, name, (row.get("english") or "").strip() or name)
