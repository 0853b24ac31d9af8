"""What a snapshot adds after a gap."""

from ami_bridge.events import SeenMember
from ami_bridge.knowledge import CallKnowledge, MemberKnowledge
from ami_bridge.resync import end_facts, gone_calls, member_facts
from app.contract import events as told
from app.contract.events import AnyPayload
from app.contract.ids import CallId, UniqueId

SEEN = SeenMember("common", "1001", "8001", is_paused=False, reason="")
SEEN_PAUSED = SeenMember("common", "1001", "8001", is_paused=True, reason="meal")


def payloads(known: MemberKnowledge | None, seen: SeenMember | None) -> list[AnyPayload]:
    members = {("common", "1001"): known} if known else {}
    return [fact.payload for fact in member_facts(members, [seen] if seen else [], 9.0)]


def test_members_that_came_and_went_are_told() -> None:
    signed_in = told.AgentSignedIn(agent="1001", queue="common", seat="8001")
    paused = told.AgentPaused(agent="1001", queue="common", reason="meal")

    assert payloads(None, SEEN) == [signed_in]
    assert payloads(None, SEEN_PAUSED) == [signed_in, paused]
    assert payloads(MemberKnowledge("8001"), None) == [told.AgentSignedOut(agent="1001", queue="common", seat="8001")]


def test_pauses_that_were_not_heard_are_told() -> None:
    assert payloads(MemberKnowledge("8001"), SEEN_PAUSED) == [
        told.AgentPaused(agent="1001", queue="common", reason="meal")
    ]
    assert payloads(MemberKnowledge("8001", True, "rest"), SEEN_PAUSED) == [
        told.AgentPaused(agent="1001", queue="common", reason="meal")
    ]
    assert payloads(MemberKnowledge("8001", True, "meal"), SEEN) == [told.AgentResumed(agent="1001", queue="common")]


def test_what_we_knew_is_not_told_again() -> None:
    assert payloads(MemberKnowledge("8001"), SEEN) == []
    assert payloads(MemberKnowledge("8001", True, "meal"), SEEN_PAUSED) == []


def test_a_seat_that_the_log_did_not_name_is_told() -> None:
    assert payloads(MemberKnowledge(""), SEEN) == [told.AgentSignedIn(agent="1001", queue="common", seat="8001")]


def test_calls_without_a_channel_are_gone() -> None:
    assert gone_calls({CallId("a"), CallId("b")}, {UniqueId("b"), UniqueId("leg")}) == {"a"}


def test_who_was_waiting_when_it_ended_reached_nobody() -> None:
    facts = end_facts(CallId("c"), CallKnowledge(waiting_in="common", waiting_since=4.0), 9.5)

    assert [fact.payload for fact in facts] == [
        told.CallerAbandoned(queue="common", hold_time_seconds=5),
        told.CallEnded(hangup_cause_text="channel gone"),
    ]


def test_who_was_talking_when_it_ended_has_ended_a_conversation() -> None:
    facts = end_facts(CallId("c"), CallKnowledge(queue="common", agent="1001", answered_at=4.0), 9.5)

    assert [fact.payload for fact in facts] == [
        told.ConversationEnded(queue="common", agent="1001", talk_time_seconds=5),
        told.CallEnded(hangup_cause_text="channel gone"),
    ]
