"""When one clock ends and why, from all that happened to it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.deadlines.arithmetic import Pause, due_after, extended_to, near_due
from app.deadlines.calendar import CalendarMissing, WorkCalendar
from app.deadlines.explain import Chinese, explain
from app.deadlines.profile import Profile
from app.deadlines.terms import Term

_CHINESE = Chinese()


@dataclass(frozen=True)
class Timing:
    """Times in Asia/Shanghai. Without a due time `missing_year` says what is missing."""

    due_at: datetime | None
    near_due_at: datetime | None
    explanation: list[str] = field(default_factory=list)
    missing_year: int | None = None


@dataclass(frozen=True)
class MoreTime:
    """An approved extension (延期): the new last day."""

    last_day: date
    given_at: datetime
    reason: str


def time_clock(
    calendar: WorkCalendar,
    profile: Profile,
    start: datetime,
    term: Term,
    *,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[MoreTime] = (),
) -> Timing:
    """Where the clock stands. A missing year is an answer, too: the clock waits for the calendar."""
    try:
        due = due_after(calendar, start, term, pauses)
        steps = explain(calendar, start, term, due, pauses=pauses, words=_CHINESE)
        for more in extensions:
            due = extended_to(calendar, more.last_day, [pause for pause in pauses if pause.began_at >= more.given_at])
            steps.append(_CHINESE.extended(more.last_day, due, more.reason))
        near = near_due(calendar, start, due, term=term, percent=profile.near_due.percent, at_least=profile.lead)
    except CalendarMissing as missing:
        return Timing(None, None, [f"{missing.detail}；导入后自动补算"], missing.year)
    return Timing(due, near, steps)


def read_pauses(rows: Sequence[Sequence[Any]]) -> list[Pause]:
    """Pauses as a clock keeps them: [from, to, reason], ISO 8601."""
    return [Pause(datetime.fromisoformat(one), datetime.fromisoformat(two), reason) for one, two, reason in rows]


def read_extensions(rows: Sequence[Sequence[Any]]) -> list[MoreTime]:
    """Extensions as a clock keeps them: [last day, approved by, at, reason]."""
    return [MoreTime(date.fromisoformat(day), datetime.fromisoformat(at), reason) for day, _by, at, reason in rows]
