"""Table of follow-up tasks (回访任务): one per citizen and round of handling."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId

_IS_OPEN = text("status = 'open'")


class FollowUpStatus(StrEnum):
    """What became of a follow-up task."""

    OPEN = "open"
    ANSWERED = "answered"
    UNREACHED = "unreached"
    """Three tries in different parts of the day: shown apart, never counted as dissatisfied."""
    DROPPED = "dropped"
    """Nobody need be asked any more: the matter is done again, or goes its own way."""


class FollowUpTask(Base):
    """回访任务: one citizen is asked how one round of handling went, within two working days of the reply (R58).

    What it is counted by (unit, region, type) is kept as it was then: the ticket may go on to another unit.
    """

    __tablename__ = "follow_up_tasks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), doc="the citizen's own ticket")
    matter_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), doc="what moves: the same, unless merged")
    round: Mapped[int]
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"), doc="who replied")
    region_code: Mapped[str | None] = mapped_column(String(12))
    ticket_type: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12), default=FollowUpStatus.OPEN)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, doc="that reached nobody")
    calls_placed: Mapped[int] = mapped_column(default=0, doc="by machine: numbers their call ids")
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True, doc="SHA-256 of the link's secret")
    invited_at: Mapped[datetime | None] = mapped_column(doc="when a link was last sent")
    settled_at: Mapped[datetime | None]
    channel: Mapped[str] = mapped_column(String(20), default="")
    by: Mapped[str] = mapped_column(String(80), default="")
    is_contacted: Mapped[bool | None] = mapped_column(doc="whether the unit had spoken with him, as he says")
    is_solved: Mapped[bool | None]
    satisfaction: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    is_unhappy: Mapped[bool] = mapped_column(default=False, doc="not solved, or dissatisfied")
    adjusted_solved: Mapped[bool | None] = mapped_column(doc="after an appeal; what he said stays as it is")
    adjusted_satisfaction: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        UniqueConstraint("ticket_id", "round"),
        Index(None, "matter_id"),
        Index(None, "opened_at"),
        Index(None, "settled_at"),
        Index(None, "unit_code", "settled_at"),
        Index("ix_follow_up_tasks_open", "next_try_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index(
            "ix_follow_up_tasks_unhappy", "matter_id",
            sqlite_where=text("is_unhappy = 1"), postgresql_where=text("is_unhappy"),
        ),
    )  # fmt: skip
