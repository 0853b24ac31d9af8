"""Pure decisions about lines: which one a dialled number stands for, and how it is handled at a moment."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from app.platform.clock import to_shanghai

MAIN_LINE = "12345"
PROBE_TRUNK = "probe"
"""What our plans call the trunk of the platform's own test calls; holds even before a plan was taken over."""


def candidate_numbers(dnis: str) -> list[str]:
    """Line numbers that a dialled number may stand for, the likeliest first.

    Networks deliver 12345, 0375-12345, +8637512345 or 8637512345 for the same line (R16: both numbers serve).
    """
    digits = re.sub(r"\D", "", dnis)
    candidates = [digits]
    local = re.sub(r"^(?:00)?86", "", digits)
    candidates += [local, re.sub(r"^0?\d{3}(?=\d{5}$)", "", local), re.sub(r"^0?\d{2}(?=\d{5}$)", "", local)]
    return [number for number in dict.fromkeys(candidates) if 3 <= len(number) <= 20]


def access_code(dnis: str) -> str:
    """The digits before 12345 that may name a line: 96 of 9612345; empty when there are none."""
    found = re.fullmatch(r"(\d{1,6})12345", dnis)
    return found[1] if found else ""


class Dated(Protocol):
    """A period: its first day, and how the line is handled from then on."""

    begins_on: date
    mode: str


class Alias(Protocol):
    """When another number stands for a line."""

    valid_from: date | None
    valid_until: date | None


Period = TypeVar("Period", bound=Dated)


def day_of(moment: datetime) -> date:
    """The citizen's day: modes change at 00:00 Asia/Shanghai (R17)."""
    return to_shanghai(moment).date()


def period_on(periods: Iterable[Period], day: date) -> Period | None:
    """The period that holds on this day. The first one also holds for ever before; None for a line without any."""
    ordered = sorted(periods, key=lambda period: period.begins_on)
    begun = [period for period in ordered if period.begins_on <= day]
    return begun[-1] if begun else next(iter(ordered), None)


def mode_at(periods: Sequence[Dated], moment: datetime) -> str:
    """How a call at this moment is handled; a line without periods is one of the hotline's own (direct_merge)."""
    period = period_on(periods, day_of(moment))
    return period.mode if period else "direct_merge"


def next_period(periods: Iterable[Period], day: date) -> Period | None:
    """The next change after this day; None: none is planned. The first period of all changes nothing."""
    ordered = sorted(periods, key=lambda period: period.begins_on)
    return next((period for period in ordered[1:] if period.begins_on > day), None)


def is_valid_on(alias: Alias, day: date) -> bool:
    """Whether the other number stands for the line on this day; both bounds are included."""
    has_begun = alias.valid_from is None or alias.valid_from <= day
    return has_begun and (alias.valid_until is None or day <= alias.valid_until)


def label_of_origin(original_line: str) -> str:
    """What an agent reads and hears of a call that was not meant for 12345 itself: `12315 转入`; else empty."""
    return f"{original_line} 转入" if original_line and original_line != MAIN_LINE else ""
