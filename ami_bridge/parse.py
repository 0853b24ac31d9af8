"""The door: AMI headers become typed events here, once, and AMI's names exist nowhere else (style.md rule 3)."""

from collections.abc import Callable

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
    AmiMemberAdded,
    AmiMemberPaused,
    AmiMemberRemoved,
    AmiQueueLeft,
    AmiRecordingSaved,
    AmiTransferred,
    AmiTransferStep,
    Caller,
    SeenMember,
    TransferStep,
)
from ami_bridge.switch import Headers
from app.contract import variables
from app.contract.ids import CallId, LinkedId, UniqueId

YES = "1"
LATEST = 32_503_680_000
"""The year 3000."""


class Unreadable(Exception):
    """An event without what it must have. It is parked with this reason, which is logged: no value stands in it."""


def parse_event(name: str, headers: Headers) -> AmiEvent | None:
    """The typed event, or None for one that tells us nothing. Raises Unreadable."""
    if name == "UserEvent":
        name = headers.get("UserEvent", "")
    parser = PARSERS.get(name)
    if parser is None:
        return None
    try:
        return parser(headers)
    except KeyError as error:
        raise Unreadable(f"{name} without {error.args[0]}") from error
    except ValueError as error:
        raise Unreadable(f"{name}: {type(error).__name__}") from error


def parse_members(messages: list[Headers]) -> list[SeenMember]:
    """The members in the answer to QueueStatus; an unreadable one is left out."""
    return [
        SeenMember(
            queue=message["Queue"],
            agent=message.get("Name") or _seat(message.get("Location", "")),
            seat=_seat(message.get("Location", "")),
            is_paused=message.get("Paused") == YES,
            reason=message.get("PausedReason", ""),
        )
        for message in messages
        if message.get("Event") == "QueueMember" and message.get("Queue") and message.get("Location")
    ]


def parse_channels(messages: list[Headers]) -> dict[UniqueId, str]:
    """Names of the channels that live, by uniqueid, in the answer to CoreShowChannels."""
    return {
        UniqueId(message["Uniqueid"]): message.get("Channel", "")
        for message in messages
        if message.get("Event") == "CoreShowChannel" and message.get("Uniqueid")
    }


def _seat(interface: str) -> str:
    """`PJSIP/1001` is seat 1001."""
    return interface.rpartition("/")[2]


def epoch_seconds(text: str) -> float:
    """A moment. Raises ValueError for what no calendar holds (`nan`, `inf`, the year 9999)."""
    seconds = float(text)
    if not 0 <= seconds < LATEST:
        raise ValueError(f"not a moment: {text[:40]}")
    return seconds


def _at(headers: Headers) -> float:
    return epoch_seconds(headers["Timestamp"])


def _caller(headers: Headers, prefix: str = "") -> Caller:
    """Whose call this is: accountcode carries HL_CALL_ID on every leg; a channel without one is its own call."""
    uniqueid = headers[f"{prefix}Uniqueid"]
    linkedid = headers.get(f"{prefix}Linkedid") or uniqueid
    return Caller(CallId(headers.get(f"{prefix}AccountCode") or linkedid), UniqueId(uniqueid), LinkedId(linkedid))


def _own_caller(headers: Headers) -> Caller:
    """As our own user events say it: the call's first channel has the call's id."""
    call_id = headers["CallId"]
    if not call_id:
        raise KeyError("CallId")
    return Caller(CallId(call_id), UniqueId(call_id), LinkedId(headers.get("Linkedid") or call_id))


def _agent(headers: Headers) -> str:
    return headers.get("MemberName") or _seat(headers["Interface"])


def _arrived(headers: Headers) -> AmiCallArrived:
    return AmiCallArrived(
        _at(headers),
        _own_caller(headers),
        trunk=headers["Trunk"][:80],
        dnis=headers.get("Dnis", "")[:64],
        ani=headers.get("Ani", "")[:64],
        caller_name=headers.get("CallerName", "")[:500],
        original_line=headers.get("OriginalLine", "")[:64],
        line_rule=headers.get("LineRule", "")[:20],
        mode=headers.get("Mode", "")[:20],
        diversion=headers.get("Diversion", "")[:64],
    )


def _forwarded(headers: Headers) -> AmiForwarded:
    return AmiForwarded(
        _at(headers),
        _own_caller(headers),
        line=headers["Line"][:64],
        trunk=headers.get("Trunk", "")[:80],
        result=headers["Result"],
        ring_time_ms=max(0, int(headers.get("RingMs") or 0)),
        talk_time_ms=max(0, int(headers.get("TalkMs") or 0)),
        is_parallel=headers.get("IsParallel") == YES,
    )


def _queue_left(headers: Headers) -> AmiQueueLeft:
    return AmiQueueLeft(_at(headers), _own_caller(headers), headers["Queue"], headers.get("Status", ""))


def _ended(headers: Headers) -> AmiCallEnded:
    return AmiCallEnded(
        _at(headers),
        _own_caller(headers),
        stage=headers.get("Stage", ""),
        queue=headers.get("Queue", ""),
        member=headers.get("Member", ""),
        queued_at=epoch_seconds(headers.get("QueuedAt") or "0"),
        cause=int(headers.get("Cause") or 0),
    )


def _recording(headers: Headers) -> AmiRecordingSaved:
    return AmiRecordingSaved(_at(headers), _own_caller(headers), headers["File"].rpartition("/")[2])


def _handed_over(headers: Headers) -> AmiHandedOver:
    return AmiHandedOver(
        _at(headers),
        _own_caller(headers),
        target=headers["Target"],
        result=headers["Result"],
        agent=headers.get("Agent", ""),
        attempt=headers.get("Attempt", ""),
        cause=headers.get("Cause", ""),
    )


def _flow_played(headers: Headers) -> AmiFlowPlayed:
    return AmiFlowPlayed(
        _at(headers),
        _own_caller(headers),
        flow=headers["Flow"],
        step=headers["Step"],
        agent=headers.get("Agent", ""),
        play=headers.get("Play", ""),
    )


def _called_back(headers: Headers) -> AmiCalledBack:
    return AmiCalledBack(_at(headers), _own_caller(headers), headers["Step"], headers.get("Cause", ""))


def _caller_joined(headers: Headers) -> AmiCallerJoined:
    position = int(headers.get("Position") or 0)
    return AmiCallerJoined(_at(headers), _caller(headers), headers["Queue"], position)


def _agent_called(headers: Headers) -> AmiAgentCalled:
    return AmiAgentCalled(
        _at(headers),
        _caller(headers),
        queue=headers["Queue"],
        agent=_agent(headers),
        seat=_seat(headers["Interface"]),
        member_uniqueid=UniqueId(headers["DestUniqueid"]),
    )


def _ring_no_answer(headers: Headers) -> AmiAgentRingNoAnswer:
    ring_time_ms = max(0, int(headers.get("RingTime") or 0))  # milliseconds here, seconds in AgentConnect
    return AmiAgentRingNoAnswer(_at(headers), _caller(headers), headers["Queue"], _agent(headers), ring_time_ms)


def _agent_connected(headers: Headers) -> AmiAgentConnected:
    return AmiAgentConnected(
        _at(headers),
        _caller(headers),
        queue=headers["Queue"],
        agent=_agent(headers),
        seat=_seat(headers["Interface"]),
        member_uniqueid=UniqueId(headers["DestUniqueid"]),
        hold_time_seconds=max(0, int(headers.get("HoldTime") or 0)),
        ring_time_seconds=max(0, int(headers.get("RingTime") or 0)),
    )


def _agent_completed(headers: Headers) -> AmiAgentCompleted:
    return AmiAgentCompleted(
        _at(headers),
        _caller(headers) if headers.get("Uniqueid") else None,
        queue=headers["Queue"],
        agent=_agent(headers),
        talk_time_seconds=max(0, int(headers.get("TalkTime") or 0)),
        ended_by=headers.get("Reason", "")[:20],
    )


def _blind_transfer(headers: Headers) -> AmiTransferred | None:
    prefix = "Transferee" if headers.get("TransfereeUniqueid") else "Transferer"
    has_succeeded = headers["Result"] == "Success"
    event = AmiTransferred(_at(headers), _caller(headers, prefix), "blind", headers.get("Extension", ""), has_succeeded)
    return event if headers.get(f"{prefix}AccountCode") else None  # two seats that talk to each other make no call


def _attended_transfer(headers: Headers) -> AmiTransferred | None:
    prefix = "Transferee" if headers.get("TransfereeUniqueid") else "OrigTransferer"
    has_succeeded = headers["Result"] == "Success"
    seat = _seat(headers.get("TransferTargetChannel", "")).rpartition("-")[0]
    target = seat or headers.get("SecondTransfererConnectedLineNum", "")
    leg = headers.get("TransferTargetUniqueid", "")
    event = AmiTransferred(_at(headers), _caller(headers, prefix), "attended", target, has_succeeded, seat, leg)
    return event if headers.get(f"{prefix}AccountCode") else None


def _transfer_step(headers: Headers) -> AmiTransferStep:
    return AmiTransferStep(
        _at(headers),
        _own_caller(headers),
        step=TransferStep(headers["Step"]),
        queue=headers.get("Queue", ""),
        seat=headers["Seat"],
        seconds=max(0, int(headers.get("Seconds") or 0)),
        leg=headers.get("Leg", ""),
    )


def _member_added(headers: Headers) -> AmiMemberAdded:
    return AmiMemberAdded(
        _at(headers),
        headers["Queue"],
        _agent(headers),
        _seat(headers["Interface"]),
        is_paused=headers.get("Paused") == YES,
        reason=headers.get("PausedReason", ""),
    )


def _member_removed(headers: Headers) -> AmiMemberRemoved:
    return AmiMemberRemoved(_at(headers), headers["Queue"], _agent(headers), _seat(headers["Interface"]))


def _member_paused(headers: Headers) -> AmiMemberPaused:
    reason = headers.get("PausedReason", "")
    return AmiMemberPaused(_at(headers), headers["Queue"], _agent(headers), headers["Paused"] == YES, reason)


PARSERS: dict[str, Callable[[Headers], AmiEvent | None]] = {
    variables.USER_EVENT_ARRIVED: _arrived,
    variables.USER_EVENT_FORWARDED: _forwarded,
    variables.USER_EVENT_LEFT: _queue_left,
    variables.USER_EVENT_ENDED: _ended,
    variables.USER_EVENT_RECORDING: _recording,
    variables.USER_EVENT_HANDOVER: _handed_over,
    variables.USER_EVENT_FLOW: _flow_played,
    variables.USER_EVENT_CALLBACK: _called_back,
    variables.USER_EVENT_TRANSFER: _transfer_step,
    "QueueCallerJoin": _caller_joined,
    "AgentCalled": _agent_called,
    "AgentRingNoAnswer": _ring_no_answer,
    "AgentConnect": _agent_connected,
    "AgentComplete": _agent_completed,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "QueueMemberAdded": _member_added,
    "QueueMemberRemoved": _member_removed,
    "QueueMemberPause": _member_paused,
}

WANTED = frozenset(PARSERS) | {"UserEvent"}
"""Names of events worth a second look; everything else is dropped before it is decoded."""
