"""Lines over time in the site plan: what a hotline number stands for, and from which day on it is handled how.

A period holds from 00:00 Asia/Shanghai of its day until the next one begins; the first one holds for ever before.
"""

from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,20}$")]
Label = Annotated[str, StringConstraints(pattern=r"""^[^\x00-\x1f\x7f;\[\]{}$"'|<>\\,=]{1,80}$""")]
"""What people read, Chinese as a rule. It never reaches Asterisk, and could do no harm there."""

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time and no summer time since 1991."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(StrEnum):
    """What a line is to the platform."""

    MAIN = "12345"
    RETAINED = "retained"
    SUB_CENTRE = "sub_centre"
    CANCELLED = "cancelled"
    EMERGENCY = "emergency"


class Mode(StrEnum):
    """How calls to a line are handled in a period (R10, R16)."""

    DIRECT_MERGE = "direct_merge"
    FORWARD = "forward"
    PARALLEL = "parallel"
    DUAL_NUMBER = "dual_number"
    CANCELLED = "cancelled"


class Period(Part):
    """One mode from one day on. `trunk` is the department's; `direction` belongs to forward, `order` to parallel."""

    since: date = Field(alias="from", description="first day, from 00:00 Asia/Shanghai")
    mode: Mode
    direction: Literal["in", "out"] = Field(default="in", description="forward: their exchange to us, or we to them")
    trunk: Name | None = Field(default=None, description="forward out, parallel: where the department answers")
    seats: list[Digits] = Field(default_factory=list, max_length=100, description="parallel: the line's own seats here")
    order: Literal["together", "own_first", "hotline_first"] = "together"
    own_ring_seconds: int = Field(default=20, ge=1, le=120, description="how long the department's side is rung")
    hotline_ring_seconds: int = Field(default=20, ge=1, le=600, description="hotline_first: how long we try alone")

    @property
    def begins_at(self) -> datetime:
        """00:00 Asia/Shanghai of its first day."""
        return datetime.combine(self.since, time.min, SHANGHAI)


class Alias(Part):
    """Another number of the line, e.g. that of a ministry merged into another, while it was or is valid."""

    number: Digits
    valid_from: date | None = None
    valid_until: date | None = Field(default=None, description="last day")


class Line(Part):
    """A hotline number the public knows. Without periods it is one of the hotline's own numbers (direct_merge)."""

    number: Digits
    label: Label
    queue: Name
    unit: Label | None = Field(default=None, description="the unit that owns the line")
    category: Category = Category.MAIN
    access_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")] | None = Field(
        default=None, description="digits an exchange puts before 12345 to name this line: 96 makes it 9612345"
    )
    aliases: list[Alias] = Field(default_factory=list, max_length=50)
    periods: list[Period] = Field(default_factory=list, max_length=50)
    reason: Label | None = Field(default=None, description="why the line exists (R15); needed for a new one")
    approved_by: Label | None = Field(default=None, description="who approved it (R15)")

    def period_at(self, moment: datetime) -> Period | None:
        """The period that holds at this moment (aware); None for a line without periods."""
        begun = [period for period in self.periods if period.begins_at <= moment]
        return begun[-1] if begun else (self.periods[0] if self.periods else None)

    def mode_at(self, moment: datetime) -> Mode:
        """How a call at this moment (aware) is handled."""
        period = self.period_at(moment)
        return period.mode if period else Mode.DIRECT_MERGE
