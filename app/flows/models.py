"""How callers went through flows, counted by day and node; and how far the counting is."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId

INSIDE = -1
"""The version of what ran inside another flow: which one it was, only the outer flow's is told."""
WHOLE = ""
"""The node that stands for a whole run of a flow: `left_by` is then the route it ended with."""


class FlowNodeCount(Base):
    """Callers of one day (Asia/Shanghai) who left a node by an exit, and the time that they spent there."""

    __tablename__ = "flow_node_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    flow: Mapped[str] = mapped_column(String(120), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, doc="as published; 0: as shipped; -1: inside another flow")
    node: Mapped[str] = mapped_column(String(120), primary_key=True, doc="empty: the whole run")
    left_by: Mapped[str] = mapped_column(
        String(120), primary_key=True, doc="the exit; empty: the flow's own end; hung_up, broken; of a run: the route"
    )
    callers: Mapped[int]
    spent_ms: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "flow", "day"),)


class FlowCountMark(Base):
    """One row: facts up to this one are counted."""

    __tablename__ = "flow_count_mark"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    counted_to: Mapped[int] = mapped_column(BigInteger, doc="id of a row of call_events")
    counted_at: Mapped[datetime]
