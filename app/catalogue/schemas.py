"""What the catalogue's API takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.catalogue.models import RuleStatus, UnitKind

Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
RegionCode = Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3}){0,2}$")]


class EntryOut(BaseModel):
    """A region or a subject."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    parent_code: str | None
    level: int
    full_name: str = Field(description="with the names of all above it")


class EntryList(BaseModel):
    items: list[EntryOut] = Field(description="by code, so that each follows its parent")


class _Changes(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were sent, and only those."""
        return self.model_dump(exclude_unset=True, exclude={"code"})


class _Dated(_Changes):
    valid_from: date | None = Field(default=None, description="it becomes active by itself on this day")
    valid_until: date | None = Field(default=None, description="it stops being active by itself after this day")


class UnitChanges(_Dated):
    name: Line = Field(default="", min_length=2, max_length=60)
    level: int = Field(default=2, ge=1, le=5, description="1 province, 2 city, 3 county, 4 township, 5 village")
    kind: UnitKind = UnitKind.DEPARTMENT
    region_code: RegionCode = ""
    parent_code: Code | None = Field(default=None, description="also who gets what is said against the unit")
    substitute_code: Code | None = Field(default=None, description="who takes over while it is not active")
    duty_phone: Line = Field(default="", max_length=20)
    contact_name: Line = Field(default="", max_length=40)
    contact_phone: Line = Field(default="", max_length=20)
    is_active: bool = True


class UnitIn(UnitChanges):
    code: Code
    name: Line = Field(min_length=2, max_length=60)
    level: int = Field(ge=1, le=5)
    kind: UnitKind
    region_code: RegionCode


class UnitOut(BaseModel):
    """A unit that handles tickets."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    level: int
    kind: UnitKind
    region_code: str
    parent_code: str | None
    substitute_code: str | None
    duty_phone: str
    contact_name: str
    contact_phone: str
    is_active: bool
    valid_from: date | None
    valid_until: date | None
    version: int


class UnitList(BaseModel):
    items: list[UnitOut] = Field(description="by level and code")


class SubjectChanges(_Dated):
    name: Line = Field(default="", min_length=2, max_length=60)
    is_active: bool = True


class SubjectIn(SubjectChanges):
    code: str = Field(pattern=r"^\d{6}$", description="LLMMNN: level, parent and full name follow from it")
    name: Line = Field(min_length=2, max_length=60)


class SubjectOut(EntryOut):
    """A subject as its editors see it."""

    is_active: bool
    valid_from: date | None
    valid_until: date | None
    version: int


class RegionChanges(_Changes):
    name: Line = Field(default="", min_length=2, max_length=60)
    parent_code: RegionCode | None = Field(default=None, description="who stands above it; of a higher level")


class RegionIn(RegionChanges):
    code: RegionCode = Field(description="6, 9 or 12 digits: the level follows from it")
    name: Line = Field(min_length=2, max_length=60)


class RegionOut(EntryOut):
    """A region as its editors see it."""

    version: int


class RegionList(BaseModel):
    items: list[RegionOut] = Field(description="by code, so that each follows its parent")


class ExclusionChanges(_Dated):
    name: Line = Field(default="", min_length=2, max_length=60)
    channel: Line = Field(default="", min_length=1, max_length=200, description="where to turn instead")
    script: Line = Field(default="", min_length=4, max_length=400, description="what the agent reads out")
    source: Line = Field(default="", max_length=100)
    is_active: bool = True


class ExclusionIn(ExclusionChanges):
    code: Code
    name: Line = Field(min_length=2, max_length=60)
    channel: Line = Field(min_length=1, max_length=200)
    script: Line = Field(min_length=4, max_length=400)


class ExclusionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    channel: str
    script: str
    source: str
    is_active: bool
    valid_from: date | None
    valid_until: date | None
    version: int


class ExclusionList(BaseModel):
    items: list[ExclusionOut]


class RuleChanges(_Changes):
    subject_code: str | None = Field(default=None, pattern=r"^\d{6}$", description="this subject and all below it")
    region_code: RegionCode | None = Field(default=None, description="this region and all below it")
    lead_unit_code: Code = ""
    supporting_unit_codes: Line = Field(default="", max_length=400, description="separated by spaces")
    overrides_territory: bool = Field(default=False, description="leads whatever the place")
    not_to_grass_roots: bool = Field(default=False, description="no township leads")
    priority: int = Field(default=0, ge=-100, le=100)
    valid_from: date | None = None
    valid_until: date | None = None
    status: RuleStatus = RuleStatus.ACTIVE
    note: Line = Field(default="", max_length=200)


class RuleIn(RuleChanges):
    code: Code
    lead_unit_code: Code


class RuleOut(BaseModel):
    """A rule of the dispatch catalogue."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    subject_code: str | None
    region_code: str | None
    lead_unit_code: str
    supporting_unit_codes: str
    overrides_territory: bool
    not_to_grass_roots: bool
    priority: int
    valid_from: date | None
    valid_until: date | None
    status: RuleStatus
    note: str
    version: int


class RuleList(BaseModel):
    items: list[RuleOut] = Field(description="by subject; candidates are among them")


class ReferenceChangeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime
    actor: str
    changes: dict[str, Any] = Field(description="field → [before, after]")
    version: int


class ReferenceHistory(BaseModel):
    items: list[ReferenceChangeOut] = Field(description="the oldest first; empty: as the file brought it")
