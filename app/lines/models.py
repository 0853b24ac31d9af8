"""Tables of hotline numbers: what they are, how they are handled from which day on, and who else's number they are.

The plan that a telephony node has applied is the source of periods, queues and trunks; `plan` names it. What the
state's documents say of lines elsewhere is reference data (`LineProgramme`): it decides nothing about calls.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base


class Line(Base):
    """A hotline number the public knows."""

    __tablename__ = "lines"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    unit_name: Mapped[str] = mapped_column(String(80), default="", doc="the unit that owns it")
    category: Mapped[str] = mapped_column(String(20), doc="12345, retained, sub_centre, cancelled, emergency")
    queue: Mapped[str] = mapped_column(String(80), default="", doc="queue of its callers; empty: general")
    access_code: Mapped[str] = mapped_column(String(6), default="", doc="digits put before 12345 that name this line")
    reason: Mapped[str] = mapped_column(String(80), default="", doc="why it exists (R15)")
    approved_by: Mapped[str] = mapped_column(String(80), default="", doc="who approved it (R15)")
    plan: Mapped[str] = mapped_column(String(40), default="", doc="the plan that serves it; empty: none of ours")
    taken_over_at: Mapped[datetime | None] = mapped_column(doc="when that plan was applied")


class LinePeriod(Base):
    """How a line is handled from 00:00 Asia/Shanghai of `begins_on` until its next period (R10, R17)."""

    __tablename__ = "line_periods"

    line_number: Mapped[str] = mapped_column(ForeignKey("lines.number"), primary_key=True)
    begins_on: Mapped[date] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(String(20), doc="direct_merge, forward, parallel, dual_number, cancelled")
    direction: Mapped[str] = mapped_column(String(3), default="in", doc="forward: `in` to us, `out` to the department")
    trunk: Mapped[str] = mapped_column(String(80), default="", doc="where the department answers")
    seats: Mapped[list[Any]] = mapped_column(default=list, doc="the line's own seats here")
    ring_order: Mapped[str] = mapped_column(String(20), default="", doc="parallel: together, own_first, hotline_first")
    own_ring_seconds: Mapped[int] = mapped_column(default=0, doc="how long the department's side is rung")
    hotline_ring_seconds: Mapped[int] = mapped_column(
        default=0, doc="hotline_first: how long our agents are rung first"
    )
    plan: Mapped[str] = mapped_column(String(40), default="")

    __table_args__ = (Index(None, "begins_on"),)


class LineAlias(Base):
    """Another number of a line while it is valid: that of a ministry merged into another, as a rule."""

    __tablename__ = "line_aliases"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    line_number: Mapped[str] = mapped_column(ForeignKey("lines.number"), primary_key=True)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None] = mapped_column(doc="last day")
    note: Mapped[str] = mapped_column(String(200), default="")
    plan: Mapped[str] = mapped_column(String(40), primary_key=True, default="", doc="empty: reference data")


class Trunk(Base):
    """A SIP link of an applied plan, as far as records need it."""

    __tablename__ = "trunks"

    plan: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), doc="carrier, department, emergency, probe")
    line_number: Mapped[str] = mapped_column(String(20), default="", doc="the line of its calls to 12345")
    dials_out: Mapped[bool] = mapped_column(default=False)


class LineProgramme(Base):
    """What a document of state says of a group of lines, e.g. 长沙 31 条直接整合 (R18). Reference data."""

    __tablename__ = "line_programmes"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    mode: Mapped[str] = mapped_column(String(20))
    line_count: Mapped[int] = mapped_column(doc="how many lines the document counts; it may name fewer")
    begins_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(200))


class LineProgrammeStep(Base):
    """One named line of a programme and one of its dated modes. The number may be an alias by now."""

    __tablename__ = "line_programme_steps"

    programme_code: Mapped[str] = mapped_column(ForeignKey("line_programmes.code"), primary_key=True)
    line_number: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(String(20))
    begins_on: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(80), doc="as the document calls it")
