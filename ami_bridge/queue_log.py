"""One line of Asterisk's queue_log as the event that AMI would have told: the bridge's memory over a gap.

`time|callid|queue|agent|event|data1|data2|…`, whole seconds. AgentCalled has no line, so a ringing phone is not
rebuilt. QUEUESTATUS without a line of Asterisk's own (JOINEMPTY, FULL) comes from our dialplan's HL… lines.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ami_bridge.events import (
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
from ami_bridge.parse import Unreadable, epoch_seconds
from app.contract import variables
from app.contract.ids import CallId, LinkedId, UniqueId


@dataclass(frozen=True, slots=True)
class Line:
    """The columns of one line; `data` has as many as the event wrote."""

    at: float
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    @property
    def caller(self) -> Caller:
        return Caller(CallId(self.callid), UniqueId(self.callid), LinkedId(self.callid))

    def text(self, index: int, limit: int = 500) -> str:
        return self.data[index][:limit] if index < len(self.data) else ""

    def number(self, index: int) -> int:
        """Never negative; 0 where the column is missing or empty. Raises ValueError for anything else."""
        return max(0, int(self.text(index) or 0))


def parse_line(text: str) -> list[AmiEvent]:
    """The events in one line; none for what tells us nothing. Raises Unreadable."""
    columns = text.split("|")
    if len(columns) < 5 or not columns[0].isdecimal():
        raise Unreadable("queue_log: not a line of queue_log")
    parser = LINES.get(columns[4])
    if parser is None:
        return []
    try:
        return parser(
            Line(epoch_seconds(columns[0]), columns[1], columns[2], columns[3], columns[4], tuple(columns[5:]))
        )
    except (ValueError, IndexError) as error:
        raise Unreadable(f"queue_log {columns[4]}: {type(error).__name__}") from error


def _arrived(line: Line) -> list[AmiEvent]:
    return [
        AmiCallArrived(
            line.at,
            line.caller,
            trunk=line.text(0, 80),
            dnis=line.text(1, 64),
            ani=line.text(2, 64),
            caller_name=line.text(3),
            original_line=line.text(4, 64),
            line_rule=line.text(5, 20),
            mode=line.text(6, 20),
            diversion=line.text(7, 64),
        )
    ]


def _forwarded(line: Line) -> list[AmiEvent]:
    return [
        AmiForwarded(
            line.at,
            line.caller,
            line=line.text(0, 64),
            trunk=line.text(1, 80),
            result=line.data[2],
            ring_time_ms=line.number(3),
            talk_time_ms=line.number(4),
            is_parallel=line.text(5) == "1",
        )
    ]


def _leg(line: Line) -> list[AmiEvent]:
    call_id = line.text(0, 64)
    return [AmiLegOfCall(line.at, UniqueId(line.callid), CallId(call_id))] if call_id else []


def _joined(line: Line) -> list[AmiEvent]:
    return [AmiCallerJoined(line.at, line.caller, line.queue, line.number(2))]


def _ring_no_answer(line: Line) -> list[AmiEvent]:
    return [AmiAgentRingNoAnswer(line.at, line.caller, line.queue, line.agent, line.number(0))]


def _connected(line: Line) -> list[AmiEvent]:
    return [
        AmiAgentConnected(
            line.at,
            line.caller,
            queue=line.queue,
            agent=line.agent,
            seat="",
            member_uniqueid=UniqueId(line.data[1]),
            hold_time_seconds=line.number(0),
            ring_time_seconds=line.number(2),
        )
    ]


def _completed_by(who: str) -> Callable[[Line], list[AmiEvent]]:
    def completed(line: Line) -> list[AmiEvent]:
        return [AmiAgentCompleted(line.at, line.caller, line.queue, line.agent, line.number(1), who)]

    return completed


def _transferred(line: Line) -> list[AmiEvent]:
    """`…|hold|talk|position` at the end, whatever stands before it."""
    if len(line.data) < 4:
        raise ValueError("too few columns")
    talk_time_seconds = max(0, int(line.data[-2]))
    ended = AmiAgentCompleted(line.at, line.caller, line.queue, line.agent, talk_time_seconds, "transfer")
    if line.event == "BLINDTRANSFER":
        return [AmiTransferred(line.at, line.caller, "blind", line.text(0), has_succeeded=True), ended]
    return [AmiTransferred(line.at, line.caller, "attended", "", has_succeeded=True), ended]


def _queue_left(line: Line) -> list[AmiEvent]:
    return [AmiQueueLeft(line.at, line.caller, line.text(0), line.text(1))]


def _ended(line: Line) -> list[AmiEvent]:
    return [
        AmiCallEnded(
            line.at,
            line.caller,
            stage=line.text(0),
            queue=line.text(1),
            member=line.text(2),
            queued_at=epoch_seconds(line.text(3) or "0"),
            cause=line.number(4),
        )
    ]


def _recording(line: Line) -> list[AmiEvent]:
    return [AmiRecordingSaved(line.at, line.caller, line.text(0).rpartition("/")[2])]


def _handed_over(line: Line) -> list[AmiEvent]:
    return [
        AmiHandedOver(
            line.at,
            line.caller,
            target=line.text(0, 64),
            result=line.data[1],
            agent=line.text(2, 80),
            attempt=line.text(3, 64),
            cause=line.text(4, 40),
        )
    ]


def _flow_played(line: Line) -> list[AmiEvent]:
    return [
        AmiFlowPlayed(
            line.at,
            line.caller,
            flow=line.text(0, 80),
            step=line.data[1],
            agent=line.text(2, 80),
            play=line.text(3, 20),
        )
    ]


def _called_back(line: Line) -> list[AmiEvent]:
    return [AmiCalledBack(line.at, line.caller, step=line.data[0], cause=line.text(1, 40))]


def _transfer_step(line: Line) -> list[AmiEvent]:
    return [
        AmiTransferStep(
            line.at,
            line.caller,
            step=TransferStep(line.data[0]),
            queue=line.text(1, 80),
            seat=line.text(2, 80),
            seconds=line.number(3),
            leg=line.text(4, 64),
        )
    ]


def _is_interface(line: Line) -> bool:
    """Without log_membername_as_agent these lines name the device only; the snapshot then says who sits there."""
    return "/" in line.agent


def _member_added(line: Line) -> list[AmiEvent]:
    if _is_interface(line):
        return []
    return [AmiMemberAdded(line.at, line.queue, line.agent, "", is_paused=line.text(0) == "PAUSED", reason="")]


def _member_removed(line: Line) -> list[AmiEvent]:
    return [] if _is_interface(line) else [AmiMemberRemoved(line.at, line.queue, line.agent, "")]


def _member_paused(line: Line) -> list[AmiEvent]:
    if _is_interface(line):
        return []
    return [AmiMemberPaused(line.at, line.queue, line.agent, line.event == "PAUSE", line.text(0))]


LINES: dict[str, Callable[[Line], list[AmiEvent]]] = {
    variables.QUEUE_LOG_ARRIVED: _arrived,
    variables.QUEUE_LOG_FORWARDED: _forwarded,
    variables.QUEUE_LOG_LEG: _leg,
    variables.QUEUE_LOG_LEFT: _queue_left,
    variables.QUEUE_LOG_ENDED: _ended,
    variables.QUEUE_LOG_RECORDING: _recording,
    variables.QUEUE_LOG_HANDOVER: _handed_over,
    variables.QUEUE_LOG_FLOW: _flow_played,
    variables.QUEUE_LOG_CALLBACK: _called_back,
    variables.QUEUE_LOG_TRANSFER: _transfer_step,
    "ENTERQUEUE": _joined,
    "RINGNOANSWER": _ring_no_answer,
    "CONNECT": _connected,
    "COMPLETECALLER": _completed_by("caller"),
    "COMPLETEAGENT": _completed_by("agent"),
    "BLINDTRANSFER": _transferred,
    "ATTENDEDTRANSFER": _transferred,
    "ADDMEMBER": _member_added,
    "REMOVEMEMBER": _member_removed,
    "PAUSE": _member_paused,
    "UNPAUSE": _member_paused,
}
