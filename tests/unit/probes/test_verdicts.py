"""What is known of a line: good news grows old, and a worker that is dead leaves the last good result behind."""

from datetime import UTC, datetime, timedelta

import pytest

from app.probes.rules import UNTROUBLED, VERDICT_TEXTS, Verdict, believed_for, verdict_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BY_HAND = timedelta(0)


def verdict(
    *, is_alarmed: bool = False, last_fault: str | None = None, heard: timedelta | None = None,
    known: timedelta | None = None, every: timedelta = HOUR,
) -> Verdict:  # fmt: skip
    """`heard`, `known`: so long ago."""
    return verdict_of(
        is_alarmed=is_alarmed, last_fault=last_fault, heard_at=None if heard is None else NOW - heard,
        since=None if known is None else NOW - known, now=NOW, every=every,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("every", "limit"),
    [
        (HOUR, timedelta(minutes=90)),
        (timedelta(minutes=1), timedelta(minutes=11)),
        (timedelta(days=7), timedelta(days=10, hours=12)),
        (BY_HAND, timedelta(days=1)),
    ],
)
def test_a_result_is_believed_until_the_next_is_surely_due(every: timedelta, limit: timedelta) -> None:
    assert believed_for(every) == limit
    assert verdict(heard=limit, every=every) is Verdict.WELL
    assert verdict(heard=limit + timedelta(seconds=1), every=every) is Verdict.OVERDUE


def test_a_new_line_waits_for_its_first_test_call_and_then_is_overdue() -> None:
    assert verdict(known=timedelta(minutes=5)) is Verdict.NOT_YET
    assert verdict(known=2 * HOUR) is Verdict.OVERDUE
    assert verdict() is Verdict.OVERDUE


def test_that_it_cannot_be_dialled_is_told_while_the_last_good_result_is_fresh() -> None:
    assert verdict(last_fault="cannot_dial", heard=timedelta(minutes=1)) is Verdict.CANNOT_DIAL


def test_an_alarm_is_told_before_everything_else_however_old() -> None:
    assert verdict(is_alarmed=True, last_fault="cannot_dial", heard=30 * HOUR) is Verdict.FAILING


def test_a_good_result_after_all_that_is_good() -> None:
    assert verdict(last_fault=None, heard=timedelta(minutes=1), known=30 * HOUR) is Verdict.WELL


def test_every_verdict_has_words_and_only_two_need_nobody() -> None:
    assert set(VERDICT_TEXTS) == set(Verdict)
    assert {Verdict.WELL, Verdict.NOT_YET} == UNTROUBLED
