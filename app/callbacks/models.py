"""Tables of call-backs: the request, and each time it was offered to the agents."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class CallbackStatus(StrEnum):
    """How far a request is. The moves between them are the table in `rules.py`."""

    REQUESTED = "requested"
    """Asked for, not yet confirmed by the citizen: nobody is called."""
    CONFIRMED = "confirmed"
    OFFERED = "offered"
    """It stands in the agents' queue, in the citizen's place."""
    RINGING = "ringing"
    """An agent has it, and the citizen's phone rings."""
    TALKED = "talked"
    CANCELLED = "cancelled"
    GIVEN_UP = "given_up"


class CallbackSource(StrEnum):
    """Who or what asked for it."""

    CITIZEN = "citizen"
    """His choice while he waited."""
    FAILURE = "failure"
    """The system failed and registered the call."""
    ABANDONED = "abandoned"
    OVERFLOW = "overflow"
    NO_AGENT = "no_agent"
    LEFT_BEFORE_QUEUE = "left_before_queue"
    MESSAGE = "message"
    """He left a message instead of waiting."""
    STAFF = "staff"
    """Somebody of the hotline has the citizen of a ticket rung, without being shown the number."""


_OPEN = text("settled_at IS NULL")


class Callback(Base):
    """One request. At most one is open per number. Times in UTC."""

    __tablename__ = "callbacks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), doc="normalised")
    status: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    queue: Mapped[str] = mapped_column(String(80))
    original_line: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(default=0, doc="of the citizen's call: a level counts for a day")
    queued_at: Mapped[datetime] = mapped_column(doc="when the citizen joined the queue: his place")
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(String(80), default="", doc="username; empty: the citizen or the system")
    origin_call_id: Mapped[str | None] = mapped_column(String(64), doc="the call that led to it")
    next_try_at: Mapped[datetime]
    offers: Mapped[int] = mapped_column(default=0, doc="how often it was put into the queue")
    tries: Mapped[int] = mapped_column(default=0, doc="how often the citizen's phone has rung")
    call_id: Mapped[str | None] = mapped_column(String(64), unique=True, doc="of the newest offer")
    agent: Mapped[str] = mapped_column(String(80), default="", doc="who took the newest offer")
    cause: Mapped[str] = mapped_column(String(40), default="", doc="why the newest try or the request ended")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), doc="the draft that goes with every try")
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("uq_callbacks_open_number", "number", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_callbacks_open", "queued_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "requested_at", "id"),
        Index(None, "origin_call_id"),
    )


class CallbackTry(Base):
    """One offer of a request to the agents, and how far it came."""

    __tablename__ = "callback_tries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callbacks.id"))
    offer: Mapped[int] = mapped_column(doc="1, 2, 3 …")
    call_id: Mapped[str] = mapped_column(String(64), unique=True)
    offered_at: Mapped[datetime]
    heard_at: Mapped[datetime | None] = mapped_column(doc="when telephony first told of it")
    rang_at: Mapped[datetime | None]
    talked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(String(80), default="")
    cause: Mapped[str] = mapped_column(String(40), default="")

    __table_args__ = (UniqueConstraint("callback_id", "offer"),)
