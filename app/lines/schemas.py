"""What the API of lines gives. Days are those of Asia/Shanghai; a mode changes at 00:00."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class NextMode(Answer):
    begins_on: date
    mode: str


class LineOut(Answer):
    """A hotline number."""

    number: str
    name: str
    unit_name: str = Field(description="the unit that owns it")
    category: str = Field(description="12345, retained, sub_centre, cancelled or emergency")
    queue: str = Field(description="queue of its callers; empty: general")
    plan: str = Field(description="the site plan that serves it; empty: no plan of ours")
    mode: str | None = Field(
        description="today: direct_merge, forward, parallel, dual_number or cancelled; null: not served by us"
    )
    next_change: NextMode | None = Field(description="null: none is planned")


class LineList(BaseModel):
    items: list[LineOut]


class PeriodOut(Answer):
    """How the line is handled from 00:00 of its day until the next period begins."""

    begins_on: date
    mode: str
    direction: str = Field(description="forward: `in` to us, `out` to the department")
    trunk: str = Field(description="where the department answers; empty: nowhere")
    seats: list[str] = Field(description="the line's own seats at our switch")
    ring_order: str = Field(description="parallel: together, own_first or hotline_first")
    own_ring_seconds: int
    hotline_ring_seconds: int


class AliasOut(Answer):
    """Another number of the line, from its first to its last day."""

    number: str
    valid_from: date | None
    valid_until: date | None
    note: str
    plan: str = Field(description="empty: reference data")


class TrunkOut(Answer):
    name: str
    label: str
    kind: str = Field(description="carrier, department, emergency or probe")
    dials_out: bool = Field(description="we may send calls there")


class LineDetail(LineOut):
    """A line with everything that belongs to it."""

    access_code: str = Field(description="digits put before 12345 that name this line")
    reason: str = Field(description="why it exists (R15)")
    approved_by: str
    taken_over_at: datetime | None = Field(description="when its plan last changed it, UTC")
    periods: list[PeriodOut] = Field(description="in order of their days")
    aliases: list[AliasOut]
    trunks: list[TrunkOut]


class LineChangeOut(BaseModel):
    """From 00:00 Asia/Shanghai of `on` the line is handled otherwise."""

    on: date
    number: str
    name: str
    before: PeriodOut
    after: PeriodOut


class LineCalendar(BaseModel):
    items: list[LineChangeOut] = Field(description="by day, then by number")


class ProgrammeStepOut(Answer):
    line_number: str = Field(description="may be an alias of another line by now")
    name: str = Field(description="as the document calls it")
    mode: str
    begins_on: date | None


class ProgrammeOut(Answer):
    """What a document of state says of a group of lines."""

    code: str
    region_code: str
    name: str
    mode: str
    line_count: int = Field(description="how many lines the document counts")
    named_count: int = Field(description="how many of them it names")
    begins_on: date | None
    source: str
    steps: list[ProgrammeStepOut]


class ProgrammeList(BaseModel):
    items: list[ProgrammeOut]
