"""What pages say of the time that is left; every code has its word."""

from datetime import UTC, datetime, timedelta

import pytest

from app.deadlines import wording
from app.deadlines.lists import ListName
from app.deadlines.models import ClockState
from app.deadlines.profile import LADDER, TICKET_TYPES, ClockKind, Urgency
from app.deadlines.rule_pages import KEY_WORDS
from app.deadlines.supervising import REPEATED, STEP_WORDS, OrderedStep

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=25), "剩25分钟"),
        (timedelta(hours=2), "剩2小时"),
        (timedelta(hours=2, minutes=5), "剩2小时5分钟"),
        (timedelta(days=1), "剩1天"),
        (timedelta(days=3, hours=4, minutes=9), "剩3天4小时"),
        (timedelta(0), "剩0分钟"),
        (-timedelta(hours=3), "逾期3小时"),
        (-timedelta(seconds=30), "逾期0分钟"),
        (-timedelta(days=2, hours=1), "逾期2天1小时"),
    ],
)
def test_the_time_that_is_left_is_said_in_two_units_at_most(left: timedelta, words: str) -> None:
    assert wording.time_left(NOW + left, NOW) == words


def test_a_clock_without_an_end_has_no_time_left() -> None:
    assert wording.time_left(None, NOW) == "—"


def test_every_code_has_its_word() -> None:
    assert set(wording.CLOCKS) == set(ClockKind)
    assert set(wording.STATES) == set(wording.STATE_TONES) == set(ClockState)
    assert set(wording.LISTS) == set(ListName)
    assert {*LADDER, *OrderedStep, "emergency", REPEATED} == set(STEP_WORDS)
    assert set(wording.STEP_TONES) == {*LADDER, *OrderedStep, REPEATED}
    assert set(KEY_WORDS) == {"default", *TICKET_TYPES, Urgency.URGENT, Urgency.EMERGENCY}


def test_a_term_is_shown_in_chinese() -> None:
    assert wording.term_words("5 working days") == "5个工作日"
    assert wording.term_words("24 working hours") == "24小时（非工作日不计）"
    assert wording.term_words("30 minutes") == "30分钟"
