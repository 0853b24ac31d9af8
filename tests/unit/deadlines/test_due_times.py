"""When clocks end: the golden vectors of the rule book, and what must hold for every start, term and pause."""

from datetime import UTC, date, datetime, timedelta

import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import strategies as st

from app.deadlines.arithmetic import (
    Pause,
    add_working_time,
    due_after,
    end_of,
    extended_to,
    near_due,
    reached_before,
    working_time,
)
from app.deadlines.calendar import DAY, CalendarMissing
from app.deadlines.terms import Term, TimeUnit, parse_term
from app.deadlines.versions import shipped_calendar
from app.platform.clock import SHANGHAI

CALENDAR = shipped_calendar()

GOLDEN = [
    ("2026-02-13", 3, "2026-02-25"), ("2026-02-13", 5, "2026-02-27"), ("2026-02-13", 10, "2026-03-05"),
    ("2026-02-14", 1, "2026-02-24"), ("2026-02-16", 1, "2026-02-24"), ("2026-09-18", 3, "2026-09-22"),
    ("2026-09-24", 5, "2026-10-09"), ("2026-09-30", 5, "2026-10-13"), ("2026-04-30", 5, "2026-05-11"),
    ("2026-05-08", 2, "2026-05-11"), ("2025-01-24", 3, "2025-02-05"), ("2025-09-26", 5, "2025-10-10"),
    ("2025-09-30", 10, "2025-10-21"), ("2024-09-13", 3, "2024-09-19"), ("2024-12-31", 1, "2025-01-02"),
    ("2025-12-31", 2, "2026-01-05"),
]  # fmt: skip

MINUTES = int((datetime(2026, 6, 30, tzinfo=SHANGHAI) - datetime(2018, 1, 1, tzinfo=SHANGHAI)).total_seconds()) // 60
moments = st.integers(0, MINUTES).map(lambda n: datetime(2018, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=n))
days = st.integers(1, 40)
minutes = st.integers(1, 20 * 24 * 60)
units = st.sampled_from(list(TimeUnit))
terms = st.builds(lambda unit, n, m: Term(n if unit in {TimeUnit.WORKING_DAYS, TimeUnit.NATURAL_DAYS} else m, unit),
                  units, days, minutes)  # fmt: skip


def term_of(unit: TimeUnit, amount: int) -> Term:
    return Term(1 + amount % 40 if unit in {TimeUnit.WORKING_DAYS, TimeUnit.NATURAL_DAYS} else amount, unit)


later_moments = st.integers(151 * 24 * 60, MINUTES).map(
    lambda n: datetime(2018, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=n)
)
"""From June 2018 on: counting back from them stays within the years that are shipped."""
additive = st.sampled_from([TimeUnit.WORKING_DAYS, TimeUnit.WORKING_MINUTES, TimeUnit.NATURAL_MINUTES])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(("start", "count", "due"), GOLDEN)
@pytest.mark.parametrize("hour", ["00:00", "10:00", "23:59"])
def test_the_golden_vectors_of_the_rule_book_hold_at_any_hour(start: str, count: int, due: str, hour: str) -> None:
    term = Term(count, TimeUnit.WORKING_DAYS)

    assert due_after(CALENDAR, at(f"{start}T{hour}"), term) == at(f"{due}T23:59:59")


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_the_rule_book_counts(year: int, count: int) -> None:
    assert CALENDAR.count(date(year - 1, 12, 31), date(year, 12, 31)) == count


@pytest.mark.parametrize("year", range(2018, 2027))
def test_the_shipped_years_agree_with_the_public_record(year: int) -> None:
    first = date(year, 1, 1)
    every = [first + DAY * offset for offset in range((date(year, 12, 31) - first).days + 1)]

    assert [day for day in every if CALENDAR.is_working(day) != is_workday(day)] == []


def test_hours_of_an_urgent_matter_run_through_the_night_and_the_holiday() -> None:
    assert due_after(CALENDAR, at("2026-10-01T23:30"), parse_term("2 hours")) == at("2026-10-02T01:30")


def test_hours_for_signing_stand_still_on_days_off() -> None:
    due = due_after(CALENDAR, at("2026-09-30T16:00"), parse_term("24 working hours"))

    assert due == at("2026-10-08T16:00")


def test_a_clock_that_begins_on_a_day_off_begins_with_the_next_working_day() -> None:
    due = due_after(CALENDAR, at("2026-10-03T16:00"), parse_term("24 working hours"))

    assert due == at("2026-10-09T00:00")  # the end of the 8th


def test_a_natural_day_that_is_off_goes_on_to_the_next_working_day() -> None:
    assert due_after(CALENDAR, at("2026-09-26T09:00"), parse_term("7 days")) == at("2026-10-08T23:59:59")


def test_a_missing_year_is_an_error_and_never_a_guess() -> None:
    with pytest.raises(CalendarMissing, match="2027") as error:
        due_after(CALENDAR, at("2026-12-25T10:00"), parse_term("10 working days"))

    assert error.value.year == 2027


def test_the_moment_may_come_in_any_time_zone() -> None:
    start = datetime(2026, 2, 12, 17, 0, tzinfo=UTC)  # the 13th, 01:00 in Shanghai

    assert due_after(CALENDAR, start, parse_term("3 working days")) == at("2026-02-25T23:59:59")


@given(moments, moments, terms)
def test_who_begins_later_never_ends_earlier(one: datetime, other: datetime, term: Term) -> None:
    first, second = sorted((one, other))

    assert due_after(CALENDAR, first, term) <= due_after(CALENDAR, second, term)


@given(moments, terms, st.integers(0, 100))
def test_more_time_never_ends_earlier(start: datetime, term: Term, more: int) -> None:
    longer = Term(term.amount + more, term.unit)

    assert due_after(CALENDAR, start, term) <= due_after(CALENDAR, start, longer)


@given(moments, additive, minutes, minutes)
def test_two_times_after_each_other_are_one_long_time(start: datetime, unit: TimeUnit, first: int, second: int) -> None:
    one, other = term_of(unit, first), term_of(unit, second)
    whole = Term(one.amount + other.amount, unit)

    assert due_after(CALENDAR, due_after(CALENDAR, start, one), other) == due_after(CALENDAR, start, whole)


@given(moments, terms)
def test_no_clock_but_an_urgent_one_ends_on_a_day_off(start: datetime, term: Term) -> None:
    due = due_after(CALENDAR, start, term)

    assert due > start
    assert term.unit is TimeUnit.NATURAL_MINUTES or CALENDAR.is_working(due.date())


@given(moments, terms, st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=3))
def test_a_pause_never_shortens(start: datetime, term: Term, spans: list[tuple[int, int]]) -> None:
    pauses, moment = [], start
    for wait, length in spans:
        began = moment + timedelta(minutes=wait)
        moment = began + timedelta(minutes=length)
        pauses.append(Pause(began, moment))

    assert due_after(CALENDAR, start, term, pauses) >= due_after(CALENDAR, start, term)


@given(moments, minutes, minutes, minutes)
def test_time_that_stood_still_is_given_back_whole(start: datetime, length: int, wait: int, pause: int) -> None:
    term = Term(length, TimeUnit.WORKING_MINUTES)
    began = start + (due_after(CALENDAR, start, term) - start) * wait / (20 * 24 * 60 + 1)
    held = Pause(began, began + timedelta(minutes=pause))

    due = due_after(CALENDAR, start, term, [held])

    assert working_time(CALENDAR, start, due) - working_time(CALENDAR, held.began_at, held.ended_at) == term.span


def test_a_pause_within_one_day_gives_no_working_day_and_one_over_a_night_gives_one() -> None:
    start, term = at("2026-11-23T09:00"), parse_term("3 working days")
    within = Pause(at("2026-11-24T09:00"), at("2026-11-24T18:00"))
    overnight = Pause(at("2026-11-24T09:00"), at("2026-11-25T09:00"))

    assert due_after(CALENDAR, start, term, [within]) == at("2026-11-26T23:59:59")
    assert due_after(CALENDAR, start, term, [overnight]) == at("2026-11-27T23:59:59")


@given(moments, later_moments, st.one_of(st.builds(Term, days, st.just(TimeUnit.WORKING_DAYS)),
                                   st.builds(Term, minutes, st.just(TimeUnit.NATURAL_MINUTES))))  # fmt: skip
def test_one_comparison_tells_whether_a_step_is_reached(due: datetime, now: datetime, term: Term) -> None:
    due = end_of(due.date()) if term.is_days else due

    assert (due < reached_before(CALENDAR, now, term)) == (due_after(CALENDAR, due, term) < now)


@given(moments, terms, st.integers(1, 90), st.integers(1, 600))
def test_near_the_end_is_between_start_and_end(start: datetime, term: Term, percent: int, lead: int) -> None:
    due = due_after(CALENDAR, start, term)

    near = near_due(CALENDAR, start, due, term=term, percent=percent, at_least=timedelta(minutes=lead))

    assert start <= near <= due


def test_near_the_end_is_a_fifth_of_the_working_time_before_it() -> None:
    start = at("2026-11-23T09:00")
    term = parse_term("5 working days")
    due = due_after(CALENDAR, start, term)

    near = near_due(CALENDAR, start, due, term=term, percent=20, at_least=timedelta(hours=4))

    whole = working_time(CALENDAR, start, due)
    assert working_time(CALENDAR, near, due) == whole * 20 / 100


def test_working_time_that_ends_at_midnight_before_a_day_off_ends_after_it() -> None:
    friday = at("2026-11-20T00:00")

    assert add_working_time(CALENDAR, friday, timedelta(hours=24)) == at("2026-11-23T00:00")


def test_an_extension_to_a_day_off_ends_on_the_next_working_day_and_later_pauses_shift_it() -> None:
    saturday = date(2026, 11, 28)

    assert extended_to(CALENDAR, saturday) == at("2026-11-30T23:59:59")
    pause = Pause(at("2026-11-26T09:00"), at("2026-11-27T09:00"))
    assert extended_to(CALENDAR, saturday, [pause]) == at("2026-12-01T23:59:59")
