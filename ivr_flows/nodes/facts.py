"""What a flow can know beside its callers' answers, and how a branch compares it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import time

NUMBER_RANGE = re.compile(r"(\d+)-(\d+)")
NUMBER_BOUND = re.compile(r"(>=|<=|>|<)(\d+)")
TIME_RANGE = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__,
}  # fmt: skip


def _is_number_case(case: str) -> bool:
    return case.isdecimal() or bool(NUMBER_RANGE.fullmatch(case) or NUMBER_BOUND.fullmatch(case))


def matches_number(case: str, value: str) -> bool:
    """`3`, `1-5`, `>=10`, `<3`; what is no number matches nothing."""
    if not value.isdecimal():
        return False
    number = int(value)
    if found := NUMBER_RANGE.fullmatch(case):
        return int(found[1]) <= number <= int(found[2])
    if found := NUMBER_BOUND.fullmatch(case):
        return COMPARE[found[1]](number, int(found[2]))
    return case.isdecimal() and number == int(case)


def matches_time(case: str, value: str) -> bool:
    """`08:00-20:00` holds from 08:00 until before 20:00; `22:00-06:00` goes over midnight."""
    found = TIME_RANGE.fullmatch(case)
    try:
        now = time.fromisoformat(value)
    except ValueError:
        return False
    if found is None:
        return False
    minutes = now.hour * 60 + now.minute
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return begin <= minutes < end if begin <= end else minutes >= begin or minutes < end


def matches_text(case: str, value: str) -> bool:
    """Equal; or a bound such as `>=3` that a number keeps."""
    return case == value or bool(NUMBER_BOUND.fullmatch(case) and matches_number(case, value))


@dataclass(frozen=True, slots=True)
class Fact:
    """How a value looks. `words`: all it can be; without them anything that `is_case` takes."""

    what: str
    words: tuple[str, ...] = ()
    matches: Callable[[str, str], bool] = matches_text
    is_case: Callable[[str], bool] = bool

    def wrong_cases(self, cases: Iterable[str]) -> list[str]:
        """Those that can never happen."""
        return [case for case in cases if not (case in self.words if self.words else self.is_case(case))]


YES_NO = Fact("yes or no", ("yes", "no"))
ON_OFF = Fact("on or off", ("on", "off"))
NUMBER = Fact("a number: write 3, 1-5, >=10 or <3", (), matches_number, _is_number_case)
TIME = Fact("a time: write 08:00-20:00", (), matches_time, lambda case: bool(TIME_RANGE.fullmatch(case)))
TEXT = Fact("text", (), matches_text, lambda _: True)
"""Empty when nothing is known."""
LOOKUP = Fact("known, unknown, timeout or failed", ("known", "unknown", "timeout", "failed"))
WEEKDAY = Fact("mon, tue, wed, thu, fri, sat or sun", ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
DAY = Fact("workday, rest_day or holiday", ("workday", "rest_day", "holiday"))

OF_CALLER = {
    "is_known": YES_NO, "is_priority": YES_NO, "has_open_tickets": YES_NO, "open_tickets": NUMBER, "lookup": LOOKUP,
    "original_line": TEXT, "last_agent": TEXT, "last_agent_seat": TEXT, "has_broadcast": YES_NO,
}  # fmt: skip
"""Told by the look-up of the caller."""
OF_CALL = {"line": TEXT, "trunk": TEXT, "mode": TEXT, "number": TEXT, "has_number": YES_NO}
"""Known from the first moment on. `number` is the caller's, as the network told it."""
OBSERVED = {"time": TIME, "weekday": WEEKDAY, "day": DAY, "waiting": NUMBER, "expected_wait_minutes": NUMBER}
"""Looked at whenever a node needs it. Times are Asia/Shanghai; `waiting` counts the callers of a queue."""
FACTS = {**OF_CALLER, **OF_CALL, **OBSERVED}


def find_fact(name: str) -> Fact | None:
    """What a value of this name looks like; None when there is none. `NAME.KEY` is what a look-up or a caller told."""
    if name.startswith("flag."):
        return ON_OFF
    return TEXT if "." in name else FACTS.get(name)


def is_observed(name: str) -> bool:
    """True for what must be looked at anew each time."""
    return name in OBSERVED or name.startswith("flag.")
