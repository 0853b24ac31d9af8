"""Table of messages that leave the house: the row that says "not yet sent" (style.md rule 8)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId
from app.tickets.models import Ticket

_WAITS = text("sent_at IS NULL AND given_up_at IS NULL")


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"


class OutboxMessage(Base):
    """One message to one recipient. `key` names what it is about, so that it is put once however often it is asked."""

    __tablename__ = "outbox_messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    channel: Mapped[str] = mapped_column(String(12), default=Channel.SMS)
    recipient: Mapped[str] = mapped_column(String(40), doc="a telephone number, in the one form we store")
    text: Mapped[str] = mapped_column(String(500))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id))
    send_at: Mapped[datetime] = mapped_column(doc="not before: working hours, except an emergency")
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_outbox_messages_waiting", "next_try_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(None, "ticket_id", "id"),
    )
