"""Pages of the follow-up desk (回访台): the work list, and one citizen to be asked."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from app.accounts import audit
from app.accounts.auth import CSRF_FIELD, Actor, require
from app.accounts.rules import Permission
from app.calls.models import Call
from app.casework.follow_up_guards import MOST_REDOS
from app.casework.forms import WORDS, Channel, Satisfaction
from app.casework.models import FollowUp, UnitReply
from app.casework.rules import PARTS_OF_DAY
from app.catalogue.models import Unit
from app.contract.ids import follow_up_call_id
from app.contract.masks import mask_text
from app.evaluation import by_hand, desk, inviting
from app.evaluation.desk import DeskList
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep, Reading, SettingsDep, SwitchDep
from app.platform.pages import render
from app.tickets.access import shown_number
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import TicketStatus

router = APIRouter(include_in_schema=False)

Asker = Annotated[Actor, Depends(require(Permission.FOLLOW_UPS_WRITE))]
TaskId = Annotated[int, Path(ge=1, le=2**63 - 1)]
SEE_OTHER = 303
NOT_PLACED_AFTER = 60
"""Seconds without a word of telephony, after which nobody waits for the machine's call any more."""
DONE = {
    "answer": "已记录诉求人答复", "attempt": "已记录未接通，请在其他时段再试", "redo": "已退回重办",
    "rate": "回访已完成", "ring": "", "invite": "评价链接已放入短信发件箱，将在允许发送的时段发出",
}  # fmt: skip
VIEWS = {
    DeskList.NOW: ("待回访", "没有等待回访的诉求人"), DeskList.UNHAPPY: ("不满意待定", "没有等待处理的不满意答复"),
    DeskList.LATER: ("稍后再试", "没有约定稍后再试的回访"), DeskList.DONE: ("已完成", "还没有完成的回访"),
}  # fmt: skip
STATUSES = {"open": "待回访", "answered": "已答复", "unreached": "三次未接通", "dropped": "不再回访"}


async def _given(request: Request) -> dict[str, str]:
    """The posted form as text; what was left empty is left out."""
    form = await request.form()
    return {name: str(value).strip() for name, value in form.items() if name != CSRF_FIELD and str(value).strip()}


Given = Annotated[dict[str, str], Depends(_given)]


@router.get("/follow-ups")
def show_follow_ups(
    *,
    request: Request,
    actor: Asker,
    session: Reading,
    clock: ClockDep,
    view: DeskList = DeskList.NOW,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """Whose turn it is, what is due first, first."""
    now = clock()
    return render(
        request, "evaluation/follow_up_list.html", rows=desk.list_tasks(session, view, actor=actor, now=now), view=view,
        views=VIEWS, counts=desk.count_lists(session, actor=actor, now=now), units=_units(session), now=now,
        satisfactions=WORDS[Satisfaction], statuses=STATUSES, done=DONE.get(done, ""), limit=desk.SHOWN,
    )  # fmt: skip


@router.get("/follow-ups/{task_id}")
def show_follow_up(
    *,
    request: Request,
    task_id: TaskId,
    actor: Asker,
    database: DatabaseDep,
    clock: ClockDep,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """One citizen: what he told, what he was answered, what was tried, and the forms."""
    return _page(request, database, task_id, actor, clock(), done=DONE.get(done, ""), is_ringing=done == "ring")


@router.get("/follow-ups/{task_id}/machine")
def watch_machine(
    request: Request, task_id: TaskId, actor: Asker, session: Reading, waited: Annotated[int, Query(ge=0, le=999)] = 0
) -> HTMLResponse:
    """How far the machine's newest call is; once it is over, the page shows what came of it."""
    row = desk.get_row(session, task_id, actor)
    call = _newest_call(session, row.task)
    if row.task.status != FollowUpStatus.OPEN or (call and call.ended_at):
        return HTMLResponse("", headers={"HX-Redirect": f"/follow-ups/{task_id}"})
    return render(request, "evaluation/machine.html", task=row.task, call=call, waited=waited, limit=NOT_PLACED_AFTER)


@router.post("/follow-ups/{task_id}/ring")
def ring_citizen(
    *,
    request: Request,
    task_id: TaskId,
    calls_placed: Annotated[int, Form(ge=0, le=99)],
    actor: Asker,
    database: DatabaseDep,
    switch: SwitchDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """The machine asks him now; or the same page with why it does not."""
    now = clock()
    try:
        by_hand.ring(
            database,
            switch,
            task_id,
            calls_placed=calls_placed,
            hours=settings.hours_of_callbacks,
            actor=actor,
            now=now,
        )
    except NotFound:
        raise
    except HotlineError as problem:
        return _page(request, database, task_id, actor, now, act="ring", problem=problem)
    return RedirectResponse(f"/follow-ups/{task_id}?done=ring", SEE_OTHER)


@router.post("/follow-ups/{task_id}/{act}")
def take_follow_up(
    *,
    request: Request,
    task_id: TaskId,
    act: str,
    given: Given,
    actor: Asker,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
) -> Response:
    """Keep it and go on to the next citizen; or the same page with what is wrong."""
    now = clock()
    try:
        with database.transaction() as session:
            if act == "invite":
                inviting.invite(session, task_id, public_url=settings.effective_public_url, actor=actor, now=now)
            elif act in {"redo", "rate"}:
                reason = given.get("reason", "")
                desk.decide(session, task_id, is_redone=act == "redo", reason=reason, actor=actor, now=now)
            elif act in {"answer", "attempt"}:
                said: dict[str, Any] = {"channel": "phone", **given}
                desk.record(session, task_id, f"note_{act}", said, actor=actor, now=now)
            else:
                raise NotFound("没有这种操作")
            action = "follow_up_invited" if act == "invite" else "follow_up_recorded"
            audit.record(
                session,
                actor,
                action,
                at=now,
                object_type="follow_up",
                object_id=task_id,
                detail={"verdict": VERDICTS[act]},
            )
    except NotFound:
        raise
    except HotlineError as problem:
        return _page(request, database, task_id, actor, now, act=act, given=given, problem=problem)
    stays = act == "invite" or (
        act == "answer" and (given.get("is_solved") != "true" or given["satisfaction"] == "dissatisfied")
    )
    return RedirectResponse(f"/follow-ups/{task_id}?done={act}" if stays else f"/follow-ups?done={act}", SEE_OTHER)


VERDICTS = {"answer": "note_answer", "attempt": "note_attempt", "redo": "follow_up_redo", "rate": "rate", "invite": ""}


def _page(
    request: Request,
    database: DatabaseDep,
    task_id: int,
    actor: Actor,
    now: datetime,
    *,
    act: str = "",
    given: dict[str, str] | None = None,
    problem: HotlineError | None = None,
    done: str = "",
    is_ringing: bool = False,
) -> HTMLResponse:
    with database.reading() as session:
        row = desk.get_row(session, task_id, actor)
        task, matter = row.task, row.matter
        tries = select(FollowUp).where(FollowUp.ticket_id == task.ticket_id, FollowUp.round == task.round)
        reply = select(UnitReply).where(UnitReply.ticket_id == matter.id, UnitReply.round == task.round)
        is_pending = matter.status == TicketStatus.CALLBACK and matter.round == task.round
        errors = {e["field"]: e["message"] for e in problem.extra.get("errors", [])} if problem else {}  # type: ignore[attr-defined]
        return render(
            request,
            "evaluation/follow_up.html",
            status_code=problem.status if problem else 200,
            row=row,
            task=task,
            tries=list(session.scalars(tries.order_by(FollowUp.id))),
            reply=session.scalar(reply),
            unit=session.get(Unit, task.unit_code) if task.unit_code else None,
            number=shown_number(row.ticket.contact_number or row.ticket.caller_number, is_full=False),
            said=mask_text(task.reason),
            is_to_be_decided=task.is_unhappy and is_pending,
            may_be_redone=matter.redo_count < MOST_REDOS,
            is_ringing=is_ringing and task.status == FollowUpStatus.OPEN,
            call=_newest_call(session, task),
            waited=0,
            limit=NOT_PLACED_AFTER,
            may_reveal=actor.may(Permission.NUMBERS_REVEAL),
            channels=WORDS[Channel],
            satisfactions=WORDS[Satisfaction],
            statuses=STATUSES,
            parts=PARTS_OF_DAY,
            now=now,
            act=act,
            given=defaultdict(str, given or {}),
            errors=defaultdict(str, errors),
            problem=problem.detail if problem else "",
            done=done,
        )


def _newest_call(session: Reading, task: FollowUpTask) -> Call | None:
    """Of the machine; None: it made none, or telephony has not told of it."""
    return session.scalar(select(Call).where(Call.call_id == follow_up_call_id(task.id, task.calls_placed)))


def _units(session: Reading) -> dict[str, str]:
    return dict(session.execute(select(Unit.code, Unit.name)).all())
