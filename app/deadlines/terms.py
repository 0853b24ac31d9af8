"""How long a deadline is: an amount and the kind of time it counts. Written in data as "5 working days". Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.deadlines.faults import RuleFault


class TimeUnit(StrEnum):
    """What is counted."""

    WORKING_DAYS = "working day"
    """Whole working days; the day it begins is not counted; ends with the last one."""
    NATURAL_DAYS = "day"
    """Whole days; one that would end on a day off ends with the next working day (民法典第203条)."""
    WORKING_MINUTES = "working minute"
    """Time that stands still on days off (非工作日顺延), nights counted."""
    NATURAL_MINUTES = "minute"
    """Time that never stands still: urgent matters."""


_TERM = re.compile(r"([1-9]\d{0,4}) (working )?(day|hour|minute)s?")
_EXAMPLES = '"3 working days", "24 working hours", "2 hours", "30 minutes", "7 days"'
_CHINESE = {
    TimeUnit.WORKING_DAYS: "个工作日",
    TimeUnit.NATURAL_DAYS: "个自然日",
}


class TermUnreadable(RuleFault):
    """Not a term."""


@dataclass(frozen=True)
class Term:
    """A length. Days for the units of days, else minutes."""

    amount: int
    unit: TimeUnit

    @property
    def is_days(self) -> bool:
        return self.unit in {TimeUnit.WORKING_DAYS, TimeUnit.NATURAL_DAYS}

    @property
    def is_working(self) -> bool:
        """Whether days off do not count."""
        return self.unit in {TimeUnit.WORKING_DAYS, TimeUnit.WORKING_MINUTES}

    @property
    def span(self) -> timedelta:
        """The length as plain time; for a unit of days, days of 24 hours."""
        return timedelta(days=self.amount) if self.is_days else timedelta(minutes=self.amount)

    @property
    def chinese(self) -> str:
        if self.is_days:
            return f"{self.amount}{_CHINESE[self.unit]}"
        hours, minutes = divmod(self.amount, 60)
        text = (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes else "")
        return f"{text}（非工作日不计）" if self.is_working else text

    def __str__(self) -> str:
        """As it is written in data; `parse_term` reads it back."""
        amount, unit = self.amount, str(self.unit)
        if not self.is_days and amount % 60 == 0:
            amount, unit = amount // 60, unit.replace("minute", "hour")
        return f"{amount} {unit}{'' if amount == 1 else 's'}"


def parse_term(text: str) -> Term:
    """ "5 working days" → the term. TermUnreadable says how to write one."""
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise TermUnreadable(
            f"{text!r} is no length of time: write e.g. {_EXAMPLES}", f"“{text}”不是时限，请写成 {_EXAMPLES} 这样"
        )
    amount, is_working, word = int(found[1]), bool(found[2]), found[3]
    if word == "day":
        return Term(amount, TimeUnit.WORKING_DAYS if is_working else TimeUnit.NATURAL_DAYS)
    minutes = amount * 60 if word == "hour" else amount
    return Term(minutes, TimeUnit.WORKING_MINUTES if is_working else TimeUnit.NATURAL_MINUTES)
