"""Guessing gets slower and slower, and is forgotten in time."""

from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.lockout import ACCOUNT, ADDRESS, FORGET_AFTER, LONGEST_LOCK, Limit, count, keys_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, None), (4, None), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (999, 900)],
)
def test_each_failure_beyond_the_free_ones_doubles_the_delay(failures: int, seconds: int | None) -> None:
    assert ACCOUNT.lock_after(failures) == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize("limit", [ACCOUNT, ADDRESS])
def test_the_delay_never_shrinks_and_has_an_end(limit: Limit) -> None:
    delays = [limit.lock_after(failures) or timedelta(0) for failures in range(200)]

    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_LOCK


def test_an_office_behind_one_address_has_more_free_failures_than_an_account() -> None:
    assert ADDRESS.free_failures > ACCOUNT.free_failures


def test_failures_in_a_row_add_up_and_old_ones_are_forgotten() -> None:
    assert count(4, NOW - FORGET_AFTER, NOW) == 5
    assert count(4, NOW - FORGET_AFTER - timedelta(seconds=1), NOW) == 1


def test_spelling_of_a_name_does_not_give_more_guesses() -> None:
    assert keys_of(" Admin", "10.0.0.1") == keys_of("ADMIN ", "10.0.0.1")


def test_a_huge_name_makes_no_huge_key() -> None:
    assert all(len(key) <= 100 for key in keys_of("x" * 10_000, "y" * 10_000))
