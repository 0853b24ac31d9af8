"""JSON of hotline numbers. Nothing is changed here: lines belong to the site plan, which is applied on its node."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts.auth import Actor, require
from app.lines import service
from app.lines.rules import day_of
from app.lines.schemas import (
    AliasOut,
    LineCalendar,
    LineChangeOut,
    LineDetail,
    LineList,
    LineOut,
    PeriodOut,
    ProgrammeList,
    ProgrammeOut,
    ProgrammeStepOut,
    TrunkOut,
)
from app.platform.http import ClockDep, Reading

router = APIRouter(tags=["lines"])

Reader = Annotated[Actor, Depends(require())]
LineKey = Annotated[str, Path(pattern=r"^[0-9]{3,20}$", description="the line's number")]
CALENDAR_DAYS = 365
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such line"}}


@router.get("/lines", summary="List lines")
def list_lines(_actor: Reader, session: Reading, clock: ClockDep) -> LineList:
    """Every number that the public knows, by number, with today's mode and the next change."""
    periods = service.periods_of(session)
    now = clock()
    items = [
        LineOut.model_validate(service.outline(line, periods.get(line.number, []), now))
        for line in service.list_lines(session)
    ]
    return LineList(items=items)


@router.get("/lines/calendar", summary="List coming changes of mode")
def read_line_calendar(
    _actor: Reader,
    session: Reading,
    clock: ClockDep,
    since: Annotated[date | None, Query(alias="from", description="first day; today when left out")] = None,
    until: Annotated[
        date | None, Query(alias="to", description="last day; a year after the first when left out")
    ] = None,
) -> LineCalendar:
    """Which lines will be handled otherwise, from which day on: the change happens at 00:00 Asia/Shanghai by itself."""
    first = since or day_of(clock())
    last = until or _a_year_after(first)
    return LineCalendar(
        items=[
            LineChangeOut(
                on=change.after.begins_on, number=change.line.number, name=change.line.name,
                before=PeriodOut.model_validate(change.before), after=PeriodOut.model_validate(change.after),
            )
            for change in service.list_changes(session, first, last)
        ]
    )  # fmt: skip


@router.get("/lines/programmes", summary="List programmes of integration")
def list_line_programmes(_actor: Reader, session: Reading) -> ProgrammeList:
    """What the documents of state say of groups of lines (R16-R19): how many, which of them by name, from when."""
    return ProgrammeList(
        items=[
            ProgrammeOut(
                code=one.code, region_code=one.region_code, name=one.name, mode=one.mode, line_count=one.line_count,
                named_count=len({step.line_number for step in steps}), begins_on=one.begins_on, source=one.source,
                steps=[ProgrammeStepOut.model_validate(step) for step in steps],
            )
            for one, steps in service.list_programmes(session)
        ]
    )  # fmt: skip


@router.get("/lines/{number}", summary="Read a line", responses=NOT_FOUND)
def read_line(number: LineKey, _actor: Reader, session: Reading, clock: ClockDep) -> LineDetail:
    """A line with all its periods, its other numbers and its trunks. An alias is not found here: ask for its line."""
    line = service.get_line(session, number)
    periods = service.periods_of(session, [number])[number]
    return LineDetail(
        **service.outline(line, periods, clock()),
        access_code=line.access_code,
        reason=line.reason,
        approved_by=line.approved_by,
        taken_over_at=line.taken_over_at,
        periods=[PeriodOut.model_validate(period) for period in periods],
        aliases=[AliasOut.model_validate(alias) for alias in service.aliases_of(session, number)],
        trunks=[TrunkOut.model_validate(trunk) for trunk in service.trunks_of(session, number)],
    )


def _a_year_after(first: date) -> date:
    return first + min(timedelta(days=CALENDAR_DAYS), date.max - first)
