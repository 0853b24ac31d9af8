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


class Way(StrEnum):
    """How a follower is told that it is over."""

    SMS = "sms"
    CALL = "call"
    PEOPLE = "people"


_OPEN = text("ended_at IS NULL")
_WAITS = text("told_at IS NULL AND given_up_at IS NULL")


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
    over_at: Mapped[datetime | None] = mapped_column(
        doc="of an incident: when somebody said that it is over; then its followers are told, never because time passed"
    )
    over_by: Mapped[str] = mapped_column(String(80), default="")

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
    told_by: Mapped[str] = mapped_column(String(80), default="", doc="username, `sms` or `call`")
    way: Mapped[str] = mapped_column(String(10), default="", doc="a `Way`; empty: not decided yet")
    next_try_at: Mapped[datetime | None] = mapped_column(doc="when he is rung, or rung again")
    calls_placed: Mapped[int] = mapped_column(default=0)
    calls_heard_of: Mapped[int] = mapped_column(default=0, doc="number of the newest call whose end is known")
    rung: Mapped[int] = mapped_column(default=0, doc="how often his telephone has rung in vain")
    cause: Mapped[str] = mapped_column(String(40), default="", doc="why the newest try told him nothing")
    given_up_at: Mapped[datetime | None] = mapped_column(doc="no machine tries any more: people tell him")

    __table_args__ = (
        UniqueConstraint("broadcast_id", "number"),
        Index("ix_incident_followers_waiting", "next_try_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )
