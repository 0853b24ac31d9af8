"""What Asterisk tells us, typed. Past `parse.py` nobody sees a header (style.md rule 3). Times are epoch seconds."""

from dataclasses import dataclass
from enum import StrEnum

from app.contract.ids import CallId, LinkedId, UniqueId


@dataclass(frozen=True, slots=True)
class Caller:
    """The channel of the citizen in an event."""

    call_id: CallId
    uniqueid: UniqueId
    linkedid: LinkedId


@dataclass(frozen=True, slots=True)
class AmiCallArrived:
    at: float
    caller: Caller
    trunk: str
    dnis: str
    ani: str
    caller_name: str
    original_line: str = ""
    line_rule: str = ""
    mode: str = ""
    diversion: str = ""


@dataclass(frozen=True, slots=True)
class AmiForwarded:
    """A leg to a department has ended, or could not be begun."""

    at: float
    caller: Caller
    line: str
    trunk: str
    result: str
    ring_time_ms: int
    talk_time_ms: int
    is_parallel: bool


@dataclass(frozen=True, slots=True)
class AmiLegOfCall:
    """Only in queue_log: lines of this leg speak of that call. AMI says so by the account code of each event."""

    at: float
    uniqueid: UniqueId
    call_id: CallId


@dataclass(frozen=True, slots=True)
class AmiCallerJoined:
    at: float
    caller: Caller
    queue: str
    position: int


@dataclass(frozen=True, slots=True)
class AmiAgentCalled:
    at: float
    caller: Caller
    queue: str
    agent: str
    seat: str
    member_uniqueid: UniqueId


@dataclass(frozen=True, slots=True)
class AmiAgentRingNoAnswer:
    at: float
    caller: Caller
    queue: str
    agent: str
    ring_time_ms: int


@dataclass(frozen=True, slots=True)
class AmiAgentConnected:
    at: float
    caller: Caller
    queue: str
    agent: str
    seat: str
    member_uniqueid: UniqueId
    hold_time_seconds: int
    ring_time_seconds: int


@dataclass(frozen=True, slots=True)
class AmiAgentCompleted:
    """`caller` is None when both channels were gone before Asterisk could describe them: seen on a busy machine."""

    at: float
    caller: Caller | None
    queue: str
    agent: str
    talk_time_seconds: int
    ended_by: str


@dataclass(frozen=True, slots=True)
class AmiQueueLeft:
    at: float
    caller: Caller
    queue: str
    status: str


@dataclass(frozen=True, slots=True)
class AmiCallEnded:
    """From our own hangup handler. `queued_at` is 0 when the caller never waited."""

    at: float
    caller: Caller
    stage: str
    queue: str
    member: str
    queued_at: float
    cause: int


@dataclass(frozen=True, slots=True)
class AmiRecordingSaved:
    at: float
    caller: Caller
    file: str


@dataclass(frozen=True, slots=True)
class AmiHandedOver:
    """A step of a hand-over, told by the dialplan on whichever leg it happened."""

    at: float
    caller: Caller
    target: str
    result: str
    agent: str
    attempt: str
    cause: str


@dataclass(frozen=True, slots=True)
class AmiFlowPlayed:
    """A step of a flow that an agent plays, told by the dialplan on the citizen's channel."""

    at: float
    caller: Caller
    flow: str
    step: str
    agent: str
    play: str


@dataclass(frozen=True, slots=True)
class AmiCalledBack:
    """A step of a call-back, told by the dialplan on whichever leg it happened."""

    at: float
    caller: Caller
    step: str
    cause: str


@dataclass(frozen=True, slots=True)
class AmiTransferred:
    at: float
    caller: Caller
    kind: str
    target: str
    has_succeeded: bool
    seat: str = ""
    """Attended: the seat that has the caller now, and its leg. Of a blind transfer AmiTransferStep tells."""
    leg: str = ""


class TransferStep(StrEnum):
    """How far a seat is that shall take over a caller."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class AmiTransferStep:
    """A caller handed on by an agent's phone, told by the dialplan: the seat rings, answers, misses or has ended."""

    at: float
    caller: Caller
    step: TransferStep
    queue: str
    seat: str
    seconds: int
    """Since the transfer."""
    leg: str


@dataclass(frozen=True, slots=True)
class AmiMemberAdded:
    at: float
    queue: str
    agent: str
    seat: str
    is_paused: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AmiMemberRemoved:
    at: float
    queue: str
    agent: str
    seat: str


@dataclass(frozen=True, slots=True)
class AmiMemberPaused:
    at: float
    queue: str
    agent: str
    is_paused: bool
    reason: str


AmiEvent = (
    AmiCallArrived | AmiForwarded | AmiLegOfCall | AmiCallerJoined | AmiAgentCalled | AmiAgentRingNoAnswer
    | AmiAgentConnected | AmiAgentCompleted | AmiQueueLeft | AmiCallEnded | AmiRecordingSaved | AmiHandedOver
    | AmiFlowPlayed | AmiCalledBack | AmiTransferred | AmiTransferStep | AmiMemberAdded | AmiMemberRemoved
    | AmiMemberPaused
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A member of a queue in a snapshot."""

    queue: str
    agent: str
    seat: str
    is_paused: bool
    reason: str
