"""Which two records are one call, and which must never be taken for it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.calls.twins import Pair, come_back_of, may_be_one, pairs_of

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """A call; its moments are seconds from the start."""

    call_id: str
    arrived: float
    answered: float | None = None
    ended: float | None = None

    @property
    def arrived_at(self) -> datetime:
        return START + timedelta(seconds=self.arrived)

    @property
    def answered_at(self) -> datetime | None:
        return None if self.answered is None else START + timedelta(seconds=self.answered)

    @property
    def ended_at(self) -> datetime | None:
        return None if self.ended is None else START + timedelta(seconds=self.ended)


@pytest.mark.parametrize(
    ("told", "own"),
    [
        (Record("b", 0), Record("n", 4)),
        (Record("b", 0, ended=300), Record("n", 4, answered=20, ended=299)),
        (Record("b", 0, ended=4), Record("n", 5, answered=20, ended=299)),
        (Record("b", 0, ended=60), Record("n", -1.5, ended=60)),
        (Record("b", 0, answered=15, ended=90), Record("n", 2, ended=15.5)),
    ],
    ids=["both ring", "we answered", "sent on and forgotten", "its clock is behind", "its people answered"],
)
def test_a_forwarded_call_fits_what_its_exchange_told(told: Record, own: Record) -> None:
    assert may_be_one(own, told)


@pytest.mark.parametrize(
    ("told", "own"),
    [
        (Record("b", 10), Record("n", 0)),
        (Record("b", 0, ended=10), Record("n", 13)),
        (Record("b", 0, answered=5), Record("n", 20)),
        (Record("b", 0, answered=5, ended=90), Record("n", 2, answered=20, ended=80)),
        (Record("b", 0, answered=15, ended=90), Record("n", 2, ended=40)),
        (Record("b", 0, answered=15), Record("n", 2)),
    ],
    ids=[
        "reached us first", "dialled again", "talks there already", "both answered", "still waited with us",
        "waits with us until now",
    ],
)  # fmt: skip
def test_another_call_of_the_same_number_does_not_fit(told: Record, own: Record) -> None:
    assert not may_be_one(own, told)


def test_the_record_in_which_somebody_answered_counts() -> None:
    ours = pairs_of([Record("n", 4, answered=20)], [Record("b", 0)])
    theirs = pairs_of([Record("n", 4, ended=15)], [Record("b", 0, answered=15)])
    nobodys = pairs_of([Record("n", 4, ended=30)], [Record("b", 0, ended=30)])

    assert ours == [Pair("b", "n", counted="n")]
    assert theirs == [Pair("b", "n", counted="b")]
    assert nobodys == [Pair("b", "n", counted="n")]


def test_what_fits_more_than_one_record_is_not_joined() -> None:
    two_callers_of_a_company = [Record("b1", 0), Record("b2", 3)]
    assert pairs_of([Record("n", 5, answered=9)], two_callers_of_a_company) == []
    assert pairs_of([Record("n1", 5, ended=9), Record("n2", 12)], [Record("b", 0)]) == []


def test_two_calls_one_after_the_other_are_two_pairs_in_any_order() -> None:
    told = [Record("b1", 0, ended=60), Record("b2", 70, ended=200)]
    own = [Record("n1", 5, answered=20, ended=60), Record("n2", 76, answered=80, ended=200)]

    for ours in permutations(own):
        for theirs in permutations(told):
            assert {(pair.told, pair.own) for pair in pairs_of(ours, theirs)} == {("b1", "n1"), ("b2", "n2")}


def test_what_a_person_has_parted_stays_parted() -> None:
    assert pairs_of([Record("n", 4)], [Record("b", 0)], {("b", "n")}) == []


@dataclass(frozen=True)
class Leg(Record):
    """A call of ours: sent out over `forward_trunk`, or come over `trunk`."""

    trunk: str = "carrier"
    original_line: str = "12333"
    queued: float | None = None
    forward_trunk: str = ""
    forward_result: str | None = None
    talk: float = 0

    @property
    def queued_at(self) -> datetime | None:
        return None if self.queued is None else START + timedelta(seconds=self.queued)

    @property
    def forward_talk_ms(self) -> int:
        return int(self.talk * 1000)


SENT = Leg("sent", 0, ended=120, forward_trunk="labour", forward_result="answered", talk=100)
BACK = Leg("back", 60, answered=70, ended=119, trunk="labour", queued=65)


@pytest.mark.parametrize(
    ("back", "counted"),
    [
        (BACK, "back"),
        (replace(BACK, original_line="12345"), "back"),
        (replace(BACK, answered=None), "back"),
        (replace(BACK, answered=None, queued=None), "sent"),
        (replace(BACK, arrived=18.5), "back"),
    ],
    ids=["answered", "by a trunk of several lines", "gave up", "before the queue", "at once, whole seconds"],
)
def test_what_a_department_answered_and_sent_back_is_one_call(back: Leg, counted: str) -> None:
    assert come_back_of([back, SENT]) == [Pair("sent", "back", counted)]
    assert come_back_of([back, replace(SENT, ended=None)]) == [Pair("sent", "back", counted)]  # its end is not told yet


@pytest.mark.parametrize(
    "back",
    [
        replace(BACK, trunk="carrier"),
        replace(BACK, trunk="transport"),
        replace(BACK, original_line="12328"),
        replace(BACK, arrived=10),
        replace(BACK, arrived=121),
    ],
    ids=["by the public network", "another trunk", "another line", "before the talk", "after it"],
)
def test_another_call_of_the_same_number_is_left_alone(back: Leg) -> None:
    assert come_back_of([SENT, back]) == []


def test_a_leg_that_was_not_answered_sent_nothing_back() -> None:
    assert come_back_of([replace(SENT, forward_result="busy"), BACK]) == []


def test_two_that_could_have_come_back_are_both_left_alone() -> None:
    assert come_back_of([SENT, BACK, replace(BACK, call_id="other", arrived=80)]) == []
    assert come_back_of([SENT, replace(SENT, call_id="other"), BACK]) == []


def test_a_pair_that_a_person_parted_is_left_alone() -> None:
    assert come_back_of([SENT, BACK], {("sent", "back")}) == []
