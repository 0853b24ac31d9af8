"""Which lines may exist (R12, R15, emergency), and how they are handled when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from app.contract.line_rules import PlannedLine, StagedMode, objections_to
from app.lines.rules import access_code, is_valid_on, label_of_origin, mode_at, next_period, period_on
from app.platform.clock import SHANGHAI

DAY = date(2020, 12, 14)


@dataclass
class Stage:
    begins_on: date
    mode: str


@dataclass
class Validity:
    valid_from: date | None = None
    valid_until: date | None = None


def line(number: str = "12315", category: str = "retained", *modes: str, **more: object) -> PlannedLine:
    """A line with these modes, one a day."""
    stages = [StagedMode(DAY + timedelta(days=n), mode) for n, mode in enumerate(modes)]
    return PlannedLine(number, category, stages, **more)  # type: ignore[arg-type]


# --- which lines may exist ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "modes", [(), ("direct_merge",), ("dual_number",), ("parallel", "dual_number"), ("cancelled",)]
)
def test_a_retained_line_without_forward_or_parallel_is_refused(modes: tuple[str, ...]) -> None:
    (objection,) = objections_to(line("12315", "retained", *modes))

    assert "R12" in objection
    assert objection.startswith("12315 ")


@pytest.mark.parametrize(
    "modes", [("forward",), ("parallel",), ("dual_number", "parallel"), ("forward", "direct_merge")]
)
def test_a_retained_line_that_is_forwarded_or_parallel_until_it_is_merged_is_allowed(modes: tuple[str, ...]) -> None:
    assert objections_to(line("12315", "retained", *modes)) == []


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
@pytest.mark.parametrize("mode", ["direct_merge", "forward", "parallel", "dual_number", "cancelled"])
def test_an_emergency_number_can_never_be_merged(number: str, mode: str) -> None:
    assert objections_to(line(number, "12345", mode))
    assert objections_to(line(number, "emergency", mode))
    assert objections_to(line(number, "emergency")) == []


def test_an_emergency_number_cannot_be_another_name_of_a_line() -> None:
    (objection,) = objections_to(line("12345", "12345", aliases=["120"]))

    assert objection.startswith("120 is an emergency number")


def test_the_112_of_a_slip_of_the_tongue_is_no_emergency_number() -> None:
    assert "no emergency number" in objections_to(line("112", "emergency"))[0]


@pytest.mark.parametrize(
    ("reason", "approved_by", "missing"),
    [("", "", "reason and approved_by"), ("新设", "", "approved_by"), ("", "张局", "reason")],
)
def test_a_new_line_needs_a_reason_and_an_approver(reason: str, approved_by: str, missing: str) -> None:
    new = line("12388", "12345", "direct_merge", reason=reason, approved_by=approved_by, is_new=True)

    (objection,) = objections_to(new)

    assert f"needs {missing} (R15)" in objection


def test_a_new_line_with_both_and_an_old_one_with_neither_are_allowed() -> None:
    assert objections_to(line("12388", "12345", reason="省政府批复", approved_by="张局", is_new=True)) == []
    assert objections_to(line("12388", "12345")) == []


def test_a_cancelled_line_says_from_which_day() -> None:
    assert objections_to(line("12358", "cancelled", "dual_number", "cancelled")) == []
    assert "last period" in objections_to(line("12358", "cancelled", "dual_number"))[0]


def test_two_periods_of_one_day_are_refused() -> None:
    twice = PlannedLine("12315", "retained", [StagedMode(DAY, "forward"), StagedMode(DAY, "parallel")])

    assert "has two periods from 2020-12-14, which overlap" in objections_to(twice)[0]


# --- how they are handled when -----------------------------------------------------------------------------------


STAGED = [Stage(date(2018, 10, 1), "direct_merge"), Stage(date(2017, 9, 1), "dual_number")]
"""R17, out of order on purpose."""


@pytest.mark.parametrize(
    ("moment", "mode"),
    [
        (datetime(2000, 1, 1, tzinfo=SHANGHAI), "dual_number"),
        (datetime(2018, 6, 30, 23, 59, 59, tzinfo=SHANGHAI), "dual_number"),
        (datetime(2018, 9, 30, 23, 59, 59, 999999, tzinfo=SHANGHAI), "dual_number"),
        (datetime(2018, 10, 1, tzinfo=SHANGHAI), "direct_merge"),
        (datetime(2018, 9, 30, 16, 0, tzinfo=UTC), "direct_merge"),
        (datetime(2018, 9, 30, 15, 59, 59, tzinfo=UTC), "dual_number"),
    ],
)
def test_a_staged_line_changes_at_midnight_in_shanghai(moment: datetime, mode: str) -> None:
    assert mode_at(STAGED, moment) == mode


def test_a_line_without_periods_is_one_of_our_own() -> None:
    assert mode_at([], datetime(2026, 11, 23, tzinfo=UTC)) == "direct_merge"
    assert period_on([], DAY) is None


def test_the_next_change_is_the_first_one_after_today() -> None:
    change = next_period(STAGED, date(2018, 9, 30))

    assert change is not None
    assert change.mode == "direct_merge"
    assert next_period(STAGED, date(2018, 10, 1)) is None
    assert next_period([Stage(DAY, "parallel")], date(2000, 1, 1)) is None


@pytest.mark.parametrize(
    ("alias", "day", "is_valid"),
    [
        (Validity(), DAY, True),
        (Validity(valid_from=DAY), DAY, True),
        (Validity(valid_from=DAY), DAY - timedelta(days=1), False),
        (Validity(valid_until=DAY), DAY, True),
        (Validity(valid_until=DAY), DAY + timedelta(days=1), False),
    ],
)
def test_an_alias_counts_from_its_first_to_its_last_day(alias: Validity, day: date, is_valid: bool) -> None:
    assert is_valid_on(alias, day) is is_valid


@pytest.mark.parametrize(
    ("dnis", "code"),
    [("9612345", "96"), ("12345", ""), ("037512345", "0375"), ("12315", ""), ("", ""), ("abc12345", "")],
)
def test_an_access_code_is_what_stands_before_12345(dnis: str, code: str) -> None:
    assert access_code(dnis) == code


def test_the_agent_reads_which_line_a_call_came_from() -> None:
    assert [label_of_origin(number) for number in ("12315", "12345", "")] == ["12315 转入", "", ""]
