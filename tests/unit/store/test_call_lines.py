"""What facts add up to for lines: which hotline the citizen meant, and what became of a leg to its department."""

from datetime import UTC, datetime, timedelta

import pytest

from app.calls.record import CallStory
from app.calls.timeline import stages_of
from app.contract import events as facts
from app.contract.events import CallEvent, ForwardResult

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ARRIVED = facts.CallArrived(
    trunk="market-bureau",
    dnis="12345",
    ani="19900012345",
    original_line="12315",
    line_rule="diversion",
    mode="forward",
    diversion="12315",
)


def story_of(*payloads: facts.AnyPayload) -> CallStory:
    """The story of these facts, one second apart."""
    events = [
        CallEvent.make(
            payload, node="node1", occurred_at=START + timedelta(seconds=n), uniqueid="c1", call_id="c1",
            distinguishers=(n,),
        )
        for n, payload in enumerate(payloads)
    ]  # fmt: skip
    return CallStory(events, area_code="0375")


def leg(result: ForwardResult, *, is_parallel: bool = False) -> facts.CallForwarded:
    return facts.CallForwarded(
        line="12315", trunk="market-bureau", result=result, ring_time_ms=4000, talk_time_ms=30_000,
        is_parallel=is_parallel,
    )  # fmt: skip


def test_the_line_that_the_dialplan_resolved_is_kept_with_its_rule_mode_and_diversion() -> None:
    record = story_of(ARRIVED).record

    assert (record.original_line, record.line_rule, record.line_mode, record.diversion) == (
        "12315", "diversion", "forward", "12315",
    )  # fmt: skip


@pytest.mark.parametrize("told_by_flow", ["12345", ""])
def test_a_flow_cannot_talk_the_dialplan_out_of_its_line(told_by_flow: str) -> None:
    intake = facts.IntakeRecorded(flow="hotline-12345", original_line=told_by_flow)

    assert story_of(ARRIVED, intake).record.original_line == "12315"
    assert story_of(intake, ARRIVED).record.original_line == "12315"


def test_a_flow_names_the_line_where_the_dialplan_named_none() -> None:
    arrived = facts.CallArrived(trunk="carrier", dnis="12315", ani="19900012345")
    intake = facts.IntakeRecorded(flow="hotline-12345", original_line="12315")

    assert story_of(arrived, intake).record.original_line == "12315"


def test_a_call_that_the_department_answered_is_forwarded_and_not_missed() -> None:
    story = story_of(ARRIVED, leg(ForwardResult.ANSWERED), facts.CallEnded(hangup_cause=16))

    assert (story.record.outcome, story.missed_at) == ("forwarded", None)
    assert (story.record.forward_trunk, story.record.forward_talk_ms) == ("market-bureau", 30_000)


@pytest.mark.parametrize(
    "result", [r for r in ForwardResult if r not in {ForwardResult.ANSWERED, ForwardResult.CALLER_GONE}]
)
def test_a_leg_that_failed_leaves_the_caller_to_our_queue(result: ForwardResult) -> None:
    waiting = [ARRIVED, leg(result), facts.CallerQueued(queue="consumer")]
    gave_up = story_of(*waiting, facts.CallerAbandoned(queue="consumer"), facts.CallEnded())
    served = story_of(
        *waiting,
        facts.AgentAnswered(queue="consumer", agent="1001"),
        facts.ConversationEnded(queue="consumer", agent="1001", talk_time_seconds=9),
        facts.CallEnded(),
    )

    assert (gave_up.record.outcome, gave_up.record.forward_result) == ("abandoned", result.value)
    assert gave_up.missed_at is not None
    assert (served.record.outcome, served.missed_at) == ("answered", None)


def test_of_two_legs_the_answered_one_is_kept() -> None:
    story = story_of(ARRIVED, leg(ForwardResult.ANSWERED, is_parallel=True), leg(ForwardResult.NO_ANSWER))

    assert story.record.forward_result == "answered"
    assert story.is_answered_by_department


def test_only_a_parallel_answer_of_the_department_is_a_matter_of_ours() -> None:
    assert not story_of(ARRIVED, leg(ForwardResult.ANSWERED)).is_answered_by_department
    assert story_of(ARRIVED, leg(ForwardResult.ANSWERED, is_parallel=True)).is_answered_by_department


@pytest.mark.parametrize(("talked_ms", "outcome", "agent"), [(2, "forwarded", None), (900, "answered", "1001")])
def test_an_agent_cut_off_in_the_moment_he_answered_did_not_have_the_call(
    talked_ms: int, outcome: str, agent: str | None
) -> None:
    """The queue tells that it connected him; the department was faster by a millisecond."""
    told = [
        (0, ARRIVED), (4000, facts.CallerQueued(queue="consumer")),
        (6000, facts.AgentAnswered(queue="consumer", agent="1001")),
        (6000 + talked_ms, facts.ConversationEnded(queue="consumer", agent="1001", ended_by="caller")),
        (36_000, leg(ForwardResult.ANSWERED, is_parallel=True)), (36_001, facts.CallEnded(hangup_cause=16)),
    ]  # fmt: skip
    events = [
        CallEvent.make(
            payload, node="node1", occurred_at=START + timedelta(milliseconds=ms), uniqueid="c1", call_id="c1",
            distinguishers=(ms,),
        )
        for ms, payload in told
    ]  # fmt: skip
    record = CallStory(events, area_code="0375").record

    assert (record.outcome, record.agent) == (outcome, agent)


WENT_OUT = facts.CallForwarded(line="12315", trunk="market-bureau", ring_time_ms=4000, talk_time_ms=3000)
BESIDE = WENT_OUT.model_copy(update={"is_parallel": True})
CAME_BACK = facts.CallForwarded(line="12315", trunk="market-bureau", result=ForwardResult.LOOP)
QUEUED = facts.CallerQueued(queue="consumer")


@pytest.mark.parametrize("answer", [WENT_OUT, BESIDE], ids=["forward", "own people first"])
@pytest.mark.parametrize("line", ["12315", "12345"], ids=["by its own trunk", "by another trunk, without a diversion"])
@pytest.mark.parametrize(
    ("leaves", "outcome"),
    [
        (facts.CallerAbandoned(queue="consumer"), "abandoned"),
        (facts.QueueTimedOut(queue="consumer", reason=facts.QueueLeftReason.NO_AGENT), "no_agent"),
        (None, "abandoned"),
    ],
    ids=["abandoned", "no agent", "its end was lost"],
)
def test_a_leg_that_came_back_to_our_queue_is_no_answer_of_the_department(
    answer: facts.CallForwarded, line: str, leaves: facts.AnyPayload | None, outcome: str
) -> None:
    back = CAME_BACK.model_copy(update={"line": line, "trunk": CAME_BACK.trunk if line == "12315" else "carrier"})

    story = story_of(ARRIVED, back, QUEUED, *([leaves] if leaves else []), answer, facts.CallEnded(hangup_cause=16))

    assert (story.record.outcome, story.record.forward_result) == (outcome, "loop")
    assert story.missed_at is not None
    assert not story.is_answered_by_department


def test_an_agent_who_answers_a_call_that_came_back_has_it() -> None:
    agent = facts.AgentAnswered(queue="consumer", agent="1001")

    story = story_of(ARRIVED, CAME_BACK, QUEUED, agent, WENT_OUT, facts.CallEnded(hangup_cause=16))

    assert (story.record.outcome, story.record.agent, story.missed_at) == ("answered", "1001", None)


def test_a_leg_refused_beside_our_queue_leaves_the_department_free_to_answer() -> None:
    refused = CAME_BACK.model_copy(update={"is_parallel": True})

    story = story_of(ARRIVED, QUEUED, refused, BESIDE, facts.CallEnded(hangup_cause=16))

    assert (story.record.outcome, story.is_answered_by_department) == ("forwarded", True)


def test_people_at_seats_of_ours_answer_a_call_that_may_not_go_back_to_its_department() -> None:
    at_seats = WENT_OUT.model_copy(update={"trunk": ""})

    story = story_of(ARRIVED, CAME_BACK, at_seats, facts.CallEnded(hangup_cause=16))

    assert (story.record.outcome, story.missed_at) == ("forwarded", None)


def test_the_timeline_shows_no_department_for_a_leg_that_came_back() -> None:
    told = [ARRIVED, CAME_BACK, QUEUED, facts.CallerAbandoned(queue="consumer"), WENT_OUT, facts.CallEnded()]
    events = [
        CallEvent.make(
            payload, node="n", occurred_at=START + timedelta(seconds=10 * n), uniqueid="c1", call_id="c1",
            distinguishers=(n,),
        )
        for n, payload in enumerate(told)
    ]  # fmt: skip

    assert "department" not in [stage.name for stage in stages_of(events)]


def test_a_refused_hand_over_leaves_the_call_where_it_was() -> None:
    refused = facts.HandedOver(target="119", result=facts.HandoverResult.REFUSED, cause="busy")

    assert story_of(ARRIVED, refused, facts.CallEnded()).record.outcome == "left_before_queue"


def test_the_timeline_shows_ringing_and_talking_at_the_department() -> None:
    at = START + timedelta(seconds=40)
    events = [
        CallEvent.make(ARRIVED, node="node1", occurred_at=START, uniqueid="c1", call_id="c1"),
        CallEvent.make(leg(ForwardResult.ANSWERED), node="node1", occurred_at=at, uniqueid="c1", call_id="c1"),
        CallEvent.make(facts.CallEnded(), node="node1", occurred_at=at, uniqueid="c1", call_id="c1"),
    ]

    stages = [(stage.name, stage.duration_ms) for stage in stages_of(events)]

    assert stages == [("greeting", 6000), ("forwarding", 4000), ("department", 30_000)]


def test_a_leg_beside_the_queue_is_no_stretch_until_it_is_answered() -> None:
    at = START + timedelta(seconds=40)
    told = [
        (ARRIVED, START),
        (facts.CallerQueued(queue="consumer"), START + timedelta(seconds=2)),
        (leg(ForwardResult.ELSEWHERE, is_parallel=True), at),
        (facts.CallEnded(), at),
    ]
    events = [CallEvent.make(p, node="n", occurred_at=t, uniqueid="c1", call_id="c1") for p, t in told]

    assert [stage.name for stage in stages_of(events)] == ["greeting", "waiting"]
