"""Tables of deadlines: calendars and profiles in versions, the clocks of tickets, supervision steps, notices."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId

_IS_OPEN = text("stopped_at IS NULL")
_RUNS = text("stopped_at IS NULL AND paused_since IS NULL")
_WAITS = text("missing_year IS NOT NULL")
_CURRENT = text("is_current")
_UNSENT = text("sent_at IS NULL")


class ClockState(StrEnum):
    """Stored state. A running clock past its end is overdue at once; the sweep writes it down."""

    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"
    MET = "met"
    CANCELLED = "cancelled"


class CalendarYear(Base):
    """One version of a year's holidays and make-up days. The newest is current; none is ever changed."""

    __tablename__ = "calendar_years"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    year: Mapped[int]
    version: Mapped[int]
    is_current: Mapped[bool] = mapped_column(default=True)
    days: Mapped[list[Any]] = mapped_column(doc="[day, kind, name, english] of each day that differs from its weekday")
    why: Mapped[str] = mapped_column(String(300), default="", doc="source or reason of this version")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("year", "version"),
        Index("uq_calendar_years_current", "year", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
    )


class SlaProfile(Base):
    """One version of a region's rules. The newest of a code is current; one code is the platform's default."""

    __tablename__ = "sla_profiles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    is_current: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False, doc="this platform's own")
    name: Mapped[str] = mapped_column(String(60))
    is_verified: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]] = mapped_column(doc="the whole profile, as `Profile` reads it")
    why: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("code", "version"),
        Index("uq_sla_profiles_current", "code", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
    )


class TicketClock(Base):
    """One deadline of a ticket. At most one of a kind is open; a restarted one begins a new row."""

    __tablename__ = "ticket_clocks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    kind: Mapped[str] = mapped_column(String(20))
    profile_id: Mapped[int] = mapped_column(ForeignKey("sla_profiles.id"), doc="the version of the rules it began with")
    term: Mapped[str] = mapped_column(String(30), doc="e.g. 5 working days")
    urgency: Mapped[str] = mapped_column(String(12))
    deadline_class: Mapped[str] = mapped_column(String(8), default="", doc="A–D where the region has classes (R56)")
    cause: Mapped[str] = mapped_column(String(40), default="", doc="the move that began it")
    unit_code: Mapped[str | None] = mapped_column(String(40), doc="whom it times: the lead unit, of a unit's clock")
    region_code: Mapped[str | None] = mapped_column(String(12), doc="of the ticket, for the unit's clocks")
    state: Mapped[str] = mapped_column(String(12), default=ClockState.RUNNING)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(doc="none: it needs a calendar year that nobody imported")
    near_due_at: Mapped[datetime | None]
    missing_year: Mapped[int | None] = mapped_column(doc="the year that is missing")
    paused_since: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(String(120), default="")
    pauses: Mapped[list[Any]] = mapped_column(default=list, doc="[from, to, reason] of pauses that are over")
    extensions: Mapped[list[Any]] = mapped_column(default=list, doc="[last day, approved by, at, reason]")
    stopped_at: Mapped[datetime | None]
    explanation: Mapped[list[Any]] = mapped_column(default=list, doc="Chinese sentences")
    level: Mapped[int] = mapped_column(default=0, doc="steps of the ladder reached: 1 remind … 7 transfer")
    from_level: Mapped[int] = mapped_column(default=0, doc="the level before the last sweep raised it")
    raised_at: Mapped[datetime | None] = mapped_column(doc="when a sweep last raised the level")

    __table_args__ = (
        Index(None, "ticket_id", "started_at"),
        Index(
            "uq_ticket_clocks_open", "ticket_id", "kind", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
        ),
        Index("ix_ticket_clocks_due", "due_at", "id", sqlite_where=_RUNS, postgresql_where=_RUNS),
        Index("ix_ticket_clocks_near", "near_due_at", sqlite_where=_RUNS, postgresql_where=_RUNS),
        Index("ix_ticket_clocks_profile", "profile_id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index(None, "kind", "due_at"),
        Index("ix_ticket_clocks_waiting", "missing_year", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )  # fmt: skip


class Supervision(Base):
    """A step of the ladder that was taken, or a supervision beside it (联合督办, 现场督办). Never taken back."""

    __tablename__ = "supervisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_clocks.id"), doc="none: ordered by a person")
    step: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime | None] = mapped_column(doc="of the clock, when it was raised")
    raised_at: Mapped[datetime]
    raised_by: Mapped[str] = mapped_column(String(80), default="system")
    reason: Mapped[str] = mapped_column(String(300), default="")
    is_caught_up: Mapped[bool] = mapped_column(
        default=False, doc="passed over while nobody swept: a higher step was told instead"
    )

    __table_args__ = (
        UniqueConstraint("clock_id", "step"),
        Index(None, "ticket_id", "id"),
        Index(None, "raised_at", "id"),
    )


class Notice(Base):
    """Something that somebody must be told: the row that says "not yet sent" (style.md rule 8)."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_clocks.id"))
    kind: Mapped[str] = mapped_column(String(20), doc="the step, or emergency")
    audience: Mapped[str] = mapped_column(String(20), doc="unit, platform or duty_room")
    send_at: Mapped[datetime] = mapped_column(doc="not before: working hours, except an emergency")
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("clock_id", "kind"),
        Index("ix_notices_unsent", "send_at", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index(None, "ticket_id"),
    )
