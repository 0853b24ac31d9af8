"""Tables of calls: the record, the facts it was made from, agents' live states, missed calls."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.contract.ids import is_outgoing_call
from app.lines.rules import label_of_origin
from app.platform.database import Base, BigId


class CallState(StrEnum):
    """Live state of a call."""

    ARRIVED = "arrived"
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    AFTER_TALK = "after_talk"
    ENDED = "ended"


class CallOutcome(StrEnum):
    """What became of a call, technically."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    NO_AGENT = "no_agent"
    LEFT_BEFORE_QUEUE = "left_before_queue"
    FORWARDED = "forwarded"
    CALLBACK = "callback"
    """The caller is to be called back, by his choice or because the system failed."""
    MESSAGE = "message"
    """The caller left a message instead of waiting."""
    SELF_SERVED = "self_served"
    """A flow gave the caller what he called for: nobody need call him back."""
    NOT_REACHED = "not_reached"
    """We called, and the citizen was not reached."""


class AgentStatus(StrEnum):
    """Live state of an agent over all queues."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class MissedReason(StrEnum):
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    NO_AGENT = "no_agent"
    LEFT_BEFORE_QUEUE = "left_before_queue"
    MESSAGE = "message"
    """Somebody has to listen, and to call back."""


_DISSATISFIED = text("rating = 1 AND ticket_id IS NOT NULL")
_UNCHECKED = text("recording_file IS NOT NULL AND recording_checked_at IS NULL")


class Call(Base):
    """One citizen's whole stay, identified by HL_CALL_ID. Times in UTC, durations in milliseconds."""

    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64), unique=True)
    node: Mapped[str] = mapped_column(String(64))
    linkedid: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20), default=CallState.ARRIVED)
    outcome: Mapped[str | None] = mapped_column(String(20))
    trunk: Mapped[str] = mapped_column(String(80), default="")
    dnis: Mapped[str] = mapped_column(String(64), default="")
    ani: Mapped[str] = mapped_column(String(64), default="", doc="as the network presented it, filtered")
    caller_number: Mapped[str | None] = mapped_column(String(20), doc="normalised; none: anonymous or unusable")
    caller_name: Mapped[str] = mapped_column(String(200), default="")
    original_line: Mapped[str] = mapped_column(String(20), default="")
    line_rule: Mapped[str] = mapped_column(String(20), default="", doc="which rule named the line; see LineRule")
    line_mode: Mapped[str] = mapped_column(String(20), default="", doc="how the line was handled when it arrived")
    diversion: Mapped[str] = mapped_column(String(64), default="", doc="who sent it on, as a trusted trunk says")
    is_test: Mapped[bool] = mapped_column(default=False, doc="the platform's own test call (拨测)")
    queue: Mapped[str] = mapped_column(String(80), default="")
    agent: Mapped[str | None] = mapped_column(String(80), doc="who answered last")
    flow: Mapped[str] = mapped_column(String(80), default="")
    intake: Mapped[dict[str, Any]] = mapped_column(default=dict)
    arrived_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    first_ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    conversation_ended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    greeting_ms: Mapped[int | None] = mapped_column(doc="arrival to queue")
    hold_ms: Mapped[int | None] = mapped_column(doc="queue to answer, or to leaving")
    talk_ms: Mapped[int | None] = mapped_column(doc="answer to end of conversation")
    forward_trunk: Mapped[str] = mapped_column(String(80), default="", doc="where its last leg to a department went")
    forward_result: Mapped[str | None] = mapped_column(String(20), doc="what became of that leg; see ForwardResult")
    forward_ring_ms: Mapped[int | None]
    forward_talk_ms: Mapped[int | None]
    hangup_cause: Mapped[int | None]
    recording_file: Mapped[str | None] = mapped_column(String(200))
    recording_ms: Mapped[int | None] = mapped_column(doc="length of the recording; none: not checked, or no file")
    recording_checked_at: Mapped[datetime | None]
    rating: Mapped[int | None] = mapped_column(doc="the caller's own score after the call")
    callback_number: Mapped[str | None] = mapped_column(String(20), doc="where the caller asked to be called back")
    is_reconstructed: Mapped[bool] = mapped_column(default=False, doc="some fact of it was rebuilt after a gap")
    ticket_id: Mapped[int | None] = mapped_column(
        BigId, doc="the ticket this call belongs to (its own or an older one)"
    )
    same_as: Mapped[str | None] = mapped_column(
        String(64), doc="the record that counts, where an exchange reported this call and forwarded it to us"
    )
    missed_at: Mapped[datetime | None] = mapped_column(doc="when the caller gave up or was turned away")
    missed_call_id: Mapped[int | None] = mapped_column(
        BigId, doc="the row of the missed-call list that counts this call"
    )

    @property
    def is_outgoing(self) -> bool:
        """We called the citizen, not he us."""
        return is_outgoing_call(self.call_id)

    @property
    def origin(self) -> str:
        """`12315 转入`; empty for a call to 12345 itself."""
        return label_of_origin(self.original_line)

    __table_args__ = (
        Index(None, "caller_number", "arrived_at"),
        Index(None, "arrived_at"),
        Index(None, "linkedid"),
        Index(None, "ticket_id"),
        Index(None, "missed_call_id"),
        Index(None, "state"),
        Index(None, "agent", "arrived_at"),
        Index(None, "original_line", "arrived_at"),
        Index(
            "ix_calls_dissatisfied",
            "ticket_id",
            sqlite_where=_DISSATISFIED,
            postgresql_where=_DISSATISFIED,
        ),
        Index("ix_calls_recording_unchecked", "arrived_at", sqlite_where=_UNCHECKED, postgresql_where=_UNCHECKED),
    )


class JoinedCall(Base):
    """One call with two records: what a retained line's exchange reported, and what it forwarded to us."""

    __tablename__ = "joined_calls"

    told_call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True, doc="the exchange's")
    own_call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"), primary_key=True)
    joined_at: Mapped[datetime]
    parted_at: Mapped[datetime | None] = mapped_column(doc="a person said that these are two calls")
    parted_by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index(None, "own_call_id"), Index(None, "joined_at"))


class CallEventRow(Base):
    """The inbox: every fact, kept once, as it came."""

    __tablename__ = "call_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(160), unique=True)
    node: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigId)
    type: Mapped[str] = mapped_column(String(40))
    call_id: Mapped[str | None] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    is_reconstructed: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "call_id", "occurred_at"), Index(None, "occurred_at"))


class ParkedEvent(Base):
    """An event that could not be read or applied, with its reason. It blocks nobody."""

    __tablename__ = "parked_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    node: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigId, default=0)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True, doc="SHA-256 of node and body: parked once")
    reason: Mapped[str] = mapped_column(String(1000))
    body: Mapped[str] = mapped_column(doc="as received, cut at 10,000 characters")
    parked_at: Mapped[datetime]
    tried_at: Mapped[datetime | None] = mapped_column(doc="when it was last tried again")
    tried_by: Mapped[str] = mapped_column(String(80), default="")
    kept_at: Mapped[datetime | None] = mapped_column(doc="tried again, it was kept: the cause is mended")


class Sender(Base):
    """How far each sender's journal is stored."""

    __tablename__ = "senders"

    node: Mapped[str] = mapped_column(String(64), primary_key=True)
    cursor: Mapped[int] = mapped_column(BigId, default=0)
    last_seen_at: Mapped[datetime]


class AgentState(Base):
    """What an agent is doing now. Filled by AMI facts only (and wrap-up, which is the desk's own)."""

    __tablename__ = "agent_states"

    agent: Mapped[str] = mapped_column(String(80), primary_key=True, doc="username")
    status: Mapped[str] = mapped_column(String(20), default=AgentStatus.OFFLINE)
    pause_reason: Mapped[str] = mapped_column(String(80), default="")
    seat: Mapped[str] = mapped_column(String(200), default="")
    queues: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="queue name -> true while signed in")
    call_id: Mapped[str | None] = mapped_column(String(64), doc="the call that rings, is talked on or wrapped up")
    wrap_up_until: Mapped[datetime | None] = mapped_column(doc="end of the wrap-up after the last conversation")
    registers: Mapped[dict[str, Any]] = mapped_column(
        default=dict, doc="last fact per aspect with its moment, so that a late fact cannot undo a newer one"
    )
    since_at: Mapped[datetime]
    last_event_at: Mapped[datetime]


class MissedCall(Base):
    """Somebody called and reached nobody: to be called back. One open row per number."""

    __tablename__ = "missed_calls"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    caller_number: Mapped[str | None] = mapped_column(String(20))
    call_id: Mapped[str] = mapped_column(String(64), unique=True, doc="the first call of this row")
    last_call_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(20))
    original_line: Mapped[str] = mapped_column(String(20), default="")
    times: Mapped[int] = mapped_column(default=1)
    first_missed_at: Mapped[datetime]
    last_missed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str] = mapped_column(String(40), default="", doc="answered_again, called_back, dismissed")
    resolved_by: Mapped[str] = mapped_column(String(80), default="")
    callback_id: Mapped[int | None] = mapped_column(BigId, doc="the call-back that will deal with it")

    @property
    def origin(self) -> str:
        """`12315 转入`; empty for calls to 12345 itself."""
        return label_of_origin(self.original_line)

    __table_args__ = (
        Index(
            "uq_missed_calls_open_number",
            "caller_number",
            unique=True,
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index(None, "last_missed_at"),
    )


class ScreenPop(Base):
    """What an agent's page must show; delivered until acknowledged."""

    __tablename__ = "screen_pops"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    agent: Mapped[str] = mapped_column(String(80))
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"))
    kind: Mapped[str] = mapped_column(String(20), doc="ringing or answered")
    created_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_screen_pops_agent_call_kind", "agent", "call_id", "kind", unique=True),
        Index(None, "agent", "acknowledged_at"),
    )


class Reconciliation(Base):
    """A foreign exchange's own list of one day's calls to a line, compared with our records (R13)."""

    __tablename__ = "reconciliations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line: Mapped[str] = mapped_column(String(20))
    day: Mapped[date] = mapped_column(doc="of Asia/Shanghai")
    file_name: Mapped[str] = mapped_column(String(200))
    file_digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 hex of the file as it was read")
    theirs: Mapped[int] = mapped_column(doc="calls of that day in the file")
    ours: Mapped[int] = mapped_column(doc="calls of that day and line in our records")
    matched: Mapped[int]
    broken_rows: Mapped[int]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="the first of what is missing, numbers masked")
    compared_at: Mapped[datetime]
    compared_by: Mapped[str] = mapped_column(String(80))

    __table_args__ = (Index(None, "line", "day"),)
