"""Tables of handling: what units ask for, contacts, replies, follow-up, notices. Units' legs: app.tickets.models."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class RequestKind(StrEnum):
    """What a unit may ask of the hotline; somebody else decides."""

    RETURN = "return"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    COMMITMENT = "commitment"
    TERMINATION = "termination"


class RequestStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """The ticket ended before anybody decided."""


class UnitRequest(Base):
    """退单、延期、挂起、承诺办理、终止: asked by the unit, decided by the hotline."""

    __tablename__ = "unit_requests"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default=RequestStatus.PENDING)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        Index(None, "ticket_id", "id"),
        Index(
            "uq_unit_requests_pending", "ticket_id", "kind", unique=True,
            sqlite_where=text("status = 'pending'"), postgresql_where=text("status = 'pending'"),
        ),
    )  # fmt: skip


class CitizenContact(Base):
    """先行联系 (R44): the unit's own attempts to reach the citizen."""

    __tablename__ = "citizen_contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    is_reached: Mapped[bool]
    note: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index(None, "ticket_id", "id"),)


class UnitReply(Base):
    """What the unit answers: one row per round of handling; to the citizen and to the platform (R46)."""

    __tablename__ = "unit_replies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    round: Mapped[int] = mapped_column(doc="0 at first, then once more for each redo")
    to_platform: Mapped[str] = mapped_column(Text, doc="办理情况")
    to_citizen: Mapped[str] = mapped_column(Text, doc="公开答复内容")
    result: Mapped[str] = mapped_column(String(20), doc="solved, partly, explained, unsolved")
    told_how: Mapped[str] = mapped_column(String(20), doc="how the citizen was told, or that he wants no reply")
    drafted_by: Mapped[str] = mapped_column(String(80))
    drafted_at: Mapped[datetime]
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    approved_at: Mapped[datetime | None]
    redone_at: Mapped[datetime | None] = mapped_column(doc="when it was sent back to be done again")

    __table_args__ = (Index(None, "ticket_id", "round", unique=True), Index(None, "approved_at"))


class FollowUp(Base):
    """回访: one attempt to ask one citizen how it went. A merged ticket's citizen is asked on his own ticket."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    round: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    is_reached: Mapped[bool]
    is_solved: Mapped[bool | None]
    satisfaction: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index(None, "ticket_id", "id"),)


class CitizenNotice(Base):
    """What a citizen is to be told because of a move: each citizen of a merged matter his own."""

    __tablename__ = "citizen_notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(400))

    __table_args__ = (Index(None, "ticket_id", "id"),)


class CitizenFile(Base):
    """A photograph or document that a citizen added to his matter. Its bytes lie below the home folder."""

    __tablename__ = "citizen_files"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), doc="his own ticket")
    added_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(8), doc="jpeg, png or pdf, by its content")
    name: Mapped[str] = mapped_column(String(80), doc="what the citizen called it, made harmless")
    size_bytes: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the content")
    file: Mapped[str | None] = mapped_column(String(40), doc="a random name in the folder of materials; none: deleted")

    __table_args__ = (Index(None, "ticket_id", "id"), Index(None, "added_at"))


class Milestone(Base):
    """阶段目标 of a long-term commitment: its day and its goal; done when the unit has reported it."""

    __tablename__ = "milestones"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    due_on: Mapped[date]
    text: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str] = mapped_column(String(80), default="")
    report: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index(None, "ticket_id", "due_on"),)
