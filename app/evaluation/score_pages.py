"""Pages of scores (评价): what citizens said of units, objections to it, and their decisions."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.forms import WORDS, Satisfaction
from app.contract.masks import mask_text
from app.evaluation import objections
from app.evaluation.counting import Month
from app.evaluation.follow_up_pages import Given
from app.evaluation.models import Ground, ObjectionKind
from app.evaluation.objections import GROUND_WORDS, GROUNDS, Correction
from app.evaluation.pages import MonthText, month_or_now, unit_names
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.RATES_READ))]
Objector = Annotated[Actor, Depends(require(Permission.RATES_READ, Permission.SCORES_OBJECT))]
Judge = Annotated[Actor, Depends(require(Permission.RATES_READ, Permission.SCORES_DECIDE))]
SEE_OTHER = 303
DONE = {"appeal": "申诉已提交，等待审核", "exclusion": "剔除申请已提交，等待审核", "decide": "审核结果已记录"}
LEAST = 6


class ObjectionIncomplete(HotlineError):
    status = 422
    code = "objection-incomplete"
    title = "请选择事由，并写明理由和佐证材料（各不少于6个字）"


@router.get("/scores")
def show_scores(
    *,
    request: Request,
    actor: Reader,
    database: DatabaseDep,
    clock: ClockDep,
    view: Annotated[str, Query(pattern="^(verdicts|objections)$")] = "verdicts",
    month: MonthText = "",
    all: Annotated[bool, Query()] = False,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """What citizens said of the unit, and what was objected to it."""
    shown = {"view": view, "month": month_or_now(month, clock()), "is_all": all}
    return _scores(request, database, actor, shown, done=DONE.get(done, ""))


@router.post("/scores/{task_id}/appeal")
def take_appeal(
    *, request: Request, task_id: int, given: Given, actor: Objector, database: DatabaseDep, clock: ClockDep
) -> Response:
    """申诉 of one answer."""
    now = clock()
    try:
        with database.transaction() as session:
            said = _objection(given)
            objections.appeal(session, task_id, **said, actor=actor, now=now)
            audit.record(
                session, actor, "score_appealed", at=now, object_type="follow_up", object_id=task_id,
                detail={"ground": said["ground"]},
            )  # fmt: skip
    except HotlineError as problem:
        return _scores_again(request, database, actor, now, tried=f"appeal-{task_id}", given=given, problem=problem)
    return RedirectResponse("/scores?view=objections&done=appeal", SEE_OTHER)


@router.post("/scores/exclusion")
def take_exclusion(request: Request, given: Given, actor: Objector, database: DatabaseDep, clock: ClockDep) -> Response:
    """剔除 of a ticket."""
    now = clock()
    try:
        with database.transaction() as session:
            said, number = _objection(given), given.get("ticket", "")
            if not number.isdigit():
                raise ObjectionIncomplete("请填写工单号")
            row = objections.ask_exclusion(session, number, **said, actor=actor, now=now)
            audit.record(
                session, actor, "exclusion_asked", at=now, object_type="ticket", object_id=row.ticket_id,
                detail={"ground": said["ground"]},
            )  # fmt: skip
    except HotlineError as problem:
        return _scores_again(request, database, actor, now, tried="exclusion", given=given, problem=problem)
    return RedirectResponse("/scores?view=objections&done=exclusion", SEE_OTHER)


@router.post("/scores/objections/{objection_id}/decide")
def take_decision(
    *, request: Request, objection_id: int, given: Given, actor: Judge, database: DatabaseDep, clock: ClockDep
) -> Response:
    """Another person's decision."""
    now = clock()
    try:
        with database.transaction() as session:
            opinion, is_approved = given.get("opinion", ""), given.get("verdict") == "approved"
            if len(opinion) < 4 or given.get("verdict") not in {"approved", "refused"}:
                raise ObjectionIncomplete("请选择结论，并写明审核意见（不少于4个字）")
            correction = None
            if given.get("is_solved") and given.get("satisfaction") in set(Satisfaction):
                correction = Correction(given["is_solved"] == "true", Satisfaction(given["satisfaction"]))
            row = objections.decide(
                session, objection_id, is_approved=is_approved, opinion=opinion[:500], actor=actor, now=now,
                correction=correction,
            )  # fmt: skip
            audit.record(
                session, actor, "score_objection_decided", at=now, object_type="score_objection", object_id=row.id,
                detail={"verdict": row.status, "reason": opinion},
            )  # fmt: skip
    except HotlineError as problem:
        return _scores_again(
            request, database, actor, now, tried=f"decide-{objection_id}", given=given, problem=problem
        )
    return RedirectResponse("/scores?view=objections&done=decide", SEE_OTHER)


def _objection(given: dict[str, str]) -> dict[str, Any]:
    """Ground, reason and evidence. Raises ObjectionIncomplete."""
    reason, evidence = given.get("reason", "")[:500], given.get("evidence", "")[:500]
    if given.get("ground") not in set(Ground) or len(reason) < LEAST or len(evidence) < LEAST:
        raise ObjectionIncomplete()
    return {"ground": Ground(given["ground"]), "reason": reason, "evidence": evidence}


def _scores_again(
    request: Request, database: Database, actor: Actor, now: datetime, *, tried: str, given: dict[str, str],
    problem: HotlineError,
) -> HTMLResponse:  # fmt: skip
    if isinstance(problem, NotFound) and not tried.startswith("exclusion"):
        raise problem
    view = "objections" if tried.startswith("decide") else "verdicts"
    shown = {"view": view, "month": month_or_now(given.get("month", ""), now), "is_all": False}
    return _scores(request, database, actor, shown, tried=tried, given=given, problem=problem)


def _scores(
    request: Request,
    database: Database,
    actor: Actor,
    shown: dict[str, Any],
    *,
    tried: str = "",
    given: dict[str, str] | None = None,
    problem: HotlineError | None = None,
    done: str = "",
) -> HTMLResponse:
    month: Month = shown["month"]
    with database.reading() as session:
        verdicts = objections.list_verdicts(
            session, actor=actor, since=month.begins, until=month.ends, is_unhappy=not shown["is_all"]
        )
        asked = objections.list_objections(session, actor=actor) if shown["view"] == "objections" else []
        units = unit_names(session, {v.task.unit_code for v in verdicts} | {row.unit_code for row, _, _ in asked})
    return render(
        request, "evaluation/scores.html", status_code=problem.status if problem else 200, **shown, verdicts=verdicts,
        objections=asked, units=units, satisfactions=WORDS[Satisfaction], grounds=GROUNDS, ground_words=GROUND_WORDS,
        appeal_kind=ObjectionKind.APPEAL, exclude_kind=ObjectionKind.EXCLUDE, masked_text=mask_text, tried=tried,
        given=defaultdict(str, given or {}), problem=problem.detail if problem else "", done=done,
        may_object=actor.may(Permission.SCORES_OBJECT), may_decide=actor.may(Permission.SCORES_DECIDE),
    )  # fmt: skip
