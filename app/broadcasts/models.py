"""Tables of broadcasts and of those who follow an incident."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class BroadcastKind(StrEnum):
    """An emergency notice, or an outage that callers can follow instead of waiting for a person."""

    NOTICE = "notice"
    INCIDENT = "incident"


_OPEN = text("ended_at IS NULL")


class Broadcast(Base):
    """One text, from when until when, for whom. Times in UTC."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(300), doc="as it is spoken")
    line: Mapped[str] = mapped_column(String(20), default="", doc="callers of this line alone; empty: of every line")
    region_code: Mapped[str | None] = mapped_column(
        ForeignKey("regions.code"), doc="not for callers known to live elsewhere"
    )
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    expected_at: Mapped[datetime | None] = mapped_column(doc="when an incident should be over, as callers are told")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    spoken_at: Mapped[datetime | None] = mapped_column(doc="when its audio was ready; none: nobody hears it yet")
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("ix_broadcasts_open", "starts_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "created_at", "id"),
    )

    @property
    def prompt(self) -> str:
        """The name of its audio."""
        return f"broadcast-{self.id}"


class IncidentFollower(Base):
    """A number that wants to know when an incident is over. No agent was spent on it."""

    __tablename__ = "incident_followers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    number: Mapped[str] = mapped_column(String(20), doc="normalised")
    call_id: Mapped[str] = mapped_column(String(64))
    followed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    told_by: Mapped[str] = mapped_column(String(80), default="", doc="username, or `sms`")

    __table_args__ = (UniqueConstraint("broadcast_id", "number"),)
