"""Tables of hand-overs (转接, out) and referrals (转来, in)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class Handover(Base):
    """One attempt to hand a call over. Told by facts alone; times in UTC."""

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.call_id"))
    attempt: Mapped[str] = mapped_column(String(64), doc="unique in the call")
    target: Mapped[str] = mapped_column(String(20), doc="110, 119, 120, 122 or a line")
    agent: Mapped[str] = mapped_column(String(80), default="")
    status: Mapped[str] = mapped_column(String(20), doc="offered, answered, accepted, refused, returned")
    cause: Mapped[str] = mapped_column(String(40), default="", doc="of a refusal")
    offered_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None] = mapped_column(doc="accepted, refused or returned")

    __table_args__ = (
        UniqueConstraint("call_id", "attempt"),
        Index(None, "offered_at", "id"),
        Index(None, "target", "offered_at"),
        Index(None, "agent", "offered_at"),
    )


class Referral(Base):
    """A matter that 110 (119, 120, 122) found not to be its own (非警务类分流, 国办发〔2022〕12号)."""

    __tablename__ = "referrals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(20), doc="110, 119, 120 or 122")
    incident_number: Mapped[str] = mapped_column(String(40), doc="警情编号")
    alarmed_at: Mapped[datetime] = mapped_column(doc="报警时间")
    address: Mapped[str] = mapped_column(String(200), default="", doc="位置")
    caller_number: Mapped[str | None] = mapped_column(String(20), doc="来电号, normalised")
    caller_name: Mapped[str] = mapped_column(String(40), default="")
    category: Mapped[str] = mapped_column(String(60), doc="分流类别")
    transfer_kind: Mapped[str] = mapped_column(String(20), doc="转接方式: voice (话务) or ticket (工单)")
    content: Mapped[str] = mapped_column(Text, default="")
    consultation: Mapped[str] = mapped_column(String(1000), default="", doc="会商单: what both sides agreed on")
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the content: told again, or another matter?")
    sent_by: Mapped[str] = mapped_column(String(80), doc="name of the service token")
    received_at: Mapped[datetime]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))

    __table_args__ = (
        UniqueConstraint("source", "incident_number"),
        Index(None, "received_at", "id"),
        Index(None, "ticket_id"),
    )
