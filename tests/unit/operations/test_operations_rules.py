"""What the pages of operations show of lines, days and trunks."""

from datetime import date

import pytest

from app.contract.changes import Qualify, TrunkHealth
from app.lines.models import Line, LinePeriod
from app.operations.rules import (
    calendar_of,
    is_trunk_in_trouble,
    list_changes,
    month_of,
    shift_month,
    show_lines,
)

TODAY = date(2026, 11, 23)
LINE = Line(number="12333", name="人社咨询", category="retained", plan="demo")


def period(since: str, mode: str) -> LinePeriod:
    return LinePeriod(line_number="12333", begins_on=date.fromisoformat(since), mode=mode)


PERIODS = {"12333": [period("2026-12-01", "direct_merge"), period("2026-01-01", "forward")]}


def test_a_line_shows_its_mode_of_today_and_the_next_change() -> None:
    (shown,) = show_lines([LINE], PERIODS, TODAY)

    assert shown.mode == "forward"
    assert shown.coming is not None
    assert (shown.coming.begins_on, shown.coming.mode) == (date(2026, 12, 1), "direct_merge")


def test_a_line_without_periods_is_one_of_the_hotlines_own() -> None:
    (shown,) = show_lines([LINE], {}, TODAY)

    assert (shown.mode, shown.coming) == ("direct_merge", None)


def test_the_first_period_of_a_line_changes_nothing() -> None:
    (change,) = list_changes([LINE], PERIODS)

    assert (change.day, change.before.mode, change.after.mode) == (date(2026, 12, 1), "forward", "direct_merge")


def test_a_month_is_whole_weeks_from_monday_with_its_changes() -> None:
    weeks = calendar_of(date(2026, 12, 1), list_changes([LINE], PERIODS))

    assert weeks[0][0].day == date(2026, 11, 30)
    assert not weeks[0][0].is_in_month
    assert weeks[-1][-1].day == date(2027, 1, 3)
    assert [day.day.isoformat() for week in weeks for day in week if day.changes] == ["2026-12-01"]


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "abcd", "2026-12-01", "9999-12", "0001-01", "٢٠٢٦-١٢"])
def test_a_month_that_cannot_be_read_is_this_month(text: str) -> None:
    assert month_of(text, TODAY) == date(2026, 11, 1)


def test_months_follow_each_other_over_the_turn_of_the_year() -> None:
    assert shift_month(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert shift_month(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert shift_month(date(2099, 12, 1), 1) == date(2099, 12, 1)
    assert shift_month(date(2000, 1, 1), -1) == date(2000, 1, 1)


def trunk(qualify: Qualify, active_calls: int | None = 0) -> TrunkHealth:
    return TrunkHealth(
        name="a", label="甲", kind="carrier", addresses=["127.0.0.2"], qualify=qualify, active_calls=active_calls,
        max_calls=10,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "is_troubled"),
    [
        (trunk(Qualify.REACHABLE), False),
        (trunk(Qualify.NOT_ASKED), False),
        (trunk(Qualify.UNKNOWN, None), False),
        (trunk(Qualify.UNREACHABLE), True),
        (trunk(Qualify.REACHABLE, 9), True),
    ],
)
def test_a_silent_or_nearly_full_trunk_needs_somebody(one: TrunkHealth, is_troubled: bool) -> None:
    assert is_trunk_in_trouble(one) == is_troubled
