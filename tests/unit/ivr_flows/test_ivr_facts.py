"""How a branch compares what is known."""

import pytest

from ivr_flows.nodes.facts import find_fact, is_observed, matches_number, matches_text, matches_time


@pytest.mark.parametrize(
    ("case", "value", "holds"),
    [
        ("08:00-20:00", "08:00", True),
        ("08:00-20:00", "19:59", True),
        ("08:00-20:00", "20:00", False),
        ("22:00-06:00", "23:30", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("22:00-06:00", "12:00", False),
        ("00:00-24:00", "23:59", True),
        ("08:00-20:00", "", False),
        ("day", "12:00", False),
    ],
)
def test_a_time_lies_in_a_span_or_not(case: str, value: str, holds: bool) -> None:
    assert matches_time(case, value) is holds


@pytest.mark.parametrize(
    ("case", "value", "holds"),
    [
        ("3", "3", True), ("3", "4", False), ("1-5", "5", True), ("1-5", "6", False),
        (">=10", "10", True), (">10", "10", False),
        ("<3", "2", True), ("<=3", "3", True), ("0", "", False),
        (">=0", "", False), (">=0", "-1", False), ("many", "3", False),
    ],
)  # fmt: skip
def test_a_number_lies_in_a_range_or_not(case: str, value: str, holds: bool) -> None:
    assert matches_number(case, value) is holds


def test_text_is_equal_or_a_number_within_a_bound() -> None:
    assert matches_text("known", "known")
    assert matches_text(">=3", "4")
    assert not matches_text("1-5", "3")
    assert not matches_text("known", "unknown")


def test_only_what_changes_during_a_call_is_looked_at_anew() -> None:
    assert [name for name in ("time", "waiting", "flag.flood", "line", "answer.code") if is_observed(name)] == [
        "time", "waiting", "flag.flood",
    ]  # fmt: skip
    assert find_fact("is_rich") is None
