"""Why a clock ends when it ends, step by step: in Chinese on the ticket, in English at the terminal. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.deadlines.arithmetic import Pause
from app.deadlines.calendar import DAY, DayKind, WorkCalendar
from app.deadlines.terms import Term, TimeUnit
from app.platform.clock import to_shanghai

WEEKEND_NAME = ""


@dataclass(frozen=True)
class Span:
    """Days off in a row for one reason; `name` is empty for a weekend."""

    first: date
    last: date
    name: str
    english: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class Words(Protocol):
    """One language."""

    def begins(self, start: datetime, term: Term) -> str: ...
    def holiday(self, span: Span) -> str: ...
    def weekends(self, spans: Sequence[Span]) -> str: ...
    def made_up(self, days: Sequence[date]) -> str: ...
    def paused(self, pause: Pause) -> str: ...
    def ends(self, due: datetime, term: Term) -> str: ...


def explain(
    calendar: WorkCalendar, start: datetime, term: Term, due: datetime, *, pauses: Sequence[Pause] = (), words: Words
) -> list[str]:
    """The steps from `start` to `due`, as sentences. CalendarMissing, where the due time itself raises it."""
    steps = [words.begins(to_shanghai(start), term)]
    steps += [words.paused(pause) for pause in pauses]
    if term.unit is not TimeUnit.NATURAL_MINUTES:
        first, last = to_shanghai(start).date(), to_shanghai(due).date()
        if term.is_days:
            first += DAY
        if term.unit is TimeUnit.NATURAL_DAYS:  # days off count, unless the last one is
            first = max(first, to_shanghai(start).date() + DAY * term.amount)
        spans = list(_days_off(calendar, first, last))
        steps += [words.holiday(span) for span in spans if span.name]
        if weekends := [span for span in spans if not span.name]:
            steps.append(words.weekends(weekends))
        if term.is_working and (made_up := _made_up(calendar, first, last)):
            steps.append(words.made_up(made_up))
    return [*steps, words.ends(to_shanghai(due), term)]


def _days_off(calendar: WorkCalendar, first: date, last: date) -> Iterator[Span]:
    span: Span | None = None
    for offset in range((last - first).days + 1):
        day = first + DAY * offset
        if calendar.is_working(day):
            continue
        special = calendar.find_special(day)
        name, english = (special.name, special.english) if special else (WEEKEND_NAME, WEEKEND_NAME)
        if span and span.name == name and span.last == day - DAY:
            span = Span(span.first, day, name, english)
            continue
        if span:
            yield span
        span = Span(day, day, name, english)
    if span:
        yield span


def _made_up(calendar: WorkCalendar, first: date, last: date) -> list[date]:
    days = (first + DAY * offset for offset in range((last - first).days + 1))
    return [day for day in days if (special := calendar.find_special(day)) and special.kind is DayKind.MAKE_UP]


class Chinese:
    """自2026年2月13日（周五）10:00起算…"""

    def begins(self, start: datetime, term: Term) -> str:
        counted = {
            TimeUnit.WORKING_DAYS: "，起算当天不计",
            TimeUnit.NATURAL_DAYS: "，起算当天不计，末日遇休息日顺延",
            TimeUnit.WORKING_MINUTES: "",
            TimeUnit.NATURAL_MINUTES: "，夜间和节假日照常计算",
        }[term.unit]
        return f"自{_chinese_day(start.date(), is_full=True)}{start:%H:%M}起，{term.chinese}{counted}"

    def holiday(self, span: Span) -> str:
        return f"跳过{span.name}：{self._days(span)}（{span.days}天）"

    def weekends(self, spans: Sequence[Span]) -> str:
        return f"跳过周末：{'、'.join(self._days(span) for span in spans)}"

    def made_up(self, days: Sequence[date]) -> str:
        return f"{'、'.join(_chinese_day(day) for day in days)}调休上班，计入工作日"

    def paused(self, pause: Pause) -> str:
        began, ended = to_shanghai(pause.began_at), to_shanghai(pause.ended_at)
        reason = f"（{pause.reason}）" if pause.reason else ""
        return f"{_chinese_day(began.date())}{began:%H:%M}至{_chinese_day(ended.date())}{ended:%H:%M}暂停计时{reason}"

    def ends(self, due: datetime, term: Term) -> str:
        if term.unit is TimeUnit.WORKING_DAYS:
            return f"最后一个工作日为{_chinese_day(due.date(), is_full=True)}，至当日24时止"
        if term.unit is TimeUnit.NATURAL_DAYS:
            return f"最后一日为{_chinese_day(due.date(), is_full=True)}，至当日24时止"
        return f"至{_chinese_day(due.date(), is_full=True)}{due:%H:%M}止"

    def extended(self, asked: date, due: datetime, reason: str) -> str:
        rolled = f"，遇休息日顺延至{_chinese_day(due.date())}" if due.date() != asked else ""
        told = f"（{reason}）" if reason else ""
        return f"经批准延期至{_chinese_day(asked, is_full=True)}{rolled}，至当日24时止{told}"

    def _days(self, span: Span) -> str:
        if span.first == span.last:
            return f"{span.first.month}月{span.first.day}日"
        last = f"{span.last.day}日" if span.last.month == span.first.month else f"{span.last.month}月{span.last.day}日"
        return f"{span.first.month}月{span.first.day}日至{last}"


def _chinese_day(day: date, *, is_full: bool = False) -> str:
    year = f"{day.year}年" if is_full else ""
    return f"{year}{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"


class English:
    """3 working days from Fri 2026-02-13 10:00 …"""

    def begins(self, start: datetime, term: Term) -> str:
        counted = {
            TimeUnit.WORKING_DAYS: ", the start day not counted",
            TimeUnit.NATURAL_DAYS: ", the start day not counted; never ends on a day off",
            TimeUnit.WORKING_MINUTES: ", days off not counted",
            TimeUnit.NATURAL_MINUTES: ", nights and days off counted",
        }[term.unit]
        return f"{term} from {_english_day(start.date())} {start:%H:%M} Asia/Shanghai{counted}"

    def holiday(self, span: Span) -> str:
        return f"{span.english} skipped: {self._days(span)}"

    def weekends(self, spans: Sequence[Span]) -> str:
        return f"weekend skipped: {', '.join(self._days(span) for span in spans)}"

    def made_up(self, days: Sequence[date]) -> str:
        return f"worked to make up, counted: {', '.join(_english_day(day) for day in days)}"

    def paused(self, pause: Pause) -> str:
        began, ended = to_shanghai(pause.began_at), to_shanghai(pause.ended_at)
        return f"paused from {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M}: {pause.reason or 'approved'}"

    def ends(self, due: datetime, term: Term) -> str:
        if term.is_days:
            return f"due at the end of {_english_day(due.date())}"
        return f"due {_english_day(due.date())} {due:%H:%M}"

    def _days(self, span: Span) -> str:
        return str(span.first) if span.first == span.last else f"{span.first} to {span.last}"


def _english_day(day: date) -> str:
    return f"{['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day.weekday()]} {day}"
