"""Call events: the facts that telephony reports to the case store (architecture.md §3).

An event is an envelope, the same for all, and a payload that its type decides. Senders build them with
`CallEvent.make`, the store reads them with `CallEvent.model_validate`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.contract.ids import MAX_EVENT_ID_LENGTH, make_event_id


class EventType(StrEnum):
    """Every fact that can be reported."""

    CALL_ARRIVED = "CallArrived"
    INTAKE_RECORDED = "IntakeRecorded"
    CALLER_QUEUED = "CallerQueued"
    AGENT_RINGING = "AgentRinging"
    AGENT_MISSED = "AgentMissed"
    AGENT_ANSWERED = "AgentAnswered"
    CONVERSATION_ENDED = "ConversationEnded"
    CALLER_ABANDONED = "CallerAbandoned"
    QUEUE_TIMED_OUT = "QueueTimedOut"
    CALL_FORWARDED = "CallForwarded"
    HANDED_OVER = "HandedOver"
    FLOW_PLAYED = "FlowPlayed"
    CALL_TRANSFERRED = "CallTransferred"
    CALLBACK_REQUESTED = "CallbackRequested"
    CALLBACK_PROGRESSED = "CallbackProgressed"
    CALL_RATED = "CallRated"
    MESSAGE_LEFT = "MessageLeft"
    CALL_ENDED = "CallEnded"
    AGENT_SIGNED_IN = "AgentSignedIn"
    AGENT_SIGNED_OUT = "AgentSignedOut"
    AGENT_PAUSED = "AgentPaused"
    AGENT_RESUMED = "AgentResumed"
    RECORDING_SAVED = "RecordingSaved"


class QueueLeftReason(StrEnum):
    """Why a caller left a queue without an agent and without hanging up (QUEUESTATUS, in our words)."""

    TIMEOUT = "timeout"
    NO_AGENT = "no_agent"
    FULL = "full"
    OTHER = "other"


class LineRule(StrEnum):
    """What told which hotline the citizen meant; tried in this order."""

    DNIS = "dnis"
    TRUNK = "trunk"
    DIVERSION = "diversion"
    HISTORY_INFO = "history_info"
    ACCESS_CODE = "access_code"
    MAIN = "main"
    """Nothing named a line of its own: 12345 itself."""


class ForwardResult(StrEnum):
    """What became of a leg to a department."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    TRUNK_DOWN = "trunk_down"
    LOOP = "loop"
    """Not dialled: the call came from there already."""
    ELSEWHERE = "elsewhere"
    """Somebody else answered first (parallel)."""
    CALLER_GONE = "caller_gone"


class HandoverResult(StrEnum):
    """How far a hand-over is. `returned`: tried, talked, and it stays with the first acceptor."""

    OFFERED = "offered"
    ANSWERED = "answered"
    """The other side talks with citizen and agent; nobody has taken it yet."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETURNED = "returned"


class PlayedStep(StrEnum):
    """What becomes of a flow that an agent plays to his citizen."""

    STARTED = "started"
    RETURNED = "returned"
    """The citizen talks with the agent again."""
    STOPPED = "stopped"
    """The same, by the agent's wish."""
    QUEUED = "queued"
    """The flow led to a queue (supervisors), or the agent had gone."""
    HANDED_OVER = "handed_over"
    """110, 119, 120 or 122 is brought in; HandedOver tells the rest."""
    ENDED = "ended"
    """The call ended in it."""


class CallbackStep(StrEnum):
    """How far a call-back is."""

    OFFERED = "offered"
    """It stands in the queue, in the citizen's place."""
    RINGING = "ringing"
    """An agent has taken it, and the citizen's phone rings."""
    TALKED = "talked"
    MISSED = "missed"
    """The citizen was not reached; `cause` says why."""
    NO_AGENT = "no_agent"
    """It left the queue: nobody took it."""


Text = Field(default="", max_length=500)
Number = Field(default="", max_length=64)
Name = Field(max_length=80)


class Payload(BaseModel):
    """What one type of event says beside the envelope. Unknown keys are refused: a sender's typing error is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CallArrived(Payload):
    """A call reached us on a trunk. Everything here was filtered by the dialplan."""

    trunk: str = Name
    dnis: str = Number
    ani: str = Number
    caller_name: str = Text
    original_line: str = Number
    line_rule: str = Field(default="", max_length=20, description="which rule named the line; see LineRule")
    mode: str = Field(default="", max_length=20, description="how the line was handled at that moment")
    diversion: str = Number


class NodeVisit(BaseModel):
    """A node of a flow that the caller went through. `node` is `FLOW/NODE` inside a sub-flow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    node: str = Field(max_length=120)
    left_by: str = Field(default="", max_length=120, description="the exit; empty: the flow ended here")
    ms: int = Field(default=0, ge=0, description="time spent there, milliseconds")


class IntakeRecorded(Payload):
    """What a flow learned of a caller. A call may go through several: the intake, side doors, the rating."""

    flow: str = Name
    flow_version: int = Field(default=0, ge=0, description="as published; 0: the flow that ships")
    route: str = Field(default="queue", max_length=20)
    queue: str = Field(default="", max_length=80)
    original_line: str = Number
    lookup: str = Field(default="unknown", max_length=20, description="known, unknown, timeout or failed")
    lookup_ms: int | None = Field(default=None, ge=0)
    answers: dict[str, str] = Field(default_factory=dict, max_length=50)
    prompts_missing: list[str] = Field(default_factory=list, max_length=50)
    is_settled: bool = Field(default=False, description="the flow gave the caller what he called for")
    path: list[NodeVisit] = Field(default_factory=list, max_length=200, description="in order; a longer way is cut")


class CallerQueued(Payload):
    queue: str = Name
    position: int = Field(default=0, ge=0)


class AgentRinging(Payload):
    queue: str = Name
    agent: str = Name
    seat: str = Text


class AgentMissed(Payload):
    queue: str = Name
    agent: str = Name
    ring_time_ms: int = Field(default=0, ge=0)


class AgentAnswered(Payload):
    queue: str = Name
    agent: str = Name
    seat: str = Text
    hold_time_seconds: int = Field(default=0, ge=0)
    ring_time_seconds: int = Field(default=0, ge=0)


class ConversationEnded(Payload):
    queue: str = Name
    agent: str = Name
    talk_time_seconds: int = Field(default=0, ge=0)
    ended_by: str = Field(default="", max_length=20, description="caller, agent or transfer")


class CallerAbandoned(Payload):
    """The caller hung up while waiting. Asterisk's QueueCallerAbandon alone does not mean that."""

    queue: str = Name
    position: int = Field(default=0, ge=0)
    hold_time_seconds: int = Field(default=0, ge=0)


class QueueTimedOut(Payload):
    """The caller left the queue without an agent and was told so."""

    queue: str = Name
    reason: QueueLeftReason = QueueLeftReason.TIMEOUT


class CallForwarded(Payload):
    """A leg to a department's own people has ended, or was not possible."""

    line: str = Number
    trunk: str = Text
    result: ForwardResult = ForwardResult.ANSWERED
    ring_time_ms: int = Field(default=0, ge=0)
    talk_time_ms: int = Field(default=0, ge=0)
    is_parallel: bool = Field(default=False, description="rung beside the hotline's own agents")


class HandedOver(Payload):
    """A step of a hand-over to 110, 119, 120, 122 or to a line. Steps of one attempt share `attempt`."""

    target: str = Number
    result: HandoverResult = HandoverResult.OFFERED
    agent: str = Field(default="", max_length=80, description="who handed over")
    attempt: str = Field(default="", max_length=64, description="one attempt of one call; unique in the call")
    cause: str = Field(default="", max_length=40, description="of a refusal: busy, no_answer, rejected, trunk_down")


class FlowPlayed(Payload):
    """A step of a flow that an agent plays to the citizen he talks with. Steps of one playing share `play`."""

    flow: str = Name
    step: PlayedStep = PlayedStep.STARTED
    agent: str = Field(default="", max_length=80, description="who played it")
    play: str = Field(default="", max_length=20, description="the how-manieth of this call")


class CallTransferred(Payload):
    kind: str = Field(default="blind", max_length=20)
    target: str = Text
    agent: str = Text


class CallbackRequested(Payload):
    """The caller wants to be called back; kept once he has confirmed it. No number: the one he calls from."""

    number: str = Number
    is_confirmed: bool = True
    is_failure: bool = Field(default=False, description="registered because the system failed, not by his choice")


class CallbackProgressed(Payload):
    """A step of a call-back; its call id names request and offer (app.contract.ids.callback_call_id)."""

    step: CallbackStep
    cause: str = Field(default="", max_length=40, description="of `missed`: busy, no_answer, rejected, trunk_down …")


class CallRated(Payload):
    score: int = Field(ge=0, le=9)


class MessageLeft(Payload):
    """A message that the caller recorded in a flow."""

    file: str = Field(max_length=200, pattern=r"^[A-Za-z0-9._-]+$", description="file name, no path")
    seconds: int = Field(default=0, ge=0)


class CallEnded(Payload):
    hangup_cause: int = Field(default=0, ge=0, description="Q.850 cause")
    hangup_cause_text: str = Text


class AgentSignedIn(Payload):
    agent: str = Name
    queue: str = Name
    seat: str = Text


class AgentSignedOut(Payload):
    agent: str = Name
    queue: str = Name
    seat: str = Text


class AgentPaused(Payload):
    agent: str = Name
    queue: str = Name
    reason: str = Text


class AgentResumed(Payload):
    agent: str = Name
    queue: str = Name


class RecordingSaved(Payload):
    file: str = Field(max_length=200, pattern=r"^[A-Za-z0-9._-]+$", description="file name, no path")


AnyPayload = (
    CallArrived | IntakeRecorded | CallerQueued | AgentRinging | AgentMissed | AgentAnswered | ConversationEnded
    | CallerAbandoned | QueueTimedOut | CallForwarded | HandedOver | FlowPlayed | CallTransferred
    | CallbackRequested | CallbackProgressed | CallRated | MessageLeft | CallEnded | AgentSignedIn | AgentSignedOut
    | AgentPaused | AgentResumed | RecordingSaved
)  # fmt: skip

PAYLOADS: dict[EventType, type[Payload]] = {EventType(cls.__name__): cls for cls in AnyPayload.__args__}


class CallEvent(BaseModel):
    """One fact, told at least once and kept exactly once."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: ClassVar[int] = 1

    event_id: str = Field(min_length=1, max_length=MAX_EVENT_ID_LENGTH)
    type: EventType
    call_id: str | None = Field(default=None, max_length=64, description="HL_CALL_ID; none for an agent's own events")
    linkedid: str | None = Field(default=None, max_length=64)
    uniqueid: str | None = Field(default=None, max_length=64)
    occurred_at: AwareDatetime
    seq: int = Field(default=0, ge=0, description="the sender's journal sequence; 0 before it is journalled")
    is_reconstructed: bool = Field(default=False, description="not seen live: rebuilt after a gap")
    payload: AnyPayload = Field(description="the shape is decided by `type`")

    @model_validator(mode="before")
    @classmethod
    def _payload_by_type(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("payload"), dict):
            try:
                payload_class = PAYLOADS[EventType(str(data.get("type")))]
            except ValueError:
                return data
            return {**data, "payload": payload_class.model_validate(data["payload"])}
        return data

    @model_validator(mode="after")
    def _payload_fits_type(self) -> Self:
        if type(self.payload).__name__ != self.type:
            raise ValueError(f"payload is a {type(self.payload).__name__}, type says {self.type}")
        return self

    @classmethod
    def make(
        cls,
        payload: AnyPayload,
        *,
        node: str,
        occurred_at: datetime,
        uniqueid: str,
        call_id: str | None = None,
        linkedid: str | None = None,
        distinguishers: tuple[str | int, ...] = (),
        is_reconstructed: bool = False,
    ) -> "CallEvent":
        """Build an event whose id follows from what happened, so that telling it twice is harmless."""
        event_type = EventType(type(payload).__name__)
        return cls(
            event_id=make_event_id(node, event_type, uniqueid, *distinguishers),
            type=event_type,
            call_id=call_id,
            linkedid=linkedid,
            uniqueid=uniqueid,
            occurred_at=occurred_at,
            is_reconstructed=is_reconstructed,
            payload=payload,
        )


class EventBatch(BaseModel):
    """`POST /api/v1/call-events`. Each event is judged alone: a malformed one is parked and blocks nobody."""

    node: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$", description="the sender, e.g. node1.ami or node1.agi")
    events: list[Any] = Field(max_length=1000, json_schema_extra={"items": {"$ref": "#/components/schemas/CallEvent"}})


class BatchResult(BaseModel):
    """What became of a batch. `cursor` is the highest `seq` kept from this sender: the sender goes on after it."""

    accepted: int
    duplicate: int
    parked: int
    cursor: int


class Cursor(BaseModel):
    """Where a sender should go on."""

    node: str
    cursor: int
