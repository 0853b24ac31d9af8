"""What the facts of a hand-over add up to, in whatever order they come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.calls.models import Call
from app.contract.events import CallEvent, HandedOver, HandoverResult
from app.handovers.referrals import service_of
from app.handovers.rules import AFTER, CAUSE_WORDS, STATUS_WORDS, UNREPORTED, attempts_of, conclusion_of, explain

R = HandoverResult
START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def step(
    result: HandoverResult, seconds: float, *, attempt: str = "1", target: str = "110", cause: str = ""
) -> CallEvent:
    return CallEvent.make(
        HandedOver(target=target, result=result, agent="1001", attempt=attempt, cause=cause),
        node="node1",
        occurred_at=START + timedelta(seconds=seconds),
        uniqueid="node1-1.0",
        call_id="node1-1.0",
        distinguishers=(attempt, result.value),
    )


def test_every_result_has_a_row_and_its_words() -> None:
    assert set(AFTER) == set(STATUS_WORDS) == set(R)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([R.OFFERED], R.OFFERED),
        ([R.OFFERED, R.ANSWERED], R.ANSWERED),
        ([R.OFFERED, R.ANSWERED, R.ACCEPTED], R.ACCEPTED),
        ([R.OFFERED, R.REFUSED], R.REFUSED),
        ([R.OFFERED, R.ANSWERED, R.RETURNED], R.RETURNED),
        ([R.OFFERED, R.ANSWERED, R.ACCEPTED, R.RETURNED], R.RETURNED),
    ],
)
def test_the_order_in_which_facts_come_changes_nothing(steps: list[HandoverResult], status: HandoverResult) -> None:
    facts = [step(result, place) for place, result in enumerate(steps)]
    expected = attempts_of(facts)

    assert [one.status for one in expected] == [status]
    for order in permutations(facts):
        assert attempts_of(order) == expected


def test_whole_seconds_of_a_rebuilt_gap_do_not_turn_steps_round() -> None:
    [told] = attempts_of([step(R.OFFERED, 0.9), step(R.ANSWERED, 0.0), step(R.ACCEPTED, 0.0)])

    assert told.status is R.ACCEPTED
    assert told.offered_at == START


def test_a_refused_attempt_stays_refused_and_a_second_one_stands_beside_it() -> None:
    facts = [
        step(R.OFFERED, 0), step(R.REFUSED, 4, cause="busy"),
        step(R.OFFERED, 9, attempt="2", target="119"), step(R.ANSWERED, 11, attempt="2", target="119"),
    ]  # fmt: skip

    first, second = attempts_of(facts)

    assert (first.target, first.status, first.cause) == ("110", R.REFUSED, "busy")
    assert (second.target, second.status, second.answered_at) == ("119", R.ANSWERED, START + timedelta(seconds=11))


def test_people_read_why_nobody_answered() -> None:
    assert explain("refused", "busy") == "未接通（对方忙）"
    assert explain("refused", "something new") == "未接通"
    assert explain("returned", "") == "已退回，由我方继续办理"
    assert len(set(CAUSE_WORDS.values())) == len(CAUSE_WORDS)


@pytest.mark.parametrize(
    ("diversion", "line", "service"),
    [("", "12345", "110"), ("119", "12345", "119"), ("", "122", "122"), ("13812345678", "", "110")],
)
def test_the_service_is_named_by_diversion_or_line_and_else_is_110(diversion: str, line: str, service: str) -> None:
    assert service_of(Call(diversion=diversion, original_line=line)) == service


@pytest.mark.parametrize(
    ("heard", "concluded", "words"),
    [
        ([R.OFFERED], R.REFUSED, "未接通（没有收到结果）"),
        ([R.OFFERED, R.ANSWERED], R.RETURNED, "已退回，由我方继续办理（没有收到结果）"),
    ],
)
def test_what_is_never_told_is_concluded(heard: list[HandoverResult], concluded: HandoverResult, words: str) -> None:
    assert conclusion_of(heard[-1]) is concluded
    facts = [step(result, place) for place, result in enumerate(heard)]

    [told] = attempts_of([*facts, step(concluded, 300, cause=UNREPORTED)])

    assert (explain(told.status, told.cause), told.settled_at) == (words, START + timedelta(seconds=300))


def test_what_is_heard_after_all_counts_more_than_what_was_concluded() -> None:
    concluded = [step(R.OFFERED, 0), step(R.REFUSED, 300, cause=UNREPORTED)]

    [talking] = attempts_of([*concluded, step(R.ANSWERED, 5)])
    [accepted] = attempts_of([*concluded, step(R.ANSWERED, 5), step(R.ACCEPTED, 60)])
    [busy] = attempts_of([*concluded, step(R.REFUSED, 2, cause="busy")])

    assert (talking.status, talking.settled_at) == (R.ANSWERED, None)
    assert (accepted.status, accepted.settled_at) == (R.ACCEPTED, START + timedelta(seconds=60))
    assert (busy.status, busy.cause, busy.settled_at) == (R.REFUSED, "busy", START + timedelta(seconds=2))
