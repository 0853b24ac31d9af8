"""Tables of reference data; rows come from sql/reference/*.csv."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, true
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class Region(Base):
    """An administrative region (GB/T 2260 code, or nine digits for townships)."""

    __tablename__ = "regions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(String(12))
    level: Mapped[int] = mapped_column(doc="1 province, 2 city, 3 county, 4 township, 5 village")
    full_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (Index(None, "parent_code"),)


class Subject(Base):
    """What a ticket is about: three levels, code LLMMNN (domain.md §3.4)."""

    __tablename__ = "subjects"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(String(6))
    level: Mapped[int]
    full_name: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true(), doc="new tickets may be about it")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (Index(None, "parent_code"),)


class ReferenceFile(Base):
    """Which version of a reference file is loaded: seeding again is a no-op until the file changes."""

    __tablename__ = "reference_files"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the file")
    row_count: Mapped[int]
    loaded_at: Mapped[datetime]


class UnitKind(StrEnum):
    """What a unit is (domain.md §3.5); ranking groups follow it."""

    PLATFORM = "platform"
    """A hotline's own office: it dispatches and audits, it handles nothing."""
    GOVERNMENT = "government"
    DEPARTMENT = "department"
    UTILITY = "utility"
    RESIDENT = "resident"
    """驻市单位: led from above, seated here."""
    TOWNSHIP = "township"


class Unit(Base):
    """承办单位: who handles tickets. Four levels; the parent is also who receives what is said against the unit."""

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[int] = mapped_column(doc="1 province, 2 city, 3 county, 4 township")
    kind: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    substitute_code: Mapped[str | None] = mapped_column(
        ForeignKey("units.code"), doc="takes over while this one is not active, or for good"
    )
    duty_phone: Mapped[str] = mapped_column(String(20), default="", doc="值班室: emergency matters go there at once")
    contact_name: Mapped[str] = mapped_column(String(40), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None] = mapped_column(doc="it becomes active by itself on this day")
    valid_until: Mapped[date | None] = mapped_column(doc="it stops being active by itself after this day")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (Index(None, "region_code"), Index(None, "parent_code"))


class Exclusion(Base):
    """What the hotline does not take (R21, R22), and the right channel that the citizen is told."""

    __tablename__ = "exclusions"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    channel: Mapped[str] = mapped_column(String(200), doc="where to turn instead")
    script: Mapped[str] = mapped_column(String(400), doc="what the agent reads out")
    source: Mapped[str] = mapped_column(String(100), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class RuleStatus(StrEnum):
    ACTIVE = "active"
    CANDIDATE = "candidate"
    """Made by a decision about a dispute; somebody has still to say that it holds from now on."""
    RETIRED = "retired"


class DispatchRule(Base):
    """派单目录: which unit leads for a subject in a region. An empty subject or region means any."""

    __tablename__ = "dispatch_rules"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_code: Mapped[str | None] = mapped_column(ForeignKey("subjects.code"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"))
    lead_unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    supporting_unit_codes: Mapped[str] = mapped_column(String(400), default="", doc="separated by spaces")
    overrides_territory: Mapped[bool] = mapped_column(default=False, doc="leads whatever the place (R41)")
    not_to_grass_roots: Mapped[bool] = mapped_column(default=False, doc="不得下压基层: no township leads")
    priority: Mapped[int] = mapped_column(default=0, doc="of two rules that are equally exact the higher goes first")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(20), default=RuleStatus.ACTIVE)
    note: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (Index(None, "subject_code"),)


class ReferenceChange(Base):
    """Who changed which row of the reference data, and how. Append only."""

    __tablename__ = "reference_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    table_name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(40))
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="field -> [before, after]")
    version: Mapped[int]

    __table_args__ = (Index(None, "table_name", "key", "id"),)
