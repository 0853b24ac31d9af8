"""Flows at an agent's key: what the facts of a call say of them, in its record and in its stretches."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from app.calls.models import AgentStatus
from app.calls.played import FLOW_WORDS, STEP_WORDS, plays_of, title_of
from app.calls.record import CallStory
from app.calls.timeline import stages_of
from app.contract import events as facts
from app.contract.agent_flows import AGENT_FLOWS
from app.contract.events import CallEvent, PlayedStep

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
PETITION = "out-of-scope-petition"
ARRIVED = facts.CallArrived(trunk="carrier", dnis="12345", ani="19900012345")
ANSWERED = facts.AgentAnswered(queue="common", agent="1001", seat="8001")
SUPERVISED = facts.AgentAnswered(queue="supervisors", agent="1002", seat="8002")
FREED = facts.ConversationEnded(queue="common", agent="1001", ended_by="agent")
ENDED_BY_CALLER = facts.ConversationEnded(queue="common", agent="1001", ended_by="caller")
QUEUED_AGAIN = facts.CallerQueued(queue="supervisors", position=1)


def played(step: PlayedStep, flow: str = PETITION, play: str = "1") -> facts.FlowPlayed:
    return facts.FlowPlayed(flow=flow, step=step, agent="1001", play=play)


def told(*steps: tuple[float, facts.AnyPayload]) -> list[CallEvent]:
    return [
        CallEvent.make(
            payload, node="node1", occurred_at=START + timedelta(seconds=at), uniqueid="node1-1.1", call_id="node1-1.1",
            distinguishers=(str(at),),
        )
        for at, payload in steps
    ]  # fmt: skip


def stretches(events: Sequence[CallEvent]) -> list[tuple[str, int | None, str, str]]:
    return [(one.name, one.duration_ms, one.agent, one.flow) for one in stages_of(events)]


def test_every_flow_and_every_step_has_words() -> None:
    assert set(FLOW_WORDS) == set(AGENT_FLOWS)
    assert set(STEP_WORDS) == set(PlayedStep)
    assert title_of("of-a-later-version") == "of-a-later-version"


def test_a_text_and_back_are_two_stretches_of_one_talk() -> None:
    events = told(
        (0, ARRIVED), (1, ANSWERED), (10, played(PlayedStep.STARTED)), (30, played(PlayedStep.RETURNED)),
        (60, FREED), (60.1, facts.CallEnded(hangup_cause=16)),
    )  # fmt: skip

    [playing] = plays_of(reversed(events))
    assert (playing.title, playing.agent, playing.words) == ("信访事项不予受理告知", "1001", "播报后回到坐席")
    assert (playing.started_at, playing.settled_at) == (START + timedelta(seconds=10), START + timedelta(seconds=30))
    assert stretches(events)[1:4] == [
        ("talking", 9_000, "1001", ""), ("playing", 20_000, "1001", PETITION), ("talking", 30_000, "1001", ""),
    ]  # fmt: skip
    record = CallStory(events, area_code="0375").record
    assert (record.outcome, record.agent, record.talk_ms) == ("answered", "1001", 59_000)


@pytest.mark.parametrize("freed_at", [39.9, 40.2], ids=["free before", "free after the citizen waits again"])
def test_two_warnings_lead_to_the_supervisor_and_the_agent_is_free(freed_at: float) -> None:
    waits = told(
        (0, ARRIVED), (1, ANSWERED), (10, played(PlayedStep.STARTED, "nuisance")),
        (39.8, played(PlayedStep.QUEUED, "nuisance")), (40, QUEUED_AGAIN), (freed_at, FREED),
    )  # fmt: skip
    waiting = CallStory(waits, area_code="0375")
    talks = [*waits, *told((45, SUPERVISED))]
    talking = CallStory(talks, area_code="0375")

    assert (waiting.record.state, waiting.engagements["1001"].status) == ("queued", AgentStatus.WRAP_UP)
    assert (talking.record.agent, talking.engagements["1002"].status) == ("1002", AgentStatus.TALKING)
    assert [(name, agent) for name, _, agent, _ in stretches(talks) if name != "after_talk"] == [
        ("greeting", ""), ("talking", "1001"), ("playing", "1001"), ("waiting", ""), ("talking", "1002"),
    ]  # fmt: skip


def test_an_agent_whose_queue_stood_behind_a_local_channel_talks_on() -> None:
    events = told((1, ANSWERED), (10, played(PlayedStep.STARTED)), (10.1, ENDED_BY_CALLER))

    story = CallStory(events, area_code="0375")

    assert (story.record.state, story.engagements["1001"].status) == ("talking", AgentStatus.TALKING)


def test_a_citizen_who_hangs_up_while_he_listens_ends_both() -> None:
    events = told(
        (1, ANSWERED), (10, played(PlayedStep.STARTED)), (15, played(PlayedStep.ENDED)),
        (15.1, facts.CallEnded(hangup_cause=16)),
    )  # fmt: skip

    story = CallStory(events, area_code="0375")

    assert plays_of(events)[0].words == "播报中结束通话"
    assert (story.record.outcome, story.engagements["1001"].status) == ("answered", AgentStatus.WRAP_UP)
    assert stretches(events)[-1] == ("playing", 5_100, "1001", PETITION)


def test_several_playings_are_told_apart() -> None:
    events = told(
        (5, played(PlayedStep.STARTED)), (9, played(PlayedStep.STOPPED)),
        (20, played(PlayedStep.STARTED, "nuisance", "2")),
    )  # fmt: skip

    assert [(one.flow, one.step) for one in plays_of(events)] == [
        (PETITION, PlayedStep.STOPPED), ("nuisance", PlayedStep.STARTED),
    ]  # fmt: skip
    assert plays_of(events)[1].settled_at is None
