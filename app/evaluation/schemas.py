"""What the API of follow-up, rates and scores takes and gives."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.accounts.auth import Actor
from app.casework.forms import Satisfaction
from app.contract.masks import mask_text
from app.evaluation.counting import Figure, Grouping, Received, Selected
from app.evaluation.desk import DeskRow
from app.evaluation.models import Ground, ScoreObjection
from app.evaluation.rates import RATES, Rate
from app.evaluation.report import Band, Cell, Row

Words = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
MonthText = Annotated[str, StringConstraints(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]


class FollowUpTaskOut(BaseModel):
    """One citizen to be asked how one round of handling went. Times in UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    ticket_id: int = Field(description="the citizen's own ticket")
    matter_id: int = Field(description="the ticket that moves: the same, unless it was merged")
    ticket_number: str
    title: str
    round: int
    unit_code: str | None = Field(description="whose reply it is about")
    status: str = Field(description="open, answered, unreached or dropped")
    opened_at: datetime
    due_at: datetime | None
    next_try_at: datetime
    tries: int = Field(description="that reached nobody; three end it")
    calls_placed: int = Field(description="calls by machine, those that reached nobody included")
    invited_at: datetime | None = Field(description="when a link was last sent to the citizen")
    settled_at: datetime | None
    channel: str
    is_contacted: bool | None = Field(description="whether the unit had spoken with him, as he says")
    is_solved: bool | None
    satisfaction: str
    reason: str = Field(description="his words, numbers masked")

    @classmethod
    def of(cls, row: DeskRow, *, is_listed: bool = False) -> "FollowUpTaskOut":
        """The task by itself, or as a row of a list: of a report it tells nothing that the citizen said."""
        ticket, is_withheld = row.ticket, is_listed and row.ticket.is_report
        told = {
            "ticket_number": ticket.ticket_number,
            "title": mask_text(ticket.listed_title if is_listed else ticket.title),
            "reason": "" if is_withheld else mask_text(row.task.reason),
        }
        kept = {name: getattr(row.task, name) for name in cls.model_fields if name not in told}
        return cls.model_validate({**kept, **told})


class FollowUpTaskList(BaseModel):
    items: list[FollowUpTaskOut] = Field(description="what is due first, first; a hundred at most")


class AnswerIn(BaseModel):
    """What the citizen says."""

    model_config = ConfigDict(extra="forbid")

    is_contacted: bool | None = Field(default=None, description="null: he was not asked")
    is_solved: bool
    satisfaction: Satisfaction
    reason: Words = Field(default="", max_length=500)
    channel: str = Field(default="phone", pattern="^(phone|visit|sms|web)$")


class RingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    calls_placed: int = Field(ge=0, le=99, description="as the task told it: asked twice, the citizen is rung once")


class AttemptIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Words = Field(min_length=2, max_length=500, description="why nobody was reached")


class DecisionIn(BaseModel):
    """What follows from an unhappy answer."""

    model_config = ConfigDict(extra="forbid")

    is_redone: bool = Field(description="true: back to the unit; false: it ends, and `reason` says why")
    reason: Words = Field(min_length=4, max_length=500)


class FigureOut(BaseModel):
    denominator: int
    numerator: int
    percent: float | None = Field(description="one decimal; null: nothing was counted")

    @classmethod
    def of(cls, figure: Figure, percent: float | None) -> "FigureOut":
        return cls(denominator=figure.denominator, numerator=figure.numerator, percent=percent)


class CellOut(BaseModel):
    """Raw is what happened; adjusted leaves out what was excluded with evidence and approval."""

    raw: FigureOut
    adjusted: FigureOut
    band: Band
    rank: int | None = Field(description="null unless the city puts units in order (HOTLINE_IS_RANKED)")

    @classmethod
    def of(cls, cell: Cell) -> "CellOut":
        raw, adjusted = cell.figures.raw, cell.figures.adjusted
        return cls(
            raw=FigureOut.of(raw, cell.raw_percent), adjusted=FigureOut.of(adjusted, cell.percent), band=cell.band,
            rank=cell.rank,
        )  # fmt: skip


class GroupOut(BaseModel):
    code: str = Field(description="of the unit or the county; empty: all together, or nobody's")
    name: str
    rates: dict[str, CellOut]

    @classmethod
    def of(cls, row: Row) -> "GroupOut":
        return cls(code=row.code, name=row.name, rates={key: CellOut.of(cell) for key, cell in row.cells.items()})


class RateOut(BaseModel):
    """What a rate is."""

    key: str
    name: str
    formula: str
    adjusted_by: str = Field(description="what the adjusted figure leaves out, Chinese")
    is_low_good: bool
    is_of_the_city: bool = Field(description="true: calls have no region; the figure is the whole city's for everybody")

    @classmethod
    def of(cls, rate: Rate) -> "RateOut":
        return cls(
            key=rate.key, name=rate.name, formula=rate.formula, adjusted_by=rate.adjusted_by,
            is_low_good=rate.is_low_good, is_of_the_city=not rate.source.is_of_tickets,
        )  # fmt: skip


class ReceivedOut(BaseModel):
    """件 and 人次 are two things, counted apart."""

    model_config = ConfigDict(from_attributes=True)

    matters: int = Field(description="件: opened in the month and not merged into another matter")
    citizens: int = Field(description="人次: every citizen's own ticket, the merged ones too")
    urges: int = Field(description="催办: how often citizens asked again for these")


class RateReport(BaseModel):
    """A month's rates."""

    month: str
    by: Grouping
    received: ReceivedOut
    rates: list[RateOut]
    groups: list[GroupOut]

    @classmethod
    def of(cls, month: str, by: Grouping, rows: list[Row], received: Received) -> "RateReport":
        told = [RateOut.of(rate) for rate in RATES if rows and rate.key in rows[0].cells]
        return cls(
            month=month,
            by=by,
            received=ReceivedOut.model_validate(received),
            rates=told,
            groups=[GroupOut.of(row) for row in rows],
        )


class CountedRow(BaseModel):
    """One row that a rate counts."""

    model_config = ConfigDict(from_attributes=True)

    row_id: int
    at: datetime
    unit_code: str
    ticket_id: int | None
    ticket_number: str = Field(description="empty: a call, or a ticket that is not yours to see any more")
    title: Annotated[str, AfterValidator(mask_text)]
    call_id: str


class CountedRows(BaseModel):
    items: list[CountedRow]
    next_after: int | None = Field(description="for `after` of the next page; null on the last one")

    @classmethod
    def of(cls, rows: list[Selected], limit: int) -> "CountedRows":
        items = [CountedRow.model_validate(row) for row in rows[:limit]]
        return cls(items=items, next_after=items[-1].row_id if len(rows) > limit else None)


class ObjectionIn(BaseModel):
    """Why, with evidence."""

    model_config = ConfigDict(extra="forbid")

    ground: Ground
    reason: Words = Field(min_length=6, max_length=500)
    evidence: Words = Field(min_length=6, max_length=500)


class ObjectionDecisionIn(BaseModel):
    """Upheld (`is_approved` false: the score stays) or changed. A granted appeal says what counts instead."""

    model_config = ConfigDict(extra="forbid")

    is_approved: bool
    opinion: Words = Field(min_length=4, max_length=500)
    is_solved: bool | None = None
    satisfaction: Satisfaction | None = None


class ObjectionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    ticket_id: int
    task_id: int | None
    unit_code: str
    kind: str = Field(description="appeal (of one answer) or exclude (a ticket)")
    ground: str
    reason: str
    evidence: str
    status: str = Field(description="pending, approved (what counts was changed) or refused (the score stays)")
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    opinion: str

    @classmethod
    def of(cls, row: ScoreObjection) -> "ObjectionOut":
        return cls.model_validate(row)


class ObjectionList(BaseModel):
    items: list[ObjectionOut]


def detail_of_question(month: str, by: str, actor: Actor) -> dict[str, Any]:
    """What the audit log keeps of a report that was read."""
    return {"month": month, "by": by, "unit": actor.unit}
