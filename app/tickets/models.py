"""Tables of tickets (工单): the citizen's matter, which lives across calls."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId

_HAS_DUE = text("next_due_at IS NOT NULL")
PROTECTED = "（保密）"
"""In place of the name of who asked for secrecy."""
LEAST_NAME = 2
"""Shorter ones would blot out other words."""
REPORT_TITLE = "举报件（内容受限，打开后留痕）"


class TicketStatus(StrEnum):
    """Stored status, the 23 of domain.md §3.7. The moves between them are the table in `states.py`."""

    DRAFT = "draft"
    ACCEPTED = "accepted"
    PRE_AUDIT = "pre_audit"
    TO_DISPATCH = "to_dispatch"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    HANDLING = "handling"
    EXTENSION_PENDING = "extension_pending"
    SUSPENDED = "suspended"
    RETURN_PENDING = "return_pending"
    DISPUTE = "dispute"
    REPLIED = "replied"
    AUDIT_OK = "audit_ok"
    REDO = "redo"
    FINISHED = "finished"
    CALLBACK = "callback"
    RATED = "rated"
    ARCHIVED = "archived"
    MERGED = "merged"
    REJECTED = "rejected"
    GUIDED = "guided"
    TERMINATED = "terminated"
    REOPENED = "reopened"


class TicketType(StrEnum):
    """R20: 咨询、求助、投诉、举报、建议, and 表扬, 其他, 无效."""

    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGEST = "suggest"
    PRAISE = "praise"
    OTHER = "other"
    INVALID = "invalid"


class Urgency(StrEnum):
    """一般、紧急、特急 (R45, R55)."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class Secrecy(StrEnum):
    """R43: whether the handling unit may see who spoke."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


class SourceChannel(StrEnum):
    """R02; more channels arrive with their intake."""

    PHONE = "phone"
    POLICE = "110"
    """Put through or referred by an emergency service (R07)."""
    FIRE = "119"
    MEDICAL = "120"
    TRAFFIC = "122"
    LEGACY = "legacy"
    """Brought along from a former hotline's own system (R17)."""


class Ticket(Base):
    """One matter. `version` guards edits (ETag); `ticket_number` is what people read out."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_number: Mapped[str] = mapped_column(String(20), unique=True)
    query_code: Mapped[str] = mapped_column(String(8), doc="what a citizen keys to ask for progress")
    status: Mapped[str] = mapped_column(String(20), default=TicketStatus.DRAFT)
    source_channel: Mapped[str] = mapped_column(String(20), default=SourceChannel.PHONE)
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.call_id"), unique=True, doc="the call that opened it")
    original_line: Mapped[str] = mapped_column(String(20), default="")
    caller_number: Mapped[str | None] = mapped_column(String(20))
    contact_number: Mapped[str] = mapped_column(String(20), default="")
    contact_name: Mapped[str] = mapped_column(String(40), default="")
    ticket_type: Mapped[str | None] = mapped_column(String(20))
    subject_code: Mapped[str | None] = mapped_column(ForeignKey("subjects.code"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"))
    address: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(100), default="")
    content: Mapped[str] = mapped_column(Text, default="")
    demand: Mapped[str] = mapped_column(String(1000), default="")
    answer: Mapped[str] = mapped_column(Text, default="", doc="what a consultation was answered at once")
    secrecy: Mapped[str] = mapped_column(String(20), default=Secrecy.PUBLIC)
    needs_reply: Mapped[bool] = mapped_column(default=True)
    accepted_by: Mapped[str] = mapped_column(String(80), default="", doc="username of the agent")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    next_due_at: Mapped[datetime | None] = mapped_column(doc="when the first of its running clocks ends")
    urgency: Mapped[str] = mapped_column(String(20), default=Urgency.NORMAL)
    complained_unit_code: Mapped[str | None] = mapped_column(
        ForeignKey("units.code"), doc="whom it is about: never to that unit (R23, 济南条例第32条)"
    )
    lead_unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"), doc="主办, as long as it is one's")
    is_locked: Mapped[bool] = mapped_column(default=False, doc="designated: it may not be returned again")
    return_count: Mapped[int] = mapped_column(default=0)
    redo_count: Mapped[int] = mapped_column(default=0)
    extension_count: Mapped[int] = mapped_column(default=0)
    reopen_count: Mapped[int] = mapped_column(default=0)
    urge_count: Mapped[int] = mapped_column(default=0, server_default="0", doc="how often the citizen asked again")
    ended_at: Mapped[datetime | None] = mapped_column(doc="finished or rated: re-opening is counted from here")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]

    @property
    def is_report(self) -> bool:
        """举报: lists tell that it is one; who reads it stands in the audit log."""
        return self.ticket_type == TicketType.REPORT

    @property
    def is_protected(self) -> bool:
        """The citizen asked for secrecy (R43)."""
        return self.secrecy != Secrecy.PUBLIC

    @property
    def listed_title(self) -> str:
        """The title as lists show it, to whomever: of a report nothing, of who asked for secrecy no name."""
        if self.is_report:
            return REPORT_TITLE
        is_named = self.is_protected and len(self.contact_name) >= LEAST_NAME
        return self.title.replace(self.contact_name, PROTECTED) if is_named else self.title

    @property
    def listed_number(self) -> str:
        """The caller's number for lists, to be masked; empty for reports and for who asked for secrecy."""
        return "" if self.is_report or self.is_protected else self.caller_number or ""

    @property
    def round(self) -> int:
        """Of handling: 0 at first, then one more for each redo and each re-opening."""
        return self.redo_count + self.reopen_count

    __table_args__ = (
        Index(None, "caller_number", "status"),
        Index(None, "created_at", "id"),
        Index(None, "status", "created_at", "id"),
        Index(None, "accepted_by", "created_at", "id"),
        Index(None, "subject_code", "created_at", "id"),
        Index(None, "region_code", "created_at", "id"),
        Index(None, "ticket_type", "created_at", "id"),
        Index(None, "original_line", "created_at", "id"),
        Index(None, "lead_unit_code", "status", "id"),
        Index(None, "merged_into_id"),
        Index(None, "contact_number"),
        Index(None, "query_code"),
        Index("ix_tickets_next_due", "next_due_at", "id", sqlite_where=_HAS_DUE, postgresql_where=_HAS_DUE),
    )


class AssignmentKind(StrEnum):
    """主办 and 协办."""

    LEAD = "lead"
    SUPPORTING = "supporting"


class AssignmentStatus(StrEnum):
    """One unit's leg of a ticket. The moves are the table in `app.casework.rules`."""

    ASSIGNED = "assigned"
    SIGNED = "signed"
    REPORTED = "reported"
    RETURNED = "returned"
    CLOSED = "closed"


class Assignment(Base):
    """One unit's leg of a ticket (domain.md §3.2 task)."""

    __tablename__ = "ticket_assignments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default=AssignmentStatus.ASSIGNED)
    task: Mapped[str] = mapped_column(String(400), default="", doc="what a supporting unit is asked for")
    due_on: Mapped[date | None] = mapped_column(doc="set by the lead unit for a supporting one")
    assigned_by: Mapped[str] = mapped_column(String(80))
    assigned_at: Mapped[datetime]
    signed_by: Mapped[str] = mapped_column(String(80), default="")
    signed_at: Mapped[datetime | None]
    report: Mapped[str] = mapped_column(Text, default="", doc="what a supporting unit tells the lead unit")
    reported_by: Mapped[str] = mapped_column(String(80), default="")
    reported_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[list[Any]] = mapped_column(default=list, doc="the trace of the proposal: step by step, Chinese")

    __table_args__ = (
        Index(None, "ticket_id"),
        Index(None, "unit_code", "ended_at", "ticket_id"),
        Index(None, "kind", "assigned_at"),
        Index(
            "uq_ticket_assignments_lead", "ticket_id", unique=True,
            sqlite_where=text("kind = 'lead' AND ended_at IS NULL"),
            postgresql_where=text("kind = 'lead' AND ended_at IS NULL"),
        ),
        Index(
            "uq_ticket_assignments_unit", "ticket_id", "unit_code", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip


class TicketHistory(Base):
    """Every change of a ticket: who, when, what from, what to. Append only."""

    __tablename__ = "ticket_history"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40), doc="opened, edited, attached, or a move's action")
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="field -> [before, after]")
    ticket_version: Mapped[int]

    __table_args__ = (Index(None, "ticket_id", "id"),)


class OpenErasure(Base):
    """While a transaction has a row here it may take a person's words out of archived tickets and of the history.

    No other transaction ever sees one: the row is gone before the end (`app.tickets.erasing`). Triggers ask for it.
    """

    __tablename__ = "open_erasures"

    id: Mapped[int] = mapped_column(primary_key=True)


class NumberCounter(Base):
    """Running number per day: the middle of a ticket number."""

    __tablename__ = "number_counters"

    day: Mapped[str] = mapped_column(String(14), primary_key=True, doc="region and day, e.g. 410400261123")
    last: Mapped[int] = mapped_column(default=0)


class IdempotencyKey(Base):
    """Creation requests already answered."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(120), primary_key=True, doc="actor and Idempotency-Key header")
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    request_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class LegacyRecord(Base):
    """A record of a former hotline's own system that became a ticket (R17). Imported once, however often it is sent."""

    __tablename__ = "legacy_records"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_system: Mapped[str] = mapped_column(String(40))
    legacy_id: Mapped[str] = mapped_column(String(80), doc="its number over there")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), doc="none only while it is being imported")
    row_hash: Mapped[str] = mapped_column(String(64), doc="SHA-256 of what was sent: shows a row that has changed")
    imported_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("source_system", "legacy_id"), Index(None, "ticket_id"))
