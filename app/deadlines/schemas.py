"""What the API of deadlines takes and gives. Times are UTC; pages show Asia/Shanghai."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.contract.masks import mask_text
from app.deadlines.calendar import DayKind
from app.deadlines.lists import ListedTicket
from app.deadlines.models import CalendarYear, ClockState, Notice, SlaProfile, Supervision, TicketClock
from app.deadlines.profile import ClockKind
from app.deadlines.supervising import OrderedStep
from app.tickets.models import TicketStatus

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300, pattern=r"^[^\x00]*$")]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500, pattern=r"^[^\x00]*$")]


class ClockOut(BaseModel):
    """One deadline of a ticket."""

    id: int
    kind: ClockKind
    state: ClockState = Field(description="`overdue` from the second after its end on, whatever has been swept")
    term: str = Field(description="how long it runs, e.g. `5 working days`")
    deadline_class: str = Field(description="A–D where the region has classes")
    started_at: datetime
    due_at: datetime | None = Field(description="null: it waits for the calendar of `missing_year`")
    missing_year: int | None
    remaining_seconds: int | None = Field(
        description="plain time until `due_at`, negative when overdue; null: it does not run"
    )
    paused_since: datetime | None
    pause_reason: str
    stopped_at: datetime | None
    explanation: list[str] = Field(description="why it ends then, step by step, Chinese")

    @classmethod
    def of(cls, clock: TicketClock, now: datetime) -> "ClockOut":
        """The clock as it stands at this moment."""
        runs = clock.stopped_at is None and clock.paused_since is None and clock.due_at is not None
        left = round((clock.due_at - now).total_seconds()) if runs and clock.due_at else None
        names = cls.model_fields.keys() - {"state", "remaining_seconds"}
        values: dict[str, Any] = {name: getattr(clock, name) for name in names}
        return cls(**values, state=state_at(clock, now), remaining_seconds=left)


def state_at(clock: TicketClock, now: datetime) -> ClockState:
    """The state at this moment: overdue is a fact of the clock, not of the last sweep."""
    is_over = clock.state == ClockState.RUNNING and clock.due_at is not None and now > clock.due_at
    return ClockState.OVERDUE if is_over else ClockState(clock.state)


class SupervisionOut(BaseModel):
    """A step of the ladder, or a supervision that somebody ordered."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    clock_id: int | None = Field(description="the clock that was late; null: ordered by a person")
    step: str = Field(
        description="remind, urge, yellow, red, listed, talk, transfer, joint, on_site, censure, "
        "investigate, media; repeated: the citizen urges"
    )
    due_at: datetime | None
    raised_at: datetime
    raised_by: str
    reason: str
    is_caught_up: bool = Field(description="passed over after a standstill: a higher step was told instead")

    @classmethod
    def of(cls, row: Supervision) -> "SupervisionOut":
        return cls.model_validate(row)


class NoticeOut(BaseModel):
    """Something somebody was or is to be told."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    audience: str = Field(description="unit, platform or duty_room")
    send_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, row: Notice) -> "NoticeOut":
        return cls.model_validate(row)


class TicketDeadlines(BaseModel):
    """Everything about a ticket's time."""

    clocks: list[ClockOut] = Field(description="the oldest first")
    supervisions: list[SupervisionOut]
    notices: list[NoticeOut]
    emergency_plan: str = Field(description="the plan by which an emergency is handled (R45); else empty")


class SupervisionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    step: OrderedStep
    reason: Why = Field(description="why; the unit reads it")


class AnswerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: Answer = Field(description="what the unit has done, or why it is late")


class ListedOut(BaseModel):
    """A ticket on a supervision list."""

    ticket_id: int
    ticket_number: str
    title: str
    status: TicketStatus
    region_code: str | None
    lead_unit_code: str | None = Field(description="主办单位")
    clock: ClockOut | None = Field(description="what is near due or overdue")
    times: int | None = Field(description="how often the matter came, or was done again")

    @classmethod
    def of(cls, listed: ListedTicket, now: datetime) -> "ListedOut":
        """The row as it stands at this moment."""
        ticket = listed.ticket
        return cls(
            ticket_id=ticket.id, ticket_number=ticket.ticket_number, title=mask_text(ticket.listed_title),
            status=TicketStatus(ticket.status), region_code=ticket.region_code, lead_unit_code=ticket.lead_unit_code,
            times=listed.times,
            clock=ClockOut.of(listed.clock, now) if listed.clock else None,
        )  # fmt: skip


class SupervisionList(BaseModel):
    items: list[ListedOut] = Field(description="clocks by their end; the other lists the newest ticket first")
    next_cursor: str | None


class ListCounts(BaseModel):
    counts: dict[str, int] = Field(description="list → how many tickets or clocks stand on it, 1000 at most")


class SpecialDayOut(BaseModel):
    day: date
    kind: DayKind
    name: str
    english: str


class CalendarYearOut(BaseModel):
    """One version of a year's calendar."""

    year: int
    version: int
    is_current: bool
    why: str
    created_by: str = Field(description="username; `reference`: shipped")
    created_at: datetime
    days: list[SpecialDayOut] = Field(description="the days that differ from their weekday")

    @classmethod
    def of(cls, row: CalendarYear) -> "CalendarYearOut":
        days = [SpecialDayOut(day=day, kind=kind, name=name, english=english) for day, kind, name, english in row.days]
        names = cls.model_fields.keys() - {"days"}
        return cls(**{name: getattr(row, name) for name in names}, days=days)


class CalendarList(BaseModel):
    items: list[CalendarYearOut] = Field(description="the newest year first")
    missing_year: int | None = Field(description="the year that somebody must import now; null: all is well")


class CalendarHistory(BaseModel):
    items: list[CalendarYearOut] = Field(description="the newest version first")


class CalendarIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    csv: str = Field(max_length=20_000, description="`day,kind,name,english`; kind is holiday or make_up")
    why: Why = Field(description="source or reason")


class ProfileOut(BaseModel):
    """One version of a region's rules."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    version: int
    is_current: bool
    is_default: bool = Field(description="this platform's own")
    is_verified: bool = Field(description="false: 待核实, not confirmed by a source that could be read")
    name: str
    body: dict[str, Any] = Field(description="the whole profile")
    why: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, row: SlaProfile) -> "ProfileOut":
        return cls.model_validate(row)


class ProfileList(BaseModel):
    items: list[ProfileOut]


class ProfileIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    body: dict[str, Any] = Field(description="the whole profile; its `code` must be the one in the address")
    why: Why = Field(description="source or reason")
