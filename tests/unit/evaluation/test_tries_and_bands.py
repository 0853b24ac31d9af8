"""When a citizen is tried again, what a month is, and how a figure is judged."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.casework.rules import PARTS_OF_DAY, next_try_at, part_of_day
from app.evaluation.counting import Figure, Figures, Month
from app.evaluation.rates import BY_KEY, RATES
from app.evaluation.report import Band, Terms
from app.evaluation.settings import RateSettings
from app.platform.clock import SHANGHAI, to_shanghai

MORNING, AFTERNOON, EVENING = range(3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-{text}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        ("12T00:10", MORNING),
        ("12T11:59", MORNING),
        ("12T12:00", AFTERNOON),
        ("12T18:00", EVENING),
        ("12T23:59", EVENING),
    ],
)
def test_every_moment_belongs_to_one_part_of_the_day(moment: str, part: int) -> None:
    assert part_of_day(at(moment)) == part
    assert part_of_day(at(moment).astimezone(UTC)) == part


@pytest.mark.parametrize(
    ("now", "tried", "expected"),
    [
        ("12T09:30", set(), "12T09:30"),
        ("12T06:00", set(), "12T08:00"),
        ("12T09:30", {MORNING}, "12T12:00"),
        ("12T19:00", {MORNING, EVENING}, "13T12:00"),
        ("12T22:00", set(), "13T08:00"),
        ("31T20:00", {EVENING}, "31T08:00"),
    ],
)
def test_the_next_try_is_in_a_part_of_the_day_that_was_not_tried(now: str, tried: set[int], expected: str) -> None:
    wanted = at(expected) if not now.startswith("31") else datetime(2026, 11, 1, 8, tzinfo=SHANGHAI)

    assert next_try_at(tried, at(now)) == wanted


@given(st.integers(0, 2_000_000), st.sets(st.integers(0, 2), max_size=2))
def test_a_next_try_is_never_past_never_at_night_and_never_in_a_tried_part(minutes: int, tried: set[int]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    moment = next_try_at(tried, now)

    assert moment >= now
    assert part_of_day(moment) not in tried
    assert PARTS_OF_DAY[0].begins <= to_shanghai(moment).time() < PARTS_OF_DAY[-1].ends


def test_a_month_is_a_month_of_shanghai() -> None:
    december = Month(2026, 12)

    assert december.begins.astimezone(UTC).isoformat() == "2026-11-30T16:00:00+00:00"
    assert (str(december.after(1)), str(december.after(-12))) == ("2027-01", "2025-12")
    assert december.ends == december.after(1).begins


def test_what_is_fairly_satisfied_weighs_what_the_city_says() -> None:
    figure = Figure(denominator=8, numerator=6, weighed=2)

    assert figure.percent() == 75.0
    assert figure.percent(0.8) == 70.0
    assert Figure().percent() is None


def test_every_rate_has_a_name_a_formula_and_bands_in_order() -> None:
    assert [rate.name for rate in RATES[:11]] == [
        "接通率", "及时签收率", "先行联系率", "按时办结率", "响应率", "解决率", "满意率", "退单率", "重办率",
        "一次派准率", "回访核实率",
    ]  # fmt: skip
    for rate in RATES:
        assert rate.formula.startswith(f"{rate.name} ＝ {rate.numerator} ÷ {rate.denominator}")
        assert (rate.good < rate.fair) == rate.is_low_good


def test_bands_come_from_the_settings_where_they_are_named() -> None:
    terms = Terms.of(RateSettings(rate_bands="satisfied=95/85 returned=3/6"))

    satisfied, returned, sign = BY_KEY["satisfied"], BY_KEY["returned"], BY_KEY["sign"]
    assert [terms.band(satisfied, p) for p in (95.0, 94.9, 84.9, None)] == [Band.GOOD, Band.FAIR, Band.POOR, Band.NONE]
    assert [terms.band(returned, p) for p in (3.0, 6.0, 6.1)] == [Band.GOOD, Band.FAIR, Band.POOR]
    assert terms.bands[sign.key] == (sign.good, sign.fair)
    cell = terms.cell(satisfied, Figures(Figure(2, 1), Figure(1, 1)))
    assert (cell.raw_percent, cell.percent, cell.band) == (50.0, 100.0, Band.GOOD)


@pytest.mark.parametrize("text", ["satisfied", "satisfied=95", "satisfied=9x/5", "满意=1/2"])
def test_bands_that_cannot_be_read_are_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValidationError):
        RateSettings(rate_bands=text)
