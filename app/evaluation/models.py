"""Table of objections: a unit says that a score, or a ticket, should not count against it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class ObjectionKind(StrEnum):
    """申诉 is about one citizen's answer, 剔除 about a whole ticket."""

    APPEAL = "appeal"
    EXCLUDE = "exclude"


class ObjectionStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    """What is counted was changed."""
    REFUSED = "refused"
    """It stays as it was."""


class Ground(StrEnum):
    """Why a ticket should not count (domain.md §2.4), or why an answer should be looked at again."""

    UNREASONABLE = "unreasonable"
    UNLAWFUL = "unlawful"
    IMPOSSIBLE = "impossible"
    STATUTORY = "statutory"
    """行政调解、执法办案: 不片面追求满意率."""
    MISRECORDED = "misrecorded"
    NOT_OURS = "not_ours"


class ScoreObjection(Base):
    """Asked with evidence by one person, decided by another. Raw figures never change by it, adjusted ones do."""

    __tablename__ = "score_objections"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("follow_up_tasks.id"), doc="of an appeal")
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), doc="whose score it is")
    kind: Mapped[str] = mapped_column(String(12))
    ground: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500))
    evidence: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(12), default=ObjectionStatus.PENDING)
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
    opinion: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        Index(None, "status", "id"),
        Index(None, "unit_code", "id"),
        Index(
            "uq_score_objections_task", "task_id", unique=True,
            sqlite_where=text("task_id IS NOT NULL"), postgresql_where=text("task_id IS NOT NULL"),
        ),
        Index(
            "uq_score_objections_exclusion", "ticket_id", unique=True,
            sqlite_where=text("kind = 'exclude' AND status <> 'refused'"),
            postgresql_where=text("kind = 'exclude' AND status <> 'refused'"),
        ),
    )  # fmt: skip
