"""So many tickets in the rhythm of a day's calls, and each stretch of them known by itself."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from app.cli.synthetic.spread import HOUR, HOURS, SHANGHAI_SECONDS, Spread, day_of

SINCE = int(datetime(2026, 10, 1, 2, 17, tzinfo=UTC).timestamp())
UNTIL = int(datetime(2026, 11, 20, 6, 5, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("count", [1, 7, 600, 30_000])
def test_no_ticket_is_opened_before_the_one_before_it_nor_outside_the_time(count: int) -> None:
    spread = Spread(count, since=SINCE, until=UNTIL, seed=1)

    moments = [spread.opened(index) for index in range(count)]

    assert moments == sorted(moments)
    assert moments[0] >= SINCE
    assert moments[-1] < UNTIL


def test_every_day_begins_with_its_first_ticket() -> None:
    spread = Spread(600, since=SINCE, until=UNTIL, seed=1)
    days = Counter(day_of(spread.opened(index)) for index in range(600))

    assert dict(spread.days()) == days
    for day in days:
        first = spread.first_of(day)
        assert day_of(spread.opened(first)) == day
        assert first == 0 or day_of(spread.opened(first - 1)) < day


def test_calls_come_when_people_are_awake_and_the_last_hour_is_like_the_others() -> None:
    spread = Spread(50_000, since=SINCE, until=UNTIL, seed=1)
    hours = Counter((spread.opened(i) + SHANGHAI_SECONDS) // HOUR % 24 for i in range(50_000))
    at_the_end = sum(1 for i in range(49_000, 50_000) if spread.opened(i) > UNTIL - 60)

    assert hours[9] == pytest.approx(50_000 * HOURS[9] / sum(HOURS), rel=0.1)
    assert hours[3] < hours[20] < hours[9]
    assert at_the_end < 5


def test_another_seed_moves_the_tickets_and_the_same_does_not() -> None:
    first, same, other = (Spread(100, since=SINCE, until=UNTIL, seed=seed) for seed in (1, 1, 2))

    assert [first.opened(i) for i in range(100)] == [same.opened(i) for i in range(100)]
    assert [first.opened(i) for i in range(100)] != [other.opened(i) for i in range(100)]
