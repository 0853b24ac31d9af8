"""The table from AMI to our words: every kind of event has its row."""

import typing

import pytest

from ami_bridge import events as ami
from ami_bridge.interpret import TABLE, interpret
from app.contract import events as told
from app.contract.events import AnyPayload, QueueLeftReason
from app.contract.ids import CallId, LinkedId, UniqueId

CALLER = ami.Caller(CallId("c"), UniqueId("u"), LinkedId("l"))
LEG = UniqueId("leg")

ROWS: list[tuple[ami.AmiEvent, list[AnyPayload]]] = [
    (
        ami.AmiCallArrived(9.0, CALLER, "carrier", "12345", "138", "张三"),
        [told.CallArrived(trunk="carrier", dnis="12345", ani="138", caller_name="张三")],
    ),
    (
        ami.AmiCallArrived(9.0, CALLER, "transport", "12345", "138", "", "12328", "diversion", "parallel", "12328"),
        [
            told.CallArrived(
                trunk="transport",
                dnis="12345",
                ani="138",
                original_line="12328",
                line_rule="diversion",
                mode="parallel",
                diversion="12328",
            )
        ],
    ),
    (
        ami.AmiForwarded(9.0, CALLER, "12333", "labour", "busy", 900, 0, is_parallel=False),
        [told.CallForwarded(line="12333", trunk="labour", result=told.ForwardResult.BUSY, ring_time_ms=900)],
    ),
    (ami.AmiLegOfCall(9.0, LEG, CallId("c")), []),
    (ami.AmiCallerJoined(9.0, CALLER, "common", 2), [told.CallerQueued(queue="common", position=2)]),
    (
        ami.AmiAgentCalled(9.0, CALLER, "common", "1001", "8001", LEG),
        [told.AgentRinging(queue="common", agent="1001", seat="8001")],
    ),
    (
        ami.AmiAgentRingNoAnswer(9.0, CALLER, "common", "1001", 4000),
        [told.AgentMissed(queue="common", agent="1001", ring_time_ms=4000)],
    ),
    (
        ami.AmiAgentConnected(9.0, CALLER, "common", "1001", "8001", LEG, 7, 3),
        [told.AgentAnswered(queue="common", agent="1001", seat="8001", hold_time_seconds=7, ring_time_seconds=3)],
    ),
    (
        ami.AmiAgentCompleted(9.0, CALLER, "common", "1001", 60, "caller"),
        [told.ConversationEnded(queue="common", agent="1001", talk_time_seconds=60, ended_by="caller")],
    ),
    (
        ami.AmiQueueLeft(9.0, CALLER, "common", "JOINEMPTY"),
        [told.QueueTimedOut(queue="common", reason=QueueLeftReason.NO_AGENT)],
    ),
    (
        ami.AmiCallEnded(9.0, CALLER, "queue", "common", "1001", 5.0, 16),
        [told.CallEnded(hangup_cause=16, hangup_cause_text="normal clearing")],
    ),
    (
        ami.AmiCallEnded(9.5, CALLER, "queue", "common", "", 5.0, 0),
        [told.CallerAbandoned(queue="common", hold_time_seconds=4), told.CallEnded()],
    ),
    (
        ami.AmiCallEnded(9.0, CALLER, "greeting", "", "", 0.0, 16),
        [told.CallEnded(hangup_cause=16, hangup_cause_text="normal clearing")],
    ),
    (ami.AmiCallEnded(9.0, CALLER, "after_queue", "common", "", 5.0, 999), [told.CallEnded(hangup_cause=999)]),
    (ami.AmiRecordingSaved(9.0, CALLER, "c.wav"), [told.RecordingSaved(file="c.wav")]),
    (
        ami.AmiHandedOver(9.0, CALLER, "110", "refused", "1001", "1", "busy"),
        [told.HandedOver(target="110", result=told.HandoverResult.REFUSED, agent="1001", attempt="1", cause="busy")],
    ),
    (
        ami.AmiFlowPlayed(9.0, CALLER, "nuisance", "queued", "1001", "2"),
        [told.FlowPlayed(flow="nuisance", step=told.PlayedStep.QUEUED, agent="1001", play="2")],
    ),
    (ami.AmiCalledBack(9.0, CALLER, "offered", ""), [told.CallbackProgressed(step=told.CallbackStep.OFFERED)]),
    (
        ami.AmiCalledBack(9.0, CALLER, "missed", "busy"),
        [told.CallbackProgressed(step=told.CallbackStep.MISSED, cause="busy")],
    ),
    (ami.AmiTransferred(9.0, CALLER, "blind", "8002", True), [told.CallTransferred(kind="blind", target="8002")]),
    (ami.AmiTransferred(9.0, CALLER, "blind", "8002", False), []),
    (
        ami.AmiTransferred(9.0, CALLER, "attended", "8002", True, "8002", "leg"),
        [told.CallTransferred(kind="attended", target="8002"), told.AgentAnswered(queue="", agent="", seat="8002")],
    ),
    (
        ami.AmiTransferStep(9.0, CALLER, ami.TransferStep.RINGING, "common", "8002", 0, "leg"),
        [told.AgentRinging(queue="common", agent="", seat="8002")],
    ),
    (
        ami.AmiTransferStep(9.0, CALLER, ami.TransferStep.ANSWERED, "common", "8002", 3, "leg"),
        [told.AgentAnswered(queue="common", agent="", seat="8002", ring_time_seconds=3)],
    ),
    (
        ami.AmiTransferStep(9.0, CALLER, ami.TransferStep.MISSED, "common", "8002", 4, ""),
        [told.AgentMissed(queue="common", agent="", ring_time_ms=4000)],
    ),
    (
        ami.AmiTransferStep(9.0, CALLER, ami.TransferStep.ENDED, "common", "8002", 60, ""),
        [told.ConversationEnded(queue="common", agent="", ended_by="agent")],
    ),
    (
        ami.AmiMemberAdded(9.0, "common", "1001", "8001", False, ""),
        [told.AgentSignedIn(agent="1001", queue="common", seat="8001")],
    ),
    (
        ami.AmiMemberAdded(9.0, "common", "1001", "8001", True, "meal"),
        [
            told.AgentSignedIn(agent="1001", queue="common", seat="8001"),
            told.AgentPaused(agent="1001", queue="common", reason="meal"),
        ],
    ),
    (
        ami.AmiMemberRemoved(9.0, "common", "1001", "8001"),
        [told.AgentSignedOut(agent="1001", queue="common", seat="8001")],
    ),
    (
        ami.AmiMemberPaused(9.0, "common", "1001", True, "meal"),
        [told.AgentPaused(agent="1001", queue="common", reason="meal")],
    ),
    (ami.AmiMemberPaused(9.0, "common", "1001", False, ""), [told.AgentResumed(agent="1001", queue="common")]),
]


@pytest.mark.parametrize(("event", "payloads"), ROWS, ids=[type(event).__name__ for event, _ in ROWS])
def test_each_event_becomes_its_facts(event: ami.AmiEvent, payloads: list[AnyPayload]) -> None:
    facts = interpret(event)

    assert [fact.payload for fact in facts] == payloads
    assert all(fact.at == event.at for fact in facts)


def test_every_kind_of_event_has_a_row_and_a_test() -> None:
    kinds = set(typing.get_args(ami.AmiEvent))

    assert set(TABLE) == kinds
    assert {type(event) for event, _ in ROWS} == kinds


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("TIMEOUT", QueueLeftReason.TIMEOUT),
        ("FULL", QueueLeftReason.FULL),
        ("LEAVEEMPTY", QueueLeftReason.NO_AGENT),
        ("JOINUNAVAIL", QueueLeftReason.NO_AGENT),
        ("LEAVEUNAVAIL", QueueLeftReason.NO_AGENT),
        ("WITHDRAW", QueueLeftReason.OTHER),
        ("", QueueLeftReason.OTHER),
    ],
)
def test_each_queue_status_has_its_reason(status: str, reason: QueueLeftReason) -> None:
    [fact] = interpret(ami.AmiQueueLeft(9.0, CALLER, "common", status))

    assert fact.payload == told.QueueTimedOut(queue="common", reason=reason)


def test_facts_about_a_leg_carry_it() -> None:
    [answered] = interpret(ami.AmiAgentConnected(9.0, CALLER, "common", "1001", "8001", LEG, 7, 3))

    assert (answered.call_id, answered.uniqueid, answered.linkedid, answered.member_uniqueid) == ("c", "u", "l", "leg")
