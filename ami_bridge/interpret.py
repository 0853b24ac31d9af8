"""What an AMI event means in our words. A pure table; whether it is news is decided in `knowledge.py`."""

from collections.abc import Callable
from typing import Any

from ami_bridge.events import (
    AmiAgentCalled,
    AmiAgentCompleted,
    AmiAgentConnected,
    AmiAgentRingNoAnswer,
    AmiCallArrived,
    AmiCalledBack,
    AmiCallEnded,
    AmiCallerJoined,
    AmiEvent,
    AmiFlowPlayed,
    AmiForwarded,
    AmiHandedOver,
    AmiLegOfCall,
    AmiMemberAdded,
    AmiMemberPaused,
    AmiMemberRemoved,
    AmiQueueLeft,
    AmiRecordingSaved,
    AmiTransferred,
    AmiTransferStep,
    Caller,
    TransferStep,
)
from ami_bridge.facts import Fact
from app.contract import events as told
from app.contract.events import AnyPayload, QueueLeftReason

QUEUE_LEFT_REASONS = {
    "TIMEOUT": QueueLeftReason.TIMEOUT,
    "FULL": QueueLeftReason.FULL,
    "JOINEMPTY": QueueLeftReason.NO_AGENT,
    "LEAVEEMPTY": QueueLeftReason.NO_AGENT,
    "JOINUNAVAIL": QueueLeftReason.NO_AGENT,
    "LEAVEUNAVAIL": QueueLeftReason.NO_AGENT,
}
"""Asterisk's QUEUESTATUS in our words; anything else is `other`."""

HANGUP_CAUSES = {
    1: "unallocated number",
    16: "normal clearing",
    17: "user busy",
    18: "no user responding",
    19: "no answer",
    21: "call rejected",
    26: "answered elsewhere",
    31: "normal, unspecified",
    34: "no circuit available",
    38: "network out of order",
    127: "interworking",
}
"""Q.850, those that are seen."""


def interpret(event: AmiEvent) -> list[Fact]:
    """The facts in an event, in order. Raises pydantic.ValidationError when a value breaks the contract."""
    return TABLE[type(event)](event)


def _of_call(event: Any, payload: AnyPayload, member_uniqueid: str = "", seat: str = "") -> Fact:
    caller: Caller = event.caller
    return Fact(payload, event.at, caller.call_id, caller.uniqueid, caller.linkedid, member_uniqueid, seat)


def _call_arrived(event: AmiCallArrived) -> list[Fact]:
    payload = told.CallArrived(
        trunk=event.trunk,
        dnis=event.dnis,
        ani=event.ani,
        caller_name=event.caller_name,
        original_line=event.original_line,
        line_rule=event.line_rule,
        mode=event.mode,
        diversion=event.diversion,
    )
    return [_of_call(event, payload)]


def _forwarded(event: AmiForwarded) -> list[Fact]:
    leg = {"line": event.line, "trunk": event.trunk, "result": event.result, "is_parallel": event.is_parallel}
    times = {"ring_time_ms": event.ring_time_ms, "talk_time_ms": event.talk_time_ms}
    return [_of_call(event, told.CallForwarded.model_validate(leg | times))]


def _leg_of_call(_event: AmiLegOfCall) -> list[Fact]:
    return []


def _caller_joined(event: AmiCallerJoined) -> list[Fact]:
    return [_of_call(event, told.CallerQueued(queue=event.queue, position=event.position))]


def _agent_called(event: AmiAgentCalled) -> list[Fact]:
    payload = told.AgentRinging(queue=event.queue, agent=event.agent, seat=event.seat)
    return [_of_call(event, payload, event.member_uniqueid)]


def _agent_missed(event: AmiAgentRingNoAnswer) -> list[Fact]:
    return [_of_call(event, told.AgentMissed(queue=event.queue, agent=event.agent, ring_time_ms=event.ring_time_ms))]


def _agent_answered(event: AmiAgentConnected) -> list[Fact]:
    payload = told.AgentAnswered(
        queue=event.queue,
        agent=event.agent,
        seat=event.seat,
        hold_time_seconds=event.hold_time_seconds,
        ring_time_seconds=event.ring_time_seconds,
    )
    return [_of_call(event, payload, event.member_uniqueid)]


def _conversation_ended(event: AmiAgentCompleted) -> list[Fact]:
    payload = told.ConversationEnded(
        queue=event.queue,
        agent=event.agent,
        talk_time_seconds=event.talk_time_seconds,
        ended_by=event.ended_by,
    )
    return [_of_call(event, payload)]


def _queue_left(event: AmiQueueLeft) -> list[Fact]:
    reason = QUEUE_LEFT_REASONS.get(event.status, QueueLeftReason.OTHER)
    return [_of_call(event, told.QueueTimedOut(queue=event.queue, reason=reason))]


def _call_ended(event: AmiCallEnded) -> list[Fact]:
    """QueueCallerAbandon is also raised for time-outs and empty queues, so only our hangup handler says who gave up."""
    facts = []
    if event.stage == "queue" and not event.member:
        hold_time_seconds = max(0, int(event.at - event.queued_at)) if event.queued_at else 0
        facts.append(_of_call(event, told.CallerAbandoned(queue=event.queue, hold_time_seconds=hold_time_seconds)))
    text = HANGUP_CAUSES.get(event.cause, "")
    facts.append(_of_call(event, told.CallEnded(hangup_cause=event.cause, hangup_cause_text=text)))
    return facts


def _recording_saved(event: AmiRecordingSaved) -> list[Fact]:
    return [_of_call(event, told.RecordingSaved(file=event.file))]


def _handed_over(event: AmiHandedOver) -> list[Fact]:
    step = {"target": event.target, "result": event.result, "agent": event.agent}
    payload = told.HandedOver.model_validate({**step, "attempt": event.attempt, "cause": event.cause})
    return [_of_call(event, payload)]


def _flow_played(event: AmiFlowPlayed) -> list[Fact]:
    step = {"flow": event.flow, "step": event.step, "agent": event.agent, "play": event.play}
    return [_of_call(event, told.FlowPlayed.model_validate(step))]


def _called_back(event: AmiCalledBack) -> list[Fact]:
    return [_of_call(event, told.CallbackProgressed.model_validate({"step": event.step, "cause": event.cause}))]


def _transferred(event: AmiTransferred) -> list[Fact]:
    if not event.has_succeeded:
        return []
    facts = [_of_call(event, told.CallTransferred(kind=event.kind, target=event.target))]
    if event.seat:
        facts.append(_of_call(event, told.AgentAnswered(queue="", agent="", seat=event.seat), event.leg, event.seat))
    return facts


def _transfer_step(event: AmiTransferStep) -> list[Fact]:
    payload: AnyPayload
    match event.step:
        case TransferStep.RINGING:
            payload = told.AgentRinging(queue=event.queue, agent="", seat=event.seat)
        case TransferStep.ANSWERED:
            payload = told.AgentAnswered(queue=event.queue, agent="", seat=event.seat, ring_time_seconds=event.seconds)
        case TransferStep.MISSED:
            payload = told.AgentMissed(queue=event.queue, agent="", ring_time_ms=event.seconds * 1000)
        case TransferStep.ENDED:
            payload = told.ConversationEnded(queue=event.queue, agent="", ended_by="agent")
    return [_of_call(event, payload, event.leg, event.seat)]


def _member_added(event: AmiMemberAdded) -> list[Fact]:
    facts = [Fact(told.AgentSignedIn(agent=event.agent, queue=event.queue, seat=event.seat), event.at)]
    if event.is_paused:
        facts.append(Fact(told.AgentPaused(agent=event.agent, queue=event.queue, reason=event.reason), event.at))
    return facts


def _member_removed(event: AmiMemberRemoved) -> list[Fact]:
    return [Fact(told.AgentSignedOut(agent=event.agent, queue=event.queue, seat=event.seat), event.at)]


def _member_paused(event: AmiMemberPaused) -> list[Fact]:
    if event.is_paused:
        return [Fact(told.AgentPaused(agent=event.agent, queue=event.queue, reason=event.reason), event.at)]
    return [Fact(told.AgentResumed(agent=event.agent, queue=event.queue), event.at)]


TABLE: dict[type[AmiEvent], Callable[[Any], list[Fact]]] = {
    AmiCallArrived: _call_arrived,
    AmiForwarded: _forwarded,
    AmiLegOfCall: _leg_of_call,
    AmiCallerJoined: _caller_joined,
    AmiAgentCalled: _agent_called,
    AmiAgentRingNoAnswer: _agent_missed,
    AmiAgentConnected: _agent_answered,
    AmiAgentCompleted: _conversation_ended,
    AmiQueueLeft: _queue_left,
    AmiCallEnded: _call_ended,
    AmiRecordingSaved: _recording_saved,
    AmiHandedOver: _handed_over,
    AmiFlowPlayed: _flow_played,
    AmiCalledBack: _called_back,
    AmiTransferred: _transferred,
    AmiTransferStep: _transfer_step,
    AmiMemberAdded: _member_added,
    AmiMemberRemoved: _member_removed,
    AmiMemberPaused: _member_paused,
}
