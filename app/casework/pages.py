"""Pages of handling: work lists, and the part of a ticket's page where it is moved."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.accounts.auth import CSRF_FIELD, Actor, require
from app.accounts.rules import OF_A_UNIT, Permission
from app.casework import legs, service
from app.casework.bulk import SAFE
from app.casework.case import Case
from app.casework.duplicates import find_duplicates
from app.casework.fields import fields_of, words_of
from app.casework.files import files_of_matter
from app.casework.forms import WORDS, Channel, Result, Satisfaction, ToldHow, read_form
from app.casework.models import UnitRequest
from app.casework.openings import openings
from app.casework.proposals import propose_all, propose_for
from app.casework.worklists import SHOWN, count_lists, list_work, lists_of
from app.catalogue.models import Exclusion, Region, Unit, UnitKind
from app.deadlines.wording import time_left
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep, Reading
from app.platform.pages import render
from app.tickets.access import Holding
from app.tickets.models import AssignmentKind, AssignmentStatus, TicketStatus
from app.tickets.shown import eyes_of
from app.tickets.states import BY_VERB

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.CASES_READ))]
Mover = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.CASES_MOVE))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]

SEE_OTHER = 303
_WORD = re.compile(r"[a-z_-]{1,40}")
OWN_ACTS = {"support-sign": "协办签收", "support-report": "协办反馈"}
"""Acts on a supporting leg: the ticket itself does not move."""
NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        TicketStatus.DISPATCHED: "签收", TicketStatus.SIGNED: "联系诉求人，并记录联系情况",
        TicketStatus.HANDLING: "办理，拟写答复，请负责人审签", TicketStatus.REDO: "看退回原因，接受重办",
        TicketStatus.SUSPENDED: "挂起中；条件具备后恢复办理", TicketStatus.EXTENSION_PENDING: "等待热线审核延期",
        TicketStatus.RETURN_PENDING: "等待热线审核退单", TicketStatus.REPLIED: "等待热线审核答复",
        TicketStatus.AUDIT_OK: "等待热线回访", TicketStatus.CALLBACK: "热线回访中",
    }
)  # fmt: skip
"""What a clerk reads beside each ticket of the unit."""


async def given_in_form(request: Request) -> dict[str, Any]:
    """The posted form: lists where a field may have several values, the rest as text."""
    form = await request.form()
    lists = {"supporting_unit_codes"}
    return {
        name: [str(value) for value in form.getlist(name) if value] if name in lists else str(form[name])
        for name in form
        if name not in {CSRF_FIELD, "version"}
    } | {"version": str(form.get("version", ""))}


Given = Annotated[dict[str, Any], Depends(given_in_form)]


@router.get("/work")
def show_work(
    *,
    request: Request,
    actor: Mover,
    session: Reading,
    clock: ClockDep,
    view: Annotated[str, Query(max_length=20)] = "",
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What waits for this person, the most pressing first; or the page where that list is worked on."""
    lists = lists_of(actor)
    if not lists:
        raise NotFound("您的岗位没有待办列表")
    here = [one for one in lists if not one.page]
    shown = next((one for one in lists if one.key == view), (here or lists)[0])
    if shown.page:
        return RedirectResponse(shown.page, SEE_OTHER)
    now = clock()
    tickets = list_work(session, actor, shown)
    return render(
        request,
        "casework/work.html",
        lists=lists,
        counts=count_lists(session, actor),
        shown=shown,
        tickets=tickets,
        limit=SHOWN,
        proposals=propose_all(session, tickets, now) if shown.key == "dispatch" else {},
        units=_unit_names(session),
        regions={row.code: row.name for row in session.scalars(select(Region).where(Region.level >= 3))},
        unit=session.get(Unit, actor.unit) if actor.unit else None,
        now=now,
        done=done_words(done),
        bulk=SAFE.get(shown.bulk, ""),
        one_click=BY_VERB[shown.bulk].text if shown.bulk else "",
        left=time_left,
        next_steps=NEXT_STEPS,
    )


def done_words(verb: str) -> str:
    """What has just been done, from the address; empty for anything else."""
    return BY_VERB[verb].text if verb in BY_VERB else OWN_ACTS.get(verb, "")


def _unit_names(session: Session) -> dict[str, str]:
    return dict(session.execute(select(Unit.code, Unit.name)).all())


@router.get("/tickets/{key}/handling")
def show_handling(request: Request, key: TicketKey, actor: Reader, session: Reading, clock: ClockDep) -> HTMLResponse:
    """Part: how the ticket is handled, and the forms of what this person may do with it now."""
    return _panel(request, session, service.open_case(session, key, actor, clock()))


@router.post("/tickets/{key}/handling/{verb}")
def take_move(
    *, request: Request, key: TicketKey, verb: str, given: Given, actor: Mover, database: DatabaseDep, clock: ClockDep
) -> HTMLResponse:
    """Make a move and show the page anew; or the same part again with what is wrong."""
    now = clock()
    version = given.pop("version")
    try:
        with database.transaction() as session:
            read = int(version) if version.isdigit() else None
            _act(session, key, verb, given, actor=actor, now=now, version=read)
    except HotlineError as problem:
        if isinstance(problem, NotFound):
            raise
        if _is_in_a_list(request):
            return render(request, "casework/told.html", problem=problem.detail)
        return _panel_again(request, database, key, actor, now, verb=verb, given=given, problem=problem)
    came_from = f"/work?view={_asked_of(request, 'view')}&" if _is_in_a_list(request) else f"/tickets/{key}?"
    return HTMLResponse("", headers={"HX-Redirect": f"{came_from}done={verb}"})


def _is_in_a_list(request: Request) -> bool:
    return request.headers.get("HX-Target", "").startswith("told-")


def _act(
    session: Session, key: str, verb: str, given: dict[str, Any], *, actor: Actor, now: datetime, version: int | None
) -> None:
    if verb not in OWN_ACTS:
        service.move(session, key, verb, given, actor=actor, now=now, version=version)
        return
    case = service.open_case(session, key, actor, now, is_locked=True)
    if verb == "support-sign":
        legs.sign_support(session, case)
    else:
        legs.report_support(session, case, str(given.get("report", "")))


def _panel_again(
    request: Request, database: Database, key: str, actor: Actor, now: datetime, **told: Any
) -> HTMLResponse:
    with database.reading() as session:
        return _panel(request, session, service.open_case(session, key, actor, now), **told)


def _panel(
    request: Request,
    session: Session,
    case: Case,
    *,
    verb: str = "",
    given: dict[str, Any] | None = None,
    problem: HotlineError | None = None,
) -> HTMLResponse:
    moves, closed = openings(case)
    may_dispatch = any(move.verb in {"dispatch", "designate"} for move in moves)
    errors = {e["field"]: e["message"] for e in problem.extra.get("errors", [])} if problem else {}  # type: ignore[attr-defined]
    elsewhere = list(session.scalars(select(Exclusion).where(Exclusion.is_active).order_by(Exclusion.code)))
    eyes = replace(eyes_of(session, case.actor, case.ticket, Holding()), is_full=False)
    leg = case.own_leg() if case.actor.role in OF_A_UNIT else None
    return render(
        request,
        "casework/handling.html",
        case=case,
        said=eyes.words,
        moves=moves,
        closed=closed,
        forms={move.verb: fields_of(move.verb) for move in moves},
        proposal=propose_for(session, case) if may_dispatch else None,
        duplicates=find_duplicates(session, case) if any(move.verb == "merge" for move in moves) else [],
        support=leg if leg is not None and leg.kind == AssignmentKind.SUPPORTING else None,
        reported=AssignmentStatus.REPORTED,
        units=case.units,
        unit_choices=[(u.code, u.name) for u in case.units.values() if u.is_active and u.kind != UnitKind.PLATFORM],
        exclusions={row.code: row.name for row in elsewhere},
        channels_elsewhere=elsewhere,
        asked=[(row, said_of(row, case)) for row in case.requests],
        files=files_of_matter(session, case.ticket, case.actor),
        notices=service.show_case(session, case).notices,
        tried=verb,
        given=given or {},
        errors=errors,
        problem=problem.detail if problem else "",
        done="" if problem else done_words(_asked_of(request, "done")),
        channels=WORDS[Channel],
        results=WORDS[Result],
        ways=WORDS[ToldHow],
        satisfactions=WORDS[Satisfaction],
    )


def said_of(row: UnitRequest, case: Case) -> dict[str, str]:
    """What a unit asked for, as people read it."""
    return words_of(read_form(f"request_{row.kind}", row.detail), case.units)


def _asked_of(request: Request, name: str) -> str:
    """A word in the address of the page that asks for this part; empty where it is none of ours."""
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    word = parse_qs(address.query).get(name, [""])[0]
    return word if _WORD.fullmatch(word) else ""
