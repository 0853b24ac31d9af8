"""What is news: numbers, twins, and knowledge that comes back from the journal."""

import pytest

from ami_bridge.facts import Fact
from ami_bridge.identity import IDENTITY
from ami_bridge.knowledge import KEEP_ENDED_SECONDS, KEEP_SILENT_SECONDS, Knowledge, Source
from app.contract import events as told
from app.contract.events import AnyPayload, CallEvent
from app.contract.ids import CallId, LinkedId, UniqueId

QUEUED = told.CallerQueued(queue="common")
PAUSED = told.AgentPaused(agent="1001", queue="common", reason="meal")


@pytest.fixture
def knowledge() -> Knowledge:
    return Knowledge("node1")


def of_call(payload: AnyPayload, at: float, leg: str = "", call: str = "c") -> Fact:
    return Fact(payload, at, CallId(call), UniqueId(call), LinkedId(call), leg)


def told_id(knowledge: Knowledge, fact: Fact, source: Source) -> str | None:
    event = knowledge.tell(fact, source)
    return event.event_id if event else None


def restarted(events: list[CallEvent | None]) -> Knowledge:
    knowledge = Knowledge("node1")
    for event in events:
        if event is not None:
            knowledge.remember(CallEvent.model_validate_json(event.model_dump_json()))
    return knowledge


def test_every_payload_the_bridge_tells_has_an_identity() -> None:
    not_the_bridges = {
        told.IntakeRecorded,
        told.CallbackRequested,
        told.CallRated,
        told.MessageLeft,
    }
    assert set(IDENTITY) == set(told.AnyPayload.__args__) - not_the_bridges  # type: ignore[attr-defined]


def test_an_end_is_told_once_whatever_the_source(knowledge: Knowledge) -> None:
    ended = of_call(told.CallEnded(), 10.0)

    assert told_id(knowledge, ended, Source.LINE) == "node1:c:CallEnded"
    assert told_id(knowledge, ended, Source.LIVE) is None
    assert told_id(knowledge, of_call(told.CallEnded(), 99.0), Source.SNAPSHOT) is None


def test_an_answer_is_known_by_the_agents_leg(knowledge: Knowledge) -> None:
    answered = told.AgentAnswered(queue="common", agent="1001", seat="8001")

    assert told_id(knowledge, of_call(answered, 1.0, "leg-1"), Source.LIVE) == "node1:c:AgentAnswered:leg-1"
    assert told_id(knowledge, of_call(answered, 1.0, "leg-2"), Source.LIVE) == "node1:c:AgentAnswered:leg-2"
    assert told_id(knowledge, of_call(answered, 9.0, "leg-1"), Source.LINE) is None


def test_who_talked_is_known_even_when_asterisk_forgot_the_channels(knowledge: Knowledge) -> None:
    answered = told.AgentAnswered(queue="common", agent="1001", seat="8001")
    knowledge.tell(of_call(answered, 1.0, "leg-1", call="first"), Source.LIVE)
    knowledge.tell(of_call(told.ConversationEnded(queue="common", agent="1001"), 2.0, call="first"), Source.LIVE)
    knowledge.tell(of_call(answered, 3.0, "leg-2", call="second"), Source.LIVE)
    knowledge.tell(of_call(told.CallEnded(), 4.0, call="second"), Source.LIVE)

    caller = knowledge.find_caller("common", "1001")

    assert caller is not None
    assert caller.call_id == "second"
    assert knowledge.find_caller("common", "1002") is None


def test_the_second_time_in_the_queue_is_another_fact(knowledge: Knowledge) -> None:
    ids = [told_id(knowledge, of_call(QUEUED, at), Source.LIVE) for at in (10.2, 10.9)]

    assert ids == ["node1:c:CallerQueued:common:1", "node1:c:CallerQueued:common:2"]


def test_each_line_covers_one_live_fact_only(knowledge: Knowledge) -> None:
    """Paused and paused again within a second, of which only the first was heard: the second is news."""
    assert told_id(knowledge, Fact(PAUSED, 10.1), Source.LIVE) == "node1::AgentPaused:common:1001:10:1"

    ids = [told_id(knowledge, Fact(PAUSED, 10.0), Source.LINE) for _ in range(2)]

    assert ids == [None, "node1::AgentPaused:common:1001:10:2"]


def test_a_line_far_from_its_like_is_another_fact(knowledge: Knowledge) -> None:
    knowledge.tell(Fact(PAUSED, 10.1), Source.LIVE)

    assert told_id(knowledge, Fact(PAUSED, 13.0), Source.LINE) is not None


def test_what_happens_after_the_log_was_read_is_news_however_close(knowledge: Knowledge) -> None:
    missed = told.AgentMissed(queue="common", agent="1001")
    for payload in (PAUSED, told.AgentResumed(agent="1001", queue="common")):
        knowledge.tell(Fact(payload, 10.0), Source.LINE)
    knowledge.tell(of_call(missed, 10.0), Source.LINE)
    knowledge.replayed_at = 10.9

    assert told_id(knowledge, Fact(PAUSED, 11.0), Source.LIVE) is not None
    assert told_id(knowledge, of_call(missed, 11.6), Source.LIVE) is not None


def test_what_amis_lag_delivers_after_the_log_was_read_is_no_news(knowledge: Knowledge) -> None:
    signed_in = told.AgentSignedIn(agent="1001", queue="common", seat="8001")
    for payload in (signed_in, PAUSED):
        knowledge.tell(Fact(payload, 10.0), Source.LINE)
    knowledge.tell(of_call(QUEUED, 10.0), Source.LINE)
    knowledge.replayed_at = 10.9

    assert told_id(knowledge, Fact(signed_in, 10.92), Source.LIVE) is None
    assert told_id(knowledge, Fact(PAUSED, 10.95), Source.LIVE) is None
    assert told_id(knowledge, of_call(QUEUED, 10.95), Source.LIVE) is None


def test_toggling_faster_than_a_second_loses_nothing(knowledge: Knowledge) -> None:
    ids = [told_id(knowledge, Fact(PAUSED, at), Source.LIVE) for at in (10.1, 10.4, 10.8)]

    assert len(set(ids)) == 3
    assert None not in ids


def test_a_restart_remembers_numbers_and_twins() -> None:
    first = Knowledge("node1")
    live = [
        first.tell(of_call(QUEUED, 10.2), Source.LIVE),
        first.tell(of_call(told.CallArrived(trunk="t"), 9.0), Source.LIVE),
    ]

    knowledge = restarted(live)

    assert told_id(knowledge, of_call(QUEUED, 10.0), Source.LINE) is None
    assert told_id(knowledge, of_call(QUEUED, 60.0), Source.LINE) == "node1:c:CallerQueued:common:2"
    assert knowledge.live_calls() == {"c"}


def test_what_was_rebuilt_before_a_second_crash_is_not_rebuilt_again() -> None:
    first = Knowledge("node1")
    rebuilt = [first.tell(of_call(QUEUED, 10.0), Source.LINE)]

    knowledge = restarted(rebuilt)

    assert told_id(knowledge, of_call(QUEUED, 10.0), Source.LINE) is None


def test_a_line_of_another_channel_is_put_to_its_call(knowledge: Knowledge) -> None:
    """The caller of a parallel answer is a Local channel; live events said whose call it is."""
    live = Fact(QUEUED, 10.0, CallId("c"), UniqueId("local;2"), LinkedId("c"))
    knowledge.tell(live, Source.LIVE)
    line = Fact(told.AgentMissed(queue="common", agent="1001"), 12.0, CallId("local;2"), UniqueId("local;2"))

    event = knowledge.tell(line, Source.LINE)

    assert event is not None
    assert event.call_id == "c"


def test_a_rebuilt_answer_gets_the_seat_we_know(knowledge: Knowledge) -> None:
    knowledge.tell(Fact(told.AgentSignedIn(agent="1001", queue="common", seat="8001"), 1.0), Source.LIVE)

    event = knowledge.tell(of_call(told.AgentAnswered(queue="common", agent="1001"), 5.0, "leg"), Source.LINE)

    assert event is not None
    assert event.is_reconstructed
    assert isinstance(event.payload, told.AgentAnswered)
    assert event.payload.seat == "8001"


def test_a_transfer_gets_the_agent_who_talks(knowledge: Knowledge) -> None:
    knowledge.tell(of_call(told.AgentAnswered(queue="common", agent="1001"), 5.0, "leg"), Source.LIVE)

    event = knowledge.tell(of_call(told.CallTransferred(kind="blind", target="8002"), 6.0), Source.LIVE)

    assert event is not None
    assert isinstance(event.payload, told.CallTransferred)
    assert event.payload.agent == "1001"


def test_a_fact_that_comes_late_changes_nothing_newer(knowledge: Knowledge) -> None:
    knowledge.tell(Fact(told.AgentSignedIn(agent="1001", queue="common", seat="8001"), 1.0), Source.LIVE)
    knowledge.tell(Fact(told.AgentResumed(agent="1001", queue="common"), 20.0), Source.LIVE)

    assert knowledge.tell(Fact(PAUSED, 15.0), Source.LINE) is not None

    assert not knowledge.members["common", "1001"].is_paused


def test_ended_and_silent_calls_are_forgotten_in_the_end(knowledge: Knowledge) -> None:
    for call, payload in (("over", told.CallEnded()), ("silent", QUEUED)):
        knowledge.tell(of_call(payload, 100.0, call=call), Source.LIVE)
    knowledge.tell(Fact(PAUSED, 100.0), Source.LIVE)

    knowledge.forget(100.0 + KEEP_ENDED_SECONDS - 1)
    assert set(knowledge.calls) == {"over", "silent"}
    knowledge.forget(100.0 + KEEP_ENDED_SECONDS + 1)
    assert set(knowledge.calls) == {"silent"}
    knowledge.forget(100.0 + KEEP_SILENT_SECONDS + 1)
    assert not knowledge.calls


def test_lines_of_a_leg_speak_of_the_call_it_belongs_to() -> None:
    knowledge = Knowledge("node1")
    knowledge.learn_leg(UniqueId("node1-1.5"), CallId("node1-1.1"), 10.0)

    event = knowledge.tell(
        Fact(told.CallerQueued(queue="common"), 11.0, CallId("node1-1.5"), UniqueId("node1-1.5")), Source.LINE
    )

    assert event is not None
    assert event.call_id == "node1-1.1"


def signed_in(knowledge: Knowledge, agent: str, seat: str, at: float = 1.0) -> None:
    knowledge.tell(Fact(told.AgentSignedIn(agent=agent, queue="common", seat=seat), at), Source.LIVE)


def of_seat(payload: AnyPayload, at: float, leg: str = "leg-2", seat: str = "8002") -> Fact:
    return Fact(payload, at, CallId("c"), UniqueId("c"), LinkedId("c"), leg, seat)


def test_what_a_seat_does_is_told_of_who_signed_in_there_last(knowledge: Knowledge) -> None:
    signed_in(knowledge, "1002", "8002")
    signed_in(knowledge, "1009", "8002", at=2.0)
    signed_in(knowledge, "1001", "8001", at=3.0)

    event = knowledge.tell(of_seat(told.AgentRinging(queue="common", agent="", seat="8002"), 5.0), Source.LIVE)

    assert event is not None
    assert isinstance(event.payload, told.AgentRinging)
    assert event.payload.agent == "1009"


def test_what_a_seat_without_an_agent_does_is_no_agents_fact(knowledge: Knowledge) -> None:
    missed = of_seat(told.AgentMissed(queue="common", agent=""), 5.0)

    assert knowledge.tell(missed, Source.LIVE) is None


def test_who_got_a_call_by_an_attended_transfer_has_it_in_its_queue(knowledge: Knowledge) -> None:
    signed_in(knowledge, "1002", "8002")
    knowledge.tell(of_call(told.AgentAnswered(queue="common", agent="1001"), 5.0, "leg"), Source.LIVE)

    event = knowledge.tell(of_seat(told.AgentAnswered(queue="", agent="", seat="8002"), 9.0), Source.LIVE)
    knowledge.tell(of_call(told.ConversationEnded(queue="common", agent="1001"), 9.1), Source.LIVE)

    assert event is not None
    assert isinstance(event.payload, told.AgentAnswered)
    assert (event.payload.queue, event.payload.agent) == ("common", "1002")
    assert knowledge.calls[CallId("c")].agent == "1002"
