"""What facts add up to: the record of a call, and the state of an agent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calls.call_record import Engagement
from app.calls.models import AgentStatus, CallState
from app.calls.presence import presence_of, with_engagement, with_event, without_wrap_up
from app.calls.record import CallStory
from app.calls.timeline import stages_of
from app.contract import events as facts
from app.contract.events import PAYLOADS, CallEvent, EventType

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

EXAMPLES = {
    EventType.CALL_ARRIVED: facts.CallArrived(trunk="carrier", dnis="12345", ani="19900012345"),
    EventType.INTAKE_RECORDED: facts.IntakeRecorded(flow="hotline-12345", original_line="12315", answers={"a": "1"}),
    EventType.CALLER_QUEUED: facts.CallerQueued(queue="general", position=3),
    EventType.AGENT_RINGING: facts.AgentRinging(queue="general", agent="8001"),
    EventType.AGENT_MISSED: facts.AgentMissed(queue="general", agent="8001"),
    EventType.AGENT_ANSWERED: facts.AgentAnswered(queue="general", agent="8001", hold_time_seconds=3),
    EventType.CONVERSATION_ENDED: facts.ConversationEnded(queue="general", agent="8001", talk_time_seconds=9),
    EventType.CALLER_ABANDONED: facts.CallerAbandoned(queue="general"),
    EventType.QUEUE_TIMED_OUT: facts.QueueTimedOut(queue="general"),
    EventType.CALL_FORWARDED: facts.CallForwarded(line="12315"),
    EventType.HANDED_OVER: facts.HandedOver(target="110"),
    EventType.FLOW_PLAYED: facts.FlowPlayed(flow="nuisance"),
    EventType.CALLBACK_PROGRESSED: facts.CallbackProgressed(step=facts.CallbackStep.OFFERED),
    EventType.CALL_TRANSFERRED: facts.CallTransferred(target="8002", agent="8001"),
    EventType.CALLBACK_REQUESTED: facts.CallbackRequested(number="19900054321"),
    EventType.CALL_RATED: facts.CallRated(score=1),
    EventType.MESSAGE_LEFT: facts.MessageLeft(file="m.wav", seconds=7),
    EventType.CALL_ENDED: facts.CallEnded(hangup_cause=16),
    EventType.RECORDING_SAVED: facts.RecordingSaved(file="a.wav"),
    EventType.AGENT_SIGNED_IN: facts.AgentSignedIn(agent="8001", queue="general"),
    EventType.AGENT_SIGNED_OUT: facts.AgentSignedOut(agent="8001", queue="general"),
    EventType.AGENT_PAUSED: facts.AgentPaused(agent="8001", queue="general", reason="meal"),
    EventType.AGENT_RESUMED: facts.AgentResumed(agent="8001", queue="general"),
}  # fmt: skip

ALONE = {
    EventType.CALL_ARRIVED: ("arrived", None, {"caller_number": "19900012345", "trunk": "carrier"}),
    EventType.INTAKE_RECORDED: ("arrived", None, {"flow": "hotline-12345", "original_line": "12315"}),
    EventType.CALLER_QUEUED: ("queued", None, {"queue": "general", "queued_at": START}),
    EventType.AGENT_RINGING: ("ringing", None, {"first_ringing_at": START}),
    EventType.AGENT_MISSED: ("arrived", None, {"agent": None}),
    EventType.AGENT_ANSWERED: ("talking", "answered", {"agent": "8001", "hold_ms": 3000}),
    EventType.CONVERSATION_ENDED: ("after_talk", "answered", {"agent": "8001", "talk_ms": 9000}),
    EventType.CALLER_ABANDONED: ("ended", "abandoned", {"ended_at": START}),
    EventType.QUEUE_TIMED_OUT: ("arrived", "overflow", {"ended_at": None}),
    EventType.CALL_FORWARDED: ("arrived", None, {}),
    EventType.HANDED_OVER: ("arrived", None, {}),
    EventType.FLOW_PLAYED: ("arrived", None, {}),
    EventType.CALLBACK_PROGRESSED: ("arrived", None, {"answered_at": None}),
    EventType.CALL_TRANSFERRED: ("after_talk", None, {}),
    EventType.CALLBACK_REQUESTED: ("arrived", None, {"callback_number": "19900054321"}),
    EventType.CALL_RATED: ("arrived", None, {"rating": 1}),
    EventType.MESSAGE_LEFT: ("arrived", None, {"intake": {"messages": [{"file": "m.wav", "seconds": 7}]}}),
    EventType.CALL_ENDED: ("ended", "left_before_queue", {"hangup_cause": 16, "ended_at": START}),
    EventType.RECORDING_SAVED: ("arrived", None, {"recording_file": "a.wav"}),
    EventType.AGENT_SIGNED_IN: ("arrived", None, {}),
    EventType.AGENT_SIGNED_OUT: ("arrived", None, {}),
    EventType.AGENT_PAUSED: ("arrived", None, {}),
    EventType.AGENT_RESUMED: ("arrived", None, {}),
}


def event(payload: facts.AnyPayload, seconds: float = 0, *more: object) -> CallEvent:
    return CallEvent.make(
        payload,
        node="node1",
        occurred_at=START + timedelta(seconds=seconds),
        uniqueid="node1-1.1",
        call_id="node1-1.1",
        distinguishers=(seconds, *map(str, more)),  # type: ignore[arg-type]
    )


def story_of(*events: CallEvent) -> CallStory:
    return CallStory(events, area_code="0375")


ANSWERED = facts.AgentAnswered(queue="common", agent="1001", seat="8001")
ENDED_BY_CALLER = facts.ConversationEnded(queue="common", agent="1001", ended_by="caller")


def step(result: facts.HandoverResult) -> facts.HandedOver:
    return facts.HandedOver(target="110", result=result, agent="1001", attempt="1")


@pytest.mark.parametrize("ended_at", [9.9, 10.1])
def test_an_agent_who_is_moved_to_the_room_of_a_handover_talks_on(ended_at: float) -> None:
    moved = [event(ANSWERED, 1), event(step(facts.HandoverResult.OFFERED), 10), event(ENDED_BY_CALLER, ended_at)]

    in_room = story_of(*moved)
    accepted = story_of(*moved, event(step(facts.HandoverResult.ACCEPTED), 60))
    ended = story_of(*moved, event(facts.CallEnded(), 30))

    assert (in_room.record.state, in_room.engagements["1001"].status) == ("talking", AgentStatus.TALKING)
    assert (accepted.record.state, accepted.engagements["1001"].status) == ("after_talk", AgentStatus.WRAP_UP)
    assert (accepted.record.talk_ms, ended.record.talk_ms) == (59_000, 29_000)
    assert ended.engagements["1001"].status is AgentStatus.WRAP_UP


def test_an_agent_who_hangs_up_in_the_room_is_free() -> None:
    left = facts.ConversationEnded(queue="common", agent="1001", ended_by="agent")
    told = story_of(event(ANSWERED, 1), event(step(facts.HandoverResult.OFFERED), 10), event(left, 20))

    assert told.engagements["1001"].status is AgentStatus.WRAP_UP


QUEUED_AGAIN = facts.CallerQueued(queue="common", position=1)
GIVEN_UP = facts.CallerAbandoned(queue="common", hold_time_seconds=9)


@pytest.mark.parametrize("is_end_told", [True, False], ids=["agent left", "agent lost without a word"])
def test_a_citizen_lost_in_a_handover_who_gives_up_in_the_queue_is_missed(is_end_told: bool) -> None:
    lost = [event(ANSWERED, 1), event(step(facts.HandoverResult.OFFERED), 10), event(ENDED_BY_CALLER, 10.1)]
    if is_end_told:
        lost.append(event(facts.ConversationEnded(queue="common", agent="1001", ended_by="agent"), 15))
    lost += [event(step(facts.HandoverResult.REFUSED), 20), event(QUEUED_AGAIN, 21, "again")]

    waiting = story_of(*lost)
    given_up = story_of(*lost, event(GIVEN_UP, 30), event(facts.CallEnded(), 30))
    saved = story_of(*lost, event(facts.AgentAnswered(queue="common", agent="1002"), 25), event(facts.CallEnded(), 30))

    assert (waiting.record.state, waiting.record.outcome) == ("queued", "answered")
    assert waiting.engagements["1001"].status is AgentStatus.WRAP_UP
    assert (given_up.record.outcome, given_up.missed_at) == ("abandoned", START + timedelta(seconds=30))
    assert given_up.record.talk_ms == (14_000 if is_end_told else 20_000)
    assert (saved.record.outcome, saved.missed_at, saved.record.agent) == ("answered", None, "1002")


def test_a_citizen_who_hangs_up_before_the_queue_has_him_back_is_missed() -> None:
    told = story_of(event(ANSWERED, 1), event(step(facts.HandoverResult.REFUSED), 20), event(GIVEN_UP, 21))

    assert (told.record.outcome, told.missed_at) == ("abandoned", START + timedelta(seconds=21))


def test_a_citizen_lost_in_a_handover_for_whom_nobody_is_there_is_missed() -> None:
    nobody = facts.QueueTimedOut(queue="common", reason=facts.QueueLeftReason.NO_AGENT)
    told = story_of(event(ANSWERED, 1), event(QUEUED_AGAIN, 20), event(nobody, 21), event(facts.CallEnded(), 25))

    assert (told.record.outcome, told.missed_at) == ("no_agent", START + timedelta(seconds=21))


def test_the_table_names_every_fact() -> None:
    assert set(EXAMPLES) == set(ALONE) == set(PAYLOADS)


@pytest.mark.parametrize("kind", EventType)
def test_each_fact_alone_makes_a_record(kind: EventType) -> None:
    state, outcome, columns = ALONE[kind]
    record = story_of(event(EXAMPLES[kind])).record

    assert (record.state, record.outcome) == (state, outcome)
    assert {name: getattr(record, name) for name in columns} == columns


CHAPTERS = [event(payload, seconds, n) for n, (payload, seconds) in enumerate(
    [
        (facts.CallArrived(trunk="carrier", dnis="12345", ani="19900012345"), 0),
        (facts.IntakeRecorded(flow="hotline-12345"), 1),
        (facts.CallerQueued(queue="general"), 6),
        (facts.AgentRinging(queue="general", agent="8001"), 6),
        (facts.AgentMissed(queue="general", agent="8001"), 21),
        (facts.AgentRinging(queue="general", agent="8002"), 21),
        (facts.AgentAnswered(queue="general", agent="8002"), 23),
        (facts.CallTransferred(kind="blind", target="expert", agent="8002"), 60),
        (facts.ConversationEnded(queue="general", agent="8002"), 60),
        (facts.CallerQueued(queue="expert"), 60.5),
        (facts.AgentRinging(queue="expert", agent="8003"), 61),
        (facts.AgentAnswered(queue="expert", agent="8003"), 63),
        (facts.ConversationEnded(queue="expert", agent="8003"), 93),
        (facts.RecordingSaved(file="a.wav"), 93),
        (facts.CallEnded(hangup_cause=16), 93),
    ]
)]  # fmt: skip


@given(st.permutations(CHAPTERS), st.integers(min_value=0, max_value=15))
@settings(max_examples=200)
def test_the_order_of_arrival_does_not_matter(shuffled: list[CallEvent], doubled: int) -> None:
    told, expected = story_of(*shuffled, *shuffled[:doubled]), story_of(*CHAPTERS)

    assert told.record == expected.record
    assert told.engagements == expected.engagements
    assert told.missed_at == expected.missed_at


def test_a_transferred_call_counts_both_conversations() -> None:
    record = story_of(*CHAPTERS).record

    assert (record.agent, record.talk_ms, record.hold_ms) == ("8003", 67000, 17000)


@given(st.permutations(CHAPTERS))
@settings(max_examples=100)
def test_an_agents_state_does_not_depend_on_the_order_either(shuffled: list[CallEvent]) -> None:
    registers: dict[str, object] = {}
    for engagement in {e for n in range(1, 16) for e in story_of(*shuffled[:n]).engagements.items()}:
        if engagement[0] == "8002":
            registers = with_engagement(registers, engagement[1])
    last = with_engagement(registers, story_of(*CHAPTERS).engagements["8002"])

    assert presence_of(last, wrap_up_seconds=0, now=START + timedelta(hours=1)).call_id is None


def test_the_stages_follow_each_other_without_gaps() -> None:
    stages = stages_of(CHAPTERS)

    assert [(s.name, s.agent) for s in stages] == [
        ("greeting", ""), ("waiting", ""), ("ringing", "8001"), ("waiting", ""), ("ringing", "8002"),
        ("talking", "8002"), ("after_talk", ""), ("waiting", ""), ("ringing", "8003"), ("talking", "8003"),
        ("after_talk", ""),
    ]  # fmt: skip
    assert sum(s.duration_ms or 0 for s in stages) == 93000


def test_a_call_that_lasts_has_a_last_stage_without_an_end() -> None:
    assert stages_of(CHAPTERS[:3])[-1].duration_ms is None


def test_the_agent_is_let_go_when_the_call_ends_in_a_gap() -> None:
    ended = story_of(*CHAPTERS[:7], event(facts.CallEnded(), 90))

    assert ended.engagements["8002"].status is AgentStatus.WRAP_UP
    assert ended.record.talk_ms == 67000


def test_the_phone_stops_ringing_when_somebody_else_answers() -> None:
    both = [event(facts.AgentRinging(queue="g", agent=agent), 1, agent) for agent in ("8001", "8002")]
    engagements = story_of(*both, event(facts.AgentAnswered(queue="g", agent="8002"), 3)).engagements

    assert {agent: e.status for agent, e in engagements.items()} == {"8001": "ready", "8002": "talking"}


def test_a_caller_handed_to_110_is_not_missed() -> None:
    taken = facts.HandedOver(target="110", result=facts.HandoverResult.ACCEPTED)
    story = story_of(CHAPTERS[0], event(taken, 5), event(facts.CallEnded(), 9))

    assert (story.record.outcome, story.missed_at) == ("forwarded", None)


def test_an_older_call_that_ends_does_not_free_an_agent_who_talks_to_another() -> None:
    registers = with_event({}, event(facts.AgentSignedIn(agent="8001", queue="general")))
    talking = Engagement(START + timedelta(seconds=5), AgentStatus.TALKING, "c2")
    let_go = Engagement(START + timedelta(seconds=9), AgentStatus.READY, "c1")
    for order in ((talking, let_go), (let_go, talking)):
        seen = registers
        for engagement in order:
            seen = with_engagement(seen, engagement)
        presence = presence_of(seen, wrap_up_seconds=0, now=START)
        assert (presence.status, presence.call_id) == (AgentStatus.TALKING, "c2")


def test_wrap_up_comes_before_pause_and_ends_by_itself_or_by_hand() -> None:
    registers = with_event({}, event(facts.AgentSignedIn(agent="8001", queue="general")))
    registers = with_event(registers, event(facts.AgentPaused(agent="8001", queue="general", reason=""), 1))
    registers = with_engagement(registers, Engagement(START + timedelta(seconds=60), AgentStatus.WRAP_UP, "c1"))
    at = START + timedelta(seconds=65)

    assert presence_of(registers, wrap_up_seconds=10, now=at).status is AgentStatus.WRAP_UP
    assert presence_of(registers, wrap_up_seconds=5, now=at).status is AgentStatus.PAUSED
    assert presence_of(without_wrap_up(registers, at), wrap_up_seconds=10, now=at).pause_reason == "other"


def test_a_call_without_facts_is_no_call() -> None:
    with pytest.raises(ValueError, match="without facts"):
        story_of()


HANDED_ON = [
    event(facts.CallArrived(trunk="carrier", dnis="12345", ani="19900012345"), 0),
    event(facts.CallerQueued(queue="common"), 1),
    event(facts.AgentAnswered(queue="common", agent="1001"), 5, "leg-1"),
    event(facts.CallTransferred(kind="attended", target="8002", agent="1001"), 20),
    event(facts.AgentAnswered(queue="common", agent="1002"), 20, "leg-2"),
    event(facts.ConversationEnded(queue="common", agent="1001", ended_by="transfer"), 20.1),
]


@given(st.permutations(HANDED_ON))
@settings(max_examples=50)
def test_after_a_transfer_the_new_agent_has_the_call(shuffled: list[CallEvent]) -> None:
    story = story_of(*shuffled)

    assert (story.record.agent, story.record.state) == ("1002", CallState.TALKING)
    assert {agent: e.status for agent, e in story.engagements.items()} == {"1001": "wrap_up", "1002": "talking"}
    assert [(s.name, s.agent) for s in stages_of(shuffled)][-3:] == [
        ("talking", "1001"), ("after_talk", ""), ("talking", "1002"),
    ]  # fmt: skip


def test_the_talk_after_a_transfer_lasts_until_the_end_of_the_call() -> None:
    record = story_of(*HANDED_ON, event(facts.CallEnded(hangup_cause=16), 50)).record

    assert (record.talk_ms, record.outcome) == (45000, "answered")
    assert record.conversation_ended_at == START + timedelta(seconds=50)


def test_a_citizen_who_gives_up_while_the_new_seat_rings_is_missed() -> None:
    story = story_of(
        *HANDED_ON[:3],
        event(facts.CallTransferred(kind="blind", target="8002", agent="1001"), 20),
        event(facts.AgentRinging(queue="common", agent="1002"), 20.1, "leg-2"),
        event(facts.ConversationEnded(queue="common", agent="1001", ended_by="transfer"), 20.2),
        event(facts.CallerAbandoned(queue="common", hold_time_seconds=4), 24),
        event(facts.CallEnded(hangup_cause=16), 24),
    )

    assert (story.record.outcome, story.record.state) == ("abandoned", CallState.ENDED)
    assert story.missed_at == START + timedelta(seconds=24)
    assert story.engagements["1002"].status is AgentStatus.READY
