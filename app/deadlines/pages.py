"""Pages of supervision: the four lists, and the clocks of one ticket as a part of its page."""

import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.catalogue.models import Region, Unit
from app.deadlines import lists, service, supervising, versions, wording
from app.deadlines.access import seen_ticket
from app.deadlines.lists import ListName
from app.deadlines.schemas import state_at
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, Reading, Writing
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
LEAST_REASON = 4
UNIT_OR_NONE = r"^[a-z0-9_-]{0,40}$"
_LISTED = re.compile(r"/supervision(/[a-z-]+)?(\?unit=[a-z0-9_-]{0,40})?")
"""Pages that a supervision may be ordered from."""
QUICK_TO_COUNT = frozenset(ListName) - {ListName.RECURRING}
"""Recurring matters take a fifth of a second with a million tickets: they are counted on their own page."""

TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
Watcher = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ))]
Supervisor = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ, Permission.SUPERVISION_WRITE))]
DutyRoom = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.EMERGENCIES_ANSWER))]
Handler = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.CASES_MOVE))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,20}$", description="id or ticket number")]


class SupervisionRefused(HotlineError):
    """The form of a supervision is not complete."""

    status = 422
    code = "supervision-refused"
    title = "请选择督办方式并写明理由"


class AnswerTooShort(HotlineError):
    status = 422
    code = "answer-too-short"
    title = f"督办回应不少于{LEAST_REASON}个字"


@router.get("/supervision/{name}")
def show_list(
    *,
    request: Request,
    name: ListName,
    actor: Watcher,
    session: Reading,
    clock: ClockDep,
    cursor: Annotated[str, Query(max_length=200)] = "",
    unit: Annotated[str, Query(pattern=UNIT_OR_NONE)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """One of the four lists, with how much stands on each; of all units, or of one."""
    now = clock()
    page = lists.supervision_list(session, name, actor=actor, now=now, cursor=cursor or None, unit=unit)
    asked = {"unit": unit} if unit else {}
    here = f"/supervision/{name}" + (f"?{urlencode(asked)}" if asked else "")
    return render(
        request,
        "deadlines/supervision_list.html",
        tab=name,
        tabs=wording.TABS,
        listed=name,
        items=page.items,
        counts=lists.count_lists(session, actor=actor, now=now, names=QUICK_TO_COUNT | {name}, unit=unit),
        regions=_names(session, Region, {one.ticket.region_code for one in page.items}),
        units=_names(session, Unit, {unit, *(one.ticket.lead_unit_code for one in page.items)}),
        most=lists.COUNTED_MOST,
        missing_year=versions.find_missing_year(session, now),
        unit=unit,
        here=here,
        may_supervise=actor.may(Permission.SUPERVISION_WRITE),
        orders=supervising.ORDERED.items(),
        done=supervising.ORDERED.get(done, ""),
        next_url=f"/supervision/{name}?{urlencode(asked | {'cursor': page.next_cursor})}" if page.next_cursor else "",
        first_url=here if cursor else "",
        **_words(now),
    )


@router.get("/tickets/{key}/clocks")
def show_clocks(
    request: Request, key: TicketKey, actor: TicketReader, session: Reading, clock: ClockDep
) -> HTMLResponse:
    """Part of a ticket's page: its clocks with their reasons, the steps taken, what may be done."""
    request.state.renews_session = False
    ticket, now = seen_ticket(session, key, actor), clock()
    clocks = service.list_clocks(session, ticket.id)
    return render(
        request,
        "deadlines/ticket_clocks.html",
        ticket=ticket,
        plan=service.emergency_plan(session, clocks),
        open_clocks=sorted((c for c in clocks if c.stopped_at is None), key=lambda c: (c.due_at is None, c.due_at)),
        past_clocks=[c for c in reversed(clocks) if c.stopped_at is not None],
        supervisions=list(reversed(supervising.list_supervisions(session, ticket.id))),
        notices={notice.clock_id: notice for notice in supervising.list_notices(session, ticket.id)},
        may_answer=actor.may(Permission.EMERGENCIES_ANSWER),
        may_explain=bool(actor.unit) and actor.unit == ticket.lead_unit_code,
        may_supervise=actor.may(Permission.SUPERVISION_WRITE) and supervising.is_under_way(ticket),
        orders=supervising.ORDERED.items(),
        **_words(now),
    )


@router.post("/tickets/{key}/supervise")
def order_supervision(
    *,
    key: TicketKey,
    actor: Supervisor,
    session: Writing,
    clock: ClockDep,
    step: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=300)] = "",
    back: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A supervision by hand; then back to the list it was ordered from. SupervisionRefused."""
    reason = reason.replace("\0", "").strip()
    if step not in supervising.ORDERED or len(reason) < LEAST_REASON:
        raise SupervisionRefused(f"请选择督办方式，并写明理由（不少于{LEAST_REASON}个字）")
    ticket = seen_ticket(session, key, actor, is_locked=True)
    supervising.order_supervision(session, ticket, step, actor=actor, reason=reason, now=clock())
    if not _LISTED.fullmatch(back):
        return RedirectResponse(f"/tickets/{ticket.id}", SEE_OTHER)
    joint = "&" if "?" in back else "?"
    return RedirectResponse(f"{back}{joint}done={step}", SEE_OTHER)


@router.post("/tickets/{key}/answer-supervision")
def take_explanation(
    *,
    key: TicketKey,
    actor: Handler,
    session: Writing,
    clock: ClockDep,
    answer: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The lead unit answers for itself. AnswerTooShort, NothingToAnswer."""
    answer = answer.replace("\0", "").strip()
    if len(answer) < LEAST_REASON:
        raise AnswerTooShort()
    ticket = seen_ticket(session, key, actor, is_locked=True)
    supervising.answer_supervision(session, ticket, actor=actor, answer=answer, now=clock())
    return RedirectResponse(f"/tickets/{ticket.id}", SEE_OTHER)


@router.post("/tickets/{key}/answer-emergency")
def answer_emergency(key: TicketKey, actor: DutyRoom, session: Writing, clock: ClockDep) -> Response:
    """The duty room has the matter. NothingToAcknowledge."""
    ticket = seen_ticket(session, key, actor, is_locked=True)
    supervising.acknowledge(session, ticket, actor=actor.name, now=clock())
    return RedirectResponse(f"/tickets/{ticket.id}", SEE_OTHER)


def _names(session: Session, model: type[Region | Unit], codes: set[str | None]) -> dict[str, str]:
    return dict(session.execute(select(model.code, model.name).where(model.code.in_(codes - {None}))).all())


def _words(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "state_at": state_at,
        "left": wording.time_left,
        "kinds": wording.CLOCKS,
        "states": wording.STATES,
        "tones": wording.STATE_TONES,
        "steps": supervising.STEP_WORDS,
        "step_tones": wording.STEP_TONES,
        "term": wording.term_words,
    }
