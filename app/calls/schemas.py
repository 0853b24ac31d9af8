"""What the API of calls and missed calls takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, computed_field

from app.calls.models import Call, CallOutcome, CallState, MissedCall, MissedReason
from app.contract.events import CallEvent, EventType, ForwardResult
from app.contract.masks import mask_number

Reason = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]


class CallSummary(BaseModel):
    """A row of the list. Times in UTC, durations in milliseconds; the number is masked but for who holds the call."""

    call_id: str
    node: str
    state: CallState
    outcome: CallOutcome | None
    original_line: str = Field(description="the hotline the citizen meant")
    origin: str = Field(description="`12315 转入`; empty for a call to 12345 itself")
    line_mode: str = Field(description="how that line was handled when the call arrived")
    caller_number: str = Field(description="138****5678; empty: anonymous or unusable")
    queue: str
    agent: str | None = Field(description="who answered last")
    arrived_at: datetime
    ended_at: datetime | None
    greeting_ms: int | None = Field(description="arrival to queue")
    hold_ms: int | None = Field(description="queue to answer, or to leaving")
    talk_ms: int | None
    ticket_id: int | None
    is_reconstructed: bool = Field(description="some fact of it was rebuilt after a gap")
    is_test: bool = Field(description="the platform's own test call (拨测)")

    @classmethod
    def of(cls, call: Call, *, is_full: bool) -> Self:
        """The call; `is_full`: the number is shown whole."""
        number = (call.caller_number or "") if is_full else mask_number(call.caller_number)
        values = {
            name: getattr(call, name) for name in cls.model_fields if name not in {"caller_number", "timeline", "twin"}
        }
        return cls(**values, caller_number=number)


class StageOut(BaseModel):
    """One stretch of a call."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(
        description="greeting, waiting, ringing, talking, playing, after_queue, after_talk, forwarding or department"
    )
    started_at: datetime
    duration_ms: int | None = Field(description="null while it lasts")
    agent: str
    queue: str
    flow: str = Field(description="of playing: the flow that the agent plays to the citizen")


class CallOut(CallSummary):
    """A whole call with its timeline."""

    trunk: str
    dnis: str
    line_rule: str = Field(description="what named the line: dnis, trunk, diversion, history_info, access_code or main")
    diversion: str = Field(description="the number that sent the call on, where a trusted trunk says so")
    forward_trunk: str = Field(description="where its leg to a department went; empty: there was none")
    forward_result: ForwardResult | None
    forward_ring_ms: int | None
    forward_talk_ms: int | None
    caller_name: str
    flow: str
    intake: dict[str, Any]
    queued_at: datetime | None
    first_ringing_at: datetime | None
    answered_at: datetime | None
    conversation_ended_at: datetime | None
    hangup_cause: int | None = Field(description="Q.850")
    recording_file: str | None
    recording_ms: int | None
    rating: int | None
    same_as: str | None = Field(
        description="the record that counts, where the line's exchange reported this call and forwarded it to us"
    )
    twin: str | None = Field(default=None, description="the other record of the same call; it has facts of its own")
    timeline: list[StageOut] = []


class FactOut(BaseModel):
    """One reported fact of a call, as it came; the caller's number in it is masked."""

    event_id: str
    type: EventType
    occurred_at: datetime
    is_reconstructed: bool = Field(description="not seen live: rebuilt after a gap")
    payload: dict[str, Any]

    @classmethod
    def of(cls, event: CallEvent) -> "FactOut":
        """The fact with every number of a citizen masked."""
        payload = event.payload.model_dump(mode="json")
        masked: dict[str, Any] = {name: mask_number(payload[name]) for name in ("ani", "number") if name in payload}
        return cls(
            event_id=event.event_id, type=event.type, occurred_at=event.occurred_at,
            is_reconstructed=event.is_reconstructed, payload={**payload, **masked},
        )  # fmt: skip


class FactList(BaseModel):
    items: list[FactOut] = Field(description="in the order they happened")


class CallList(BaseModel):
    items: list[CallSummary] = Field(description="the latest arrival first")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null on the last one")


class JoinedCallOut(BaseModel):
    """One call with two records: what a retained line's exchange reported, and what it forwarded to us."""

    model_config = ConfigDict(from_attributes=True)

    told_call_id: str = Field(description="the exchange's own record")
    own_call_id: str
    joined_at: datetime
    parted_at: datetime | None = Field(description="a person said that these are two calls")
    parted_by: str
    reason: str


class JoinedCallList(BaseModel):
    items: list[JoinedCallOut] = Field(description="the latest first")


class PartIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(min_length=4, max_length=200, description="why these are two calls; kept in the audit log")


class AgentRatingsOut(BaseModel):
    """What callers said of one agent's talks after the call."""

    model_config = ConfigDict(from_attributes=True)

    agent: str
    answered: int = Field(description="talks, call-backs among them")
    rated: int = Field(description="talks that the caller rated: silence is no rating")
    satisfied: int
    fair: int = Field(description="基本满意")
    dissatisfied: int
    content_percent: int | None = Field(description="满意 and 基本满意 of those who rated; null: nobody did")


class AgentRatingsList(BaseModel):
    items: list[AgentRatingsOut] = Field(description="by agent's number")
    first_day: date
    last_day: date


class LineVolumeOut(BaseModel):
    """Calls to one line over the days asked for, test calls left out."""

    model_config = ConfigDict(from_attributes=True)

    line: str = Field(description="the hotline the citizens meant; empty: none could be told")
    name: str
    category: str
    calls: int
    answered: int = Field(description="by our agents")
    answered_by_department: int
    missed: int
    average_hold_ms: int | None
    calls_per_day: float
    is_candidate: bool = Field(description="a retained line below the threshold: may be integrated directly (R18)")


class LineVolumeList(BaseModel):
    items: list[LineVolumeOut] = Field(description="the busiest line first")
    first_day: date
    last_day: date


class MissedCallOut(BaseModel):
    """A number that reached nobody; all its calls since it was last served in one row."""

    id: int
    caller_number: str = Field(description="138****5678; empty: anonymous")
    call_id: str = Field(description="the first call")
    last_call_id: str
    reason: MissedReason = Field(description="why the last call reached nobody")
    original_line: str
    times: int
    first_missed_at: datetime
    last_missed_at: datetime
    resolved_at: datetime | None
    resolution: str = Field(description="answered_again, called_back or dismissed; empty while open")
    resolved_by: str

    @classmethod
    def of(cls, row: MissedCall) -> "MissedCallOut":
        """The row with its number masked."""
        values = {name: getattr(row, name) for name in cls.model_fields if name != "caller_number"}
        return cls(**values, caller_number=mask_number(row.caller_number))


class MissedCallList(BaseModel):
    items: list[MissedCallOut] = Field(description="the newest first")
    next_cursor: str | None


class ResolveIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    resolution: Literal["called_back", "dismissed"]


class RevealNumberIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(
        min_length=4, max_length=200, description="why the full number is needed; kept in the audit log"
    )


class RevealNumberOut(BaseModel):
    caller_number: str


class ReconciliationOut(BaseModel):
    """One comparison of a foreign exchange's list with our records (R13)."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    line: str
    day: date = Field(description="of Asia/Shanghai")
    file_name: str
    theirs: int = Field(description="calls of that day and line in the file, each once")
    ours: int = Field(description="calls of that day and line in our records")
    matched: int
    broken_rows: int = Field(description="rows that could not be read")
    detail: dict[str, Any] = Field(
        description="missing_here, missing_there, doubled_here, repeated_rows, foreign_rows, broken: the first 200 of"
        " each, numbers masked"
    )
    compared_at: datetime
    compared_by: str

    @computed_field(description="every call of the file is with us, once, and every row could be read")  # type: ignore[prop-decorator]
    @property
    def is_complete(self) -> bool:
        is_another_list = not self.theirs and self.detail.get("foreign_rows")
        is_whole = not self.broken_rows and self.matched == self.theirs
        return is_whole and not is_another_list and not self.detail.get("doubled_here")


class ReconciliationList(BaseModel):
    items: list[ReconciliationOut] = Field(description="the newest first")
