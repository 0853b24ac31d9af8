"""How many calls each line had: what reports and the choice of lines to integrate (R18) stand on."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.calls.models import Call, CallOutcome
from app.lines.models import Line
from app.lines.rules import MAIN_LINE
from app.platform.clock import SHANGHAI


@dataclass(frozen=True)
class LineVolume:
    """Calls to one line over some days; a call may be neither answered nor missed while it lasts."""

    line: str
    name: str
    category: str
    calls: int
    answered: int
    answered_by_department: int
    missed: int
    average_hold_ms: int | None
    calls_per_day: float
    is_candidate: bool


def volumes_by_line(session: Session, since: date, until: date, *, threshold: int) -> list[LineVolume]:
    """Calls by original line from one day of Asia/Shanghai to another, both included; the busiest line first.

    Test calls are left out. A retained line with fewer than `threshold` calls a day is a candidate for direct
    integration (R18: 日均受理不足200件).
    """
    days = (until - since).days + 1
    begin, end = _midnight(since), _midnight(until) + timedelta(days=1)
    count, total = func.count(), func.sum
    query = (
        select(
            Call.original_line,
            count,
            total(case((Call.answered_at.is_not(None), 1), else_=0)),
            total(case((Call.outcome == CallOutcome.FORWARDED, 1), else_=0)),
            total(case((Call.missed_at.is_not(None), 1), else_=0)),
            func.avg(Call.hold_ms),
        )
        .where(Call.arrived_at >= begin, Call.arrived_at < end, Call.is_test.is_(False), Call.same_as.is_(None))
        .group_by(Call.original_line)
        .order_by(count.desc(), Call.original_line)
    )
    lines = {line.number: line for line in session.scalars(select(Line))}
    return [
        LineVolume(
            line=number,
            name=lines[number].name if number in lines else "",
            category=lines[number].category if number in lines else "",
            calls=calls,
            answered=int(answered),
            answered_by_department=int(forwarded),
            missed=int(missed),
            average_hold_ms=None if hold is None else round(hold),
            calls_per_day=round(calls / days, 1),
            is_candidate=_is_candidate(lines.get(number), calls / days, threshold),
        )
        for number, calls, answered, forwarded, missed, hold in session.execute(query)
    ]


def _is_candidate(line: Line | None, per_day: float, threshold: int) -> bool:
    is_retained = line is not None and line.number != MAIN_LINE and line.category == "retained"
    return is_retained and per_day < threshold


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
