"""JSON of deadlines: a ticket's clocks, supervision, the four lists, calendars, rules of regions."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.deadlines import lists, service, supervising, versions
from app.deadlines.access import seen_ticket
from app.deadlines.jobs import retime_clocks
from app.deadlines.lists import ListName
from app.deadlines.schemas import (
    AnswerIn,
    CalendarHistory,
    CalendarIn,
    CalendarList,
    CalendarYearOut,
    ClockOut,
    ListCounts,
    ListedOut,
    NoticeOut,
    ProfileIn,
    ProfileList,
    ProfileOut,
    SupervisionIn,
    SupervisionList,
    SupervisionOut,
    TicketDeadlines,
)
from app.platform.http import ClockDep, Reading, Writing
from app.platform.job_queue import enqueue
from app.tickets.api import version_of

router = APIRouter(tags=["deadlines"])

Anybody = Annotated[Actor, Depends(require())]
TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
Watcher = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ))]
Supervisor = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ, Permission.SUPERVISION_WRITE))]
RuleMaker = Annotated[Actor, Depends(require(Permission.RULES_WRITE))]
DutyRoom = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.EMERGENCIES_ANSWER))]
Handler = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.CASES_MOVE))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]
Year = Annotated[int, Path(ge=2000, le=2200)]
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='the version that was read, e.g. `"3"`; `"0"`: none')
]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "No such ticket, or not one that you may see"}}
SUPERVISE: dict[int | str, dict[str, Any]] = {
    **NOT_FOUND,
    403: {"description": "Who handled this ticket does not supervise it (R35)"},
    409: {"description": "`nothing-to-supervise`: a draft, or over already"},
}
EDIT: dict[int | str, dict[str, Any]] = {
    412: {"description": "Somebody saved a newer version: `current_version`"},
    422: {"description": "`rules-refused`: `errors` says what is wrong, with its place"},
}


@router.get("/tickets/{ticket}/clocks", summary="Read a ticket's deadlines", responses=NOT_FOUND)
def read_ticket_clocks(ticket: TicketKey, actor: TicketReader, session: Reading, clock: ClockDep) -> TicketDeadlines:
    """Every clock with the reasons for its due time, the steps of supervision, and who is told."""
    found, now = seen_ticket(session, ticket, actor), clock()
    clocks = service.list_clocks(session, found.id)
    return TicketDeadlines(
        clocks=[ClockOut.of(one, now) for one in clocks],
        emergency_plan=service.emergency_plan(session, clocks),
        supervisions=[SupervisionOut.of(one) for one in supervising.list_supervisions(session, found.id)],
        notices=[NoticeOut.of(one) for one in supervising.list_notices(session, found.id)],
    )


@router.post("/tickets/{ticket}/supervisions", status_code=201, summary="Order a supervision", responses=SUPERVISE)
def order_supervision(
    ticket: TicketKey, body: SupervisionIn, actor: Supervisor, session: Writing, clock: ClockDep
) -> SupervisionOut:
    """催办, 挂牌督办, 约谈, 移交, 联合督办, 现场督办, 通报批评, 调查问责 or 媒体曝光 by hand.

    The unit is told, and its time to answer begins.
    """
    found = seen_ticket(session, ticket, actor, is_locked=True)
    row = supervising.order_supervision(session, found, str(body.step), actor=actor, reason=body.reason, now=clock())
    return SupervisionOut.of(row)


@router.post(
    "/tickets/{ticket}/supervisions/answer",
    status_code=204,
    summary="Answer a supervision",
    responses={**NOT_FOUND, 409: {"description": "`nothing-to-answer`: no supervision waits for an answer"}},
)
def answer_supervision(ticket: TicketKey, body: AnswerIn, actor: Handler, session: Writing, clock: ClockDep) -> None:
    """The lead unit says what it has done about it; its time to answer ends. It stands in the ticket's history."""
    found = seen_ticket(session, ticket, actor, is_locked=True)
    supervising.answer_supervision(session, found, actor=actor, answer=body.answer, now=clock())


@router.post(
    "/tickets/{ticket}/acknowledge",
    status_code=204,
    summary="Acknowledge an emergency",
    responses={**NOT_FOUND, 409: {"description": "`nothing-to-acknowledge`: no emergency, or answered already"}},
)
def acknowledge(ticket: TicketKey, actor: DutyRoom, session: Writing, clock: ClockDep) -> None:
    """The duty room has the emergency matter (R45)."""
    found = seen_ticket(session, ticket, actor, is_locked=True)
    supervising.acknowledge(session, found, actor=actor.name, now=clock())


@router.get("/supervision-lists", summary="Count the supervision lists")
def count_lists(actor: Watcher, session: Reading, clock: ClockDep) -> ListCounts:
    """How much stands on each of the four lists (R57)."""
    counts = lists.count_lists(session, actor=actor, now=clock())
    return ListCounts(counts={str(name): count for name, count in counts.items()})


@router.get("/supervision-lists/{name}", summary="Read a supervision list")
def read_list(
    name: ListName,
    actor: Watcher,
    session: Reading,
    clock: ClockDep,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = lists.PAGE,
) -> SupervisionList:
    """临期 near-due, 逾期 overdue, 反复多发 recurring, 群众不满 dissatisfied: of the tickets that you may see."""
    now = clock()
    page = lists.supervision_list(session, name, actor=actor, now=now, cursor=cursor, limit=limit)
    return SupervisionList(items=[ListedOut.of(one, now) for one in page.items], next_cursor=page.next_cursor)


@router.get("/calendars", summary="List working-day calendars")
def list_calendars(_actor: Anybody, session: Reading, clock: ClockDep) -> CalendarList:
    """The current version of each year, and the year that is missing."""
    items = [CalendarYearOut.of(row) for row in versions.list_years(session)]
    return CalendarList(items=items, missing_year=versions.find_missing_year(session, clock()))


@router.get("/calendars/{year}", summary="Read a year's versions", responses={404: {"description": "No such year"}})
def read_calendar(year: Year, _actor: Anybody, session: Reading) -> CalendarHistory:
    """Every version of a year, with who made it and why."""
    return CalendarHistory(items=[CalendarYearOut.of(row) for row in versions.year_history(session, year)])


@router.put("/calendars/{year}", summary="Save a year's calendar", responses=EDIT)
def save_calendar(
    year: Year, body: CalendarIn, actor: RuleMaker, session: Writing, clock: ClockDep, if_match: IfMatch = None
) -> CalendarYearOut:
    """A new version of a year. Clocks that need it or end in it are timed again; the same days change nothing."""
    now = clock()
    before = versions.find_year(session, year)
    row = versions.save_year(
        session, year, body.csv, by=actor.name, why=body.why, now=now, version=version_of(if_match)
    )
    if before is None or before.id != row.id:
        audit.record(session, actor, "calendar_saved", at=now, object_type="calendar", object_id=row.id)
        enqueue(session, retime_clocks, year)
    return CalendarYearOut.of(row)


@router.get("/sla-profiles", summary="List rules of regions")
def list_profiles(_actor: Anybody, session: Reading) -> ProfileList:
    """The current version of each, the platform's own first."""
    return ProfileList(items=[ProfileOut.of(row) for row in versions.list_profiles(session)])


@router.get(
    "/sla-profiles/{code}", summary="Read a region's versions", responses={404: {"description": "No such rules"}}
)
def read_profile(code: Code, _actor: Anybody, session: Reading, response: Response) -> ProfileList:
    """Every version, the newest first."""
    rows = versions.profile_history(session, code)
    response.headers["ETag"] = f'"{rows[0].version}"'
    return ProfileList(items=[ProfileOut.of(row) for row in rows])


@router.put("/sla-profiles/{code}", summary="Save a region's rules", responses=EDIT)
def save_profile(
    code: Code, body: ProfileIn, actor: RuleMaker, session: Writing, clock: ClockDep, if_match: IfMatch = None
) -> ProfileOut:
    """A new version. Clocks that run keep the rules they began with; the same content changes nothing."""
    now = clock()
    content = {**body.body, "code": code}
    row = versions.save_profile(session, content, by=actor.name, why=body.why, now=now, version=version_of(if_match))
    audit.record(session, actor, "sla_profile_saved", at=now, object_type="sla_profile", object_id=row.id)
    return ProfileOut.of(row)


@router.post("/sla-profiles/{code}/adopt", summary="Make these rules the platform's own")
def adopt_profile(code: Code, actor: RuleMaker, session: Writing, clock: ClockDep) -> ProfileOut:
    """New clocks run by them from now on."""
    row = versions.choose_default(session, code)
    audit.record(session, actor, "sla_profile_adopted", at=clock(), object_type="sla_profile", object_id=row.id)
    return ProfileOut.of(row)
