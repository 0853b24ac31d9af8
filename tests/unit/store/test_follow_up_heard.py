"""What a follow-up call heard, from its facts in whatever order they came."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.calls.follow_up import FollowUpHeard, hear
from app.calls.record import CallStory
from app.contract import events as facts
from app.contract.events import AnyPayload, CallbackStep, CallEvent
from app.contract.ids import follow_up_call_id, follow_up_task, is_callback_call, is_outgoing_call

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
CALL = follow_up_call_id(17, 2)
ARRIVED = facts.CallArrived(trunk="outgoing", dnis="12345", ani="19900012345", mode="follow_up")
RINGING = facts.CallbackProgressed(step=CallbackStep.RINGING)
TALKED = facts.CallbackProgressed(step=CallbackStep.TALKED)
ENDED = facts.CallEnded()


def told(*payloads: AnyPayload) -> list[CallEvent]:
    return [
        CallEvent.make(
            payload, node="node1", occurred_at=START + timedelta(seconds=n), uniqueid=CALL, call_id=CALL,
            distinguishers=(n,),
        )
        for n, payload in enumerate(payloads)
    ]  # fmt: skip


def keyed(solved: str = "") -> facts.IntakeRecorded:
    return facts.IntakeRecorded(flow="follow-up", route="hangup", answers={"solved": solved} if solved else {})


@pytest.mark.parametrize(("key", "is_solved"), [("1", True), ("2", False), ("9", None), ("", None)])
def test_solved_and_content_are_what_was_keyed(key: str, is_solved: bool | None) -> None:
    story = [ARRIVED, RINGING, TALKED, facts.CallRated(score=1), facts.MessageLeft(file="why.wav"), keyed(key), ENDED]

    assert hear(told(*story)) == FollowUpHeard(
        CALL, START + timedelta(seconds=6), is_reached=True, is_solved=is_solved, score=1, reason_file="why.wav"
    )


def test_the_order_in_which_the_facts_come_decides_nothing() -> None:
    events = told(RINGING, TALKED, facts.CallRated(score=3), keyed("1"), ENDED)

    assert len({hear(order) for order in permutations(events)}) == 1


def test_nothing_is_concluded_before_the_call_is_over_and_the_flow_has_told() -> None:
    assert hear(told(ARRIVED, RINGING)) is None
    assert hear(told(ARRIVED, RINGING, TALKED, ENDED)) is None
    assert hear(told(ARRIVED, RINGING, TALKED, keyed("1"))) is None


@pytest.mark.parametrize("cause", ["busy", "no_answer", "rejected", "trunk_down"])
def test_who_was_not_reached_has_a_reason(cause: str) -> None:
    missed = facts.CallbackProgressed(step=CallbackStep.MISSED, cause=cause)

    heard = hear(told(ARRIVED, RINGING, missed, ENDED))

    assert heard is not None
    assert (heard.is_reached, heard.cause, heard.is_solved, heard.score) == (False, cause, None, None)


def test_a_call_of_which_nobody_told_why_it_ended_is_lost() -> None:
    heard = hear(told(ARRIVED, ENDED))

    assert heard is not None
    assert heard.cause == "lost"


def test_who_pressed_0_wants_a_person() -> None:
    heard = hear(told(TALKED, keyed("0"), ENDED))

    assert heard is not None
    assert (heard.wants_person, heard.is_solved) == (True, None)


def test_the_call_is_ours_and_nobody_has_missed_it() -> None:
    reached = CallStory(told(ARRIVED, RINGING, TALKED, keyed("1"), ENDED), area_code="0375")
    missed = CallStory(told(ARRIVED, RINGING, ENDED), area_code="0375")

    assert (reached.record.outcome, reached.missed_at) == ("answered", None)
    assert (missed.record.outcome, missed.missed_at) == ("not_reached", None)


def test_the_id_names_the_task() -> None:
    assert (follow_up_task(CALL), is_outgoing_call(CALL), is_callback_call(CALL)) == (17, True, False)
    assert [follow_up_task(other) for other in ("cb-17-2", "node1-17.2", "fu-0-1", "fu-17", None)] == [None] * 5
