"""Table of messages that citizens left. The audio is a file in the folder of recordings."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class MessageKind(StrEnum):
    """A matter that waits for somebody, or a reason why somebody was not content."""

    MESSAGE = "message"
    REASON = "reason"


_OPEN = text("handled_at IS NULL")


class VoiceMessage(Base):
    """One recording of one call. Times in UTC. Whose it is stands in the call."""

    __tablename__ = "voice_messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(200), unique=True, doc="name, no path")
    kind: Mapped[str] = mapped_column(String(10))
    seconds: Mapped[int] = mapped_column(default=0)
    left_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index(None, "call_id"),
        Index(None, "left_at", "id"),
        Index("ix_voice_messages_open", "left_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
