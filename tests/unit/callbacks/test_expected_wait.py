"""The expected wait: what it is made of, and how near it comes to the wait itself in a simulation."""

import pytest

from app.calls.waiting import USUAL_TALK_SECONDS, Load, expected_wait_seconds, learn
from app.cli.bench.waiting import errors


def test_nobody_serves_nobody_can_tell() -> None:
    assert expected_wait_seconds(3, Load(0, 180, 0.003)) is None


def test_the_next_one_waits_for_the_first_of_all_agents_to_be_free() -> None:
    assert expected_wait_seconds(0, Load(6, 180, 0.003)) == pytest.approx(30)


def test_without_anybody_giving_up_each_place_costs_the_same() -> None:
    assert expected_wait_seconds(4, Load(6, 180, 0)) == pytest.approx(150)


def test_those_who_give_up_shorten_the_wait_of_who_stands_behind_them() -> None:
    patient, impatient = Load(6, 180, 0.0), Load(6, 180, 0.01)

    assert expected_wait_seconds(0, patient) == expected_wait_seconds(0, impatient)
    assert (expected_wait_seconds(9, impatient) or 0) < 0.8 * (expected_wait_seconds(9, patient) or 0)


def test_a_day_begins_with_what_is_usual_and_learns() -> None:
    assert learn(4, [], waited_seconds=0, left=0).talk_seconds == USUAL_TALK_SECONDS
    assert learn(4, [60] * 95, waited_seconds=0, left=0).talk_seconds == pytest.approx(66)
    assert learn(4, [], waited_seconds=9_700, left=9).leaving_per_second == pytest.approx(0.001)


@pytest.mark.parametrize("load", [0.9, 1.1, 1.3])
def test_it_is_nearer_to_the_wait_than_what_the_last_caller_lived_through(load: float) -> None:
    ours, naive, waited = errors(range(1, 11), calls=200, load=load)

    assert ours < 0.9 * naive
    assert ours < 0.6 * waited
