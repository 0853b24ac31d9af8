"""Table of priority callers (优先来电): numbers that are put through first (prompt P03)."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId

_IN_FORCE = text("cleared_at IS NULL")


class PriorityCaller(Base):
    """A number flagged, and when and why the flag was taken away. At most one flag of a number is in force."""

    __tablename__ = "priority_callers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    caller_number: Mapped[str] = mapped_column(String(20), doc="normalised")
    kind: Mapped[str] = mapped_column(String(20), doc="see PriorityKind")
    reason: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[str] = mapped_column(String(80), default="")
    clear_reason: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        Index(
            "uq_priority_callers_number",
            "caller_number",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
        Index(None, "set_at", "id"),
    )
