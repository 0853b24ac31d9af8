"""Call-backs: whose turn it is, when the next try is, and that nobody who came earlier pays for them."""

from datetime import UTC, datetime, timedelta
from statistics import mean

import pytest

from app.callbacks.models import CallbackSource, CallbackStatus
from app.callbacks.rules import MAX_TRIES, NEXT, SETTLED, Waiting, is_diallable, may_ring, next_try, turns
from app.callbacks.wording import SOURCE_WORDS, STATUS_WORDS, TONES
from app.cli.bench.queue_simulation import Citizen, Order, busy_hour, by_place, replay

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
AGENTS = 8


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_every_status_has_its_moves_its_word_and_its_tone() -> None:
    assert set(NEXT) == set(STATUS_WORDS) == set(TONES) == set(CallbackStatus)
    assert set(SOURCE_WORDS) == set(CallbackSource)
    assert {CallbackStatus.TALKED, CallbackStatus.CANCELLED, CallbackStatus.GIVEN_UP} == SETTLED


def test_a_call_back_waits_for_all_who_came_before_it() -> None:
    callers = [Waiting(at(0)), Waiting(at(1))]

    assert turns(callers, [Waiting(at(2), callback_id=7)], agents=2) == []
    assert turns(callers[:1], [Waiting(at(2), callback_id=7)], agents=2) == [7]


def test_a_caller_who_came_in_the_same_moment_goes_first() -> None:
    assert turns([Waiting(at(1))], [Waiting(at(1), callback_id=7)], agents=1) == []


def test_callers_who_came_later_do_not_hold_it_up() -> None:
    assert turns([Waiting(at(5))] * 50, [Waiting(at(2), callback_id=7)], agents=1) == [7]


@pytest.mark.parametrize("agents", [0, -1])
def test_without_agents_nobody_has_a_turn(agents: int) -> None:
    assert turns([], [Waiting(at(0), callback_id=7)], agents=agents) == []


def test_never_more_are_under_way_than_agents_can_take() -> None:
    requests = [Waiting(at(n), callback_id=n + 1) for n in range(10)]

    assert turns([], requests, agents=3) == [1, 2, 3]


def test_a_level_of_priority_counts_for_a_day() -> None:
    assert turns([Waiting(at(1), priority=1)], [Waiting(at(0), callback_id=7)], agents=1) == []


def test_tries_are_in_different_hours_of_the_waking_day() -> None:
    rang: list[datetime] = [at(-10)]
    while (moment := next_try(rang, rang[-1])) is not None:
        rang.append(moment)

    hours = [(moment + timedelta(hours=8)).hour for moment in rang]
    assert len(rang) == MAX_TRIES == len(set(hours))
    assert all(8 <= hour < 21 for hour in hours)


def test_after_the_evening_comes_the_morning() -> None:
    evening = datetime(2026, 11, 23, 12, 50, tzinfo=UTC)  # 20:50 in Shanghai

    assert next_try([evening], evening) == datetime(2026, 11, 24, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "asked_minutes_ago", "source", "is_allowed"),
    [
        (23, 10, "citizen", True),
        (23, 90, "citizen", False),
        (23, 10, "abandoned", False),
        (12, 900, "abandoned", True),
        (21, 90, "citizen", False),
        (8, 90, "citizen", True),
    ],
)
def test_at_night_only_who_has_just_asked_is_rung(
    hour: int, asked_minutes_ago: int, source: str, is_allowed: bool
) -> None:
    now = datetime(2026, 11, 23, hour, tzinfo=UTC) - timedelta(hours=8)

    assert may_ring(now, now - timedelta(minutes=asked_minutes_ago), source) is is_allowed


def test_a_city_may_set_its_own_hours() -> None:
    night = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 23 o'clock

    assert may_ring(night, night - timedelta(days=1), "abandoned", (8, 24))
    assert not may_ring(night, night - timedelta(days=1), "abandoned", (8, 23))


@pytest.mark.parametrize(
    ("number", "is_possible"), [("13812345678", True), ("03751234567", True), ("+14155550123", False), (None, False)]
)
def test_the_machine_calls_nobody_abroad(number: str | None, is_possible: bool) -> None:
    assert is_diallable(number) is is_possible


def unfair_to(citizens: list[Citizen], order: Order = by_place) -> list[int]:
    """Callers on the telephone who wait longer, or in vain, because of call-backs of people who came after them."""
    with_all = replay(citizens, agents=AGENTS, order=order)
    found = []
    for who, one in enumerate(citizens):
        if one.asks_after is None:
            without_later = replay(citizens, agents=AGENTS, order=order, keeps=set(range(who)).__contains__)
            if with_all[who].waited != without_later[who].waited:
                found.append(who)
    return found


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_of_200_calls_no_caller_waits_longer_for_call_backs_of_who_came_later(seed: int) -> None:
    citizens = busy_hour(seed, calls=200, agents=AGENTS)
    stays = replay(citizens, agents=AGENTS)

    assert sum(stay.called_at is not None for stay in stays) >= 10, "nobody was called back: nothing is shown"
    assert mean(stay.waited for stay in stays if stay.waited is not None) > 20, "nobody waited: nothing is shown"
    assert unfair_to(citizens) == []


def test_the_replay_would_see_call_backs_that_push_in() -> None:
    citizens = busy_hour(1, calls=200, agents=AGENTS)

    assert unfair_to(citizens, order=lambda one: (one.callback_id is None, one.place)) != []
