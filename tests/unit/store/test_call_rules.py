"""Call states, numbers and who sees them."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.models import CallState
from app.calls.rules import AFTER, AGENT_EVENTS, REPORTS, after, may_see_number, normalize_number
from app.contract.events import EventType


def test_every_state_has_its_row() -> None:
    assert set(AFTER) == set(CallState)


def test_every_fact_says_which_state_it_reports() -> None:
    assert set(REPORTS) == set(EventType)


@pytest.mark.parametrize(("state", "reported"), list(product(CallState, CallState)))
def test_a_report_moves_the_call_on_or_leaves_it_alone(state: CallState, reported: CallState) -> None:
    assert after(state, reported) is (reported if reported in AFTER[state] else state)


@pytest.mark.parametrize("state", CallState)
def test_a_report_told_twice_is_told_once(state: CallState) -> None:
    for reported in CallState:
        once = after(state, reported)
        assert after(once, reported) is once


def test_nothing_follows_the_end() -> None:
    assert AFTER[CallState.ENDED] == frozenset()


def test_a_whole_call_walks_through_all_its_states() -> None:
    life = [
        CallState.ARRIVED,
        CallState.QUEUED,
        CallState.RINGING,
        CallState.TALKING,
        CallState.AFTER_TALK,
        CallState.ENDED,
    ]
    for state, following in pairwise(life):
        assert after(state, following) is following


def test_only_facts_about_agents_alone_need_no_call() -> None:
    assert all(REPORTS[kind] is None for kind in AGENT_EVENTS)


@pytest.mark.parametrize(
    ("ani", "number"),
    [
        ("13812345678", "13812345678"),
        ("+8613812345678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("013812345678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        (" 138 1234 5678 ", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("03752345678", "03752345678"),
        ("(0375) 234-5678", "03752345678"),
        ("0375-2345678", "03752345678"),
        ("+863752345678", "03752345678"),
        ("863752345678", "03752345678"),
        ("2345678", "03752345678"),
        ("01012345678", "01012345678"),
        ("+861012345678", "01012345678"),
        ("02187654321", "02187654321"),
        ("037112345678", "037112345678"),
        ("4001234567", "4001234567"),
        ("+864001234567", "4001234567"),
        ("8001234567", "8001234567"),
        ("+14155550123", "+14155550123"),
        ("0014155550123", "+14155550123"),
    ],
)
def test_a_number_has_one_form(ani: str, number: str) -> None:
    assert normalize_number(ani) == number


@pytest.mark.parametrize(
    "ani",
    [
        "", "anonymous", "Anonymous", "unknown", "Restricted", "110", "12345", "95588", "10086", "1", "+", "00", "86",
        "0", "123456789012345678901234567890", "1" * 300, "12812345678", "138123456789", "1381234567", "0375",
        "'; DROP TABLE calls", "${EXTEN}", "中文", "8001\n", "+86", "+86138", "abc13812345678", "٠١٢٣٤٥٦٧٨٩١",
    ],
)  # fmt: skip
def test_what_cannot_be_called_back_is_no_number(ani: str) -> None:
    assert normalize_number(ani) is None


def test_another_city_completes_local_numbers_with_its_own_code() -> None:
    assert normalize_number("6345678", area_code="0371") == "03716345678"


@given(st.text(max_size=64))
def test_normalising_never_fails_and_settles(text: str) -> None:
    number = normalize_number(text)

    assert number is None or (len(number) <= 20 and normalize_number(number) == number)


def test_only_the_holder_of_the_call_sees_the_whole_number() -> None:
    assert may_see_number("8001", call_id="c1", viewer_call_id="c1")
    assert not may_see_number("8002", call_id="c1", viewer_call_id="c2")
    assert not may_see_number("8002", call_id=None, viewer_call_id=None)


def test_who_writes_the_draft_sees_the_number_after_the_call_too() -> None:
    assert may_see_number("8001", call_id="c1", viewer_call_id=None, draft_owner="8001")
    assert not may_see_number("8002", call_id="c1", viewer_call_id=None, draft_owner="8001")
    assert not may_see_number("", call_id="c1", viewer_call_id=None, draft_owner="")
