"""JSON of rates and scores: a month's figures, exactly what they count, objections and their decisions."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.evaluation import objections
from app.evaluation.counting import Grouping, Month, Part, Question, count_received, list_counted
from app.evaluation.objections import Correction
from app.evaluation.report import TermsDep, get_rate, month_report
from app.evaluation.schemas import (
    CountedRows,
    MonthText,
    ObjectionDecisionIn,
    ObjectionIn,
    ObjectionList,
    ObjectionOut,
    RateReport,
    detail_of_question,
)
from app.platform.http import ClockDep, DatabaseDep, Reading, Writing

router = APIRouter(tags=["rates"])

Reader = Annotated[Actor, Depends(require(Permission.RATES_READ))]
Objector = Annotated[Actor, Depends(require(Permission.RATES_READ, Permission.SCORES_OBJECT))]
Judge = Annotated[Actor, Depends(require(Permission.RATES_READ, Permission.SCORES_DECIDE))]
MonthQuery = Annotated[MonthText, Query(description="of Asia/Shanghai, e.g. 2026-10")]
UnitQuery = Annotated[str | None, Query(max_length=40, description="of this unit alone")]
CountyQuery = Annotated[str | None, Query(pattern=r"^\d{6}$", description="of this county alone")]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]
REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "Not your unit's; or you asked, recorded or handled it yourself (R35)"},
    404: {"description": "There is none of this id, or not for your eyes"},
    409: {"description": "Nothing to object to, asked before, or decided already"},
}


def month_of(text: str) -> Month:
    """`2026-10`; the pattern was checked at the door."""
    return Month(int(text[:4]), int(text[5:]))


@router.get("/rates", summary="Read a month's rates")
def read_rates(
    *,
    actor: Reader,
    database: DatabaseDep,
    terms: TermsDep,
    clock: ClockDep,
    month: MonthQuery,
    by: Grouping = Grouping.TOTAL,
    unit: UnitQuery = None,
    county: CountyQuery = None,
) -> RateReport:
    """Every rate with its formula, raw and adjusted side by side. Who read it stands in the audit log."""
    now = clock()
    question = Question(month_of(month), actor, now, unit, county)
    with database.reading() as session:
        rows = month_report(session, question, terms, by)
        received = count_received(session, question)
    with database.transaction() as session:
        audit.record(
            session, actor, "rates_read", at=now, object_type="rates", detail=detail_of_question(month, by, actor)
        )
    return RateReport.of(month, by, rows, received)


@router.get("/rates/{key}/rows", summary="List what a rate counts", responses={404: {"description": "No such rate"}})
def list_rate_rows(
    *,
    key: Annotated[str, Path(pattern=r"^[a-z_]{2,20}$")],
    actor: Reader,
    database: DatabaseDep,
    clock: ClockDep,
    month: MonthQuery,
    part: Annotated[
        Part, Query(description="the denominator, the numerator, or what is missing between")
    ] = Part.COUNTED,
    is_adjusted: Annotated[bool, Query(alias="adjusted")] = False,
    unit: UnitQuery = None,
    county: CountyQuery = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="`next_after` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CountedRows:
    """Exactly the rows that the figure counts."""
    now = clock()
    question = Question(month_of(month), actor, now, unit, county)
    with database.reading() as session:
        found = list_counted(
            session, get_rate(key, actor), question, part=part, is_adjusted=is_adjusted, after=after, limit=limit + 1
        )
    with database.transaction() as session:
        detail = {**detail_of_question(month, part, actor), "rate": key}
        audit.record(session, actor, "rates_read", at=now, object_type="rates", detail=detail)
    return CountedRows.of(found, limit)


@router.get("/score-objections", summary="List objections to scores")
def list_score_objections(
    actor: Reader,
    session: Reading,
    is_pending: Annotated[bool, Query(alias="pending", description="only what waits to be decided")] = False,
) -> ObjectionList:
    """Appeals of answers and requests to leave a ticket out; a unit's people see their own unit's."""
    rows = objections.list_objections(session, actor=actor, is_pending=is_pending)
    return ObjectionList(items=[ObjectionOut.of(row) for row, _, _ in rows])


@router.post("/follow-ups/{task_id}/appeal", status_code=201, summary="Appeal a score", responses=REFUSALS)
def appeal_score(task_id: RowId, body: ObjectionIn, actor: Objector, session: Writing, clock: ClockDep) -> ObjectionOut:
    """申诉: an unhappy answer is recorded wrongly or about somebody else. Once for each answer."""
    now = clock()
    row = objections.appeal(session, task_id, **body.model_dump(), actor=actor, now=now)
    audit.record(
        session, actor, "score_appealed", at=now, object_type="follow_up", object_id=task_id,
        detail={"ground": body.ground},
    )  # fmt: skip
    return ObjectionOut.of(row)


@router.post(
    "/tickets/{ticket}/exclusion", status_code=201, summary="Ask that a ticket does not count", responses=REFUSALS
)
def ask_ticket_exclusion(
    ticket: TicketKey, body: ObjectionIn, actor: Objector, session: Writing, clock: ClockDep
) -> ObjectionOut:
    """剔除: adjusted figures leave it out when another person approves; raw ones never change."""
    now = clock()
    row = objections.ask_exclusion(session, ticket, **body.model_dump(), actor=actor, now=now)
    audit.record(
        session, actor, "exclusion_asked", at=now, object_type="ticket", object_id=row.ticket_id,
        detail={"ground": body.ground},
    )  # fmt: skip
    return ObjectionOut.of(row)


@router.post("/score-objections/{objection_id}/decide", summary="Decide an objection", responses=REFUSALS)
def decide_score_objection(
    objection_id: RowId, body: ObjectionDecisionIn, actor: Judge, session: Writing, clock: ClockDep
) -> ObjectionOut:
    """By another person than who asked, recorded or handled."""
    now = clock()
    correction = None
    if body.is_solved is not None and body.satisfaction is not None:
        correction = Correction(body.is_solved, body.satisfaction)
    row = objections.decide(
        session, objection_id, is_approved=body.is_approved, opinion=body.opinion, actor=actor, now=now,
        correction=correction,
    )  # fmt: skip
    audit.record(
        session, actor, "score_objection_decided", at=now, object_type="score_objection", object_id=row.id,
        detail={"verdict": row.status, "reason": body.opinion},
    )  # fmt: skip
    return ObjectionOut.of(row)
