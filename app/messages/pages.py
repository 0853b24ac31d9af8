"""Pages of messages: the list with its player, and the part that stands on a call's page."""

from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.calls.models import Call
from app.calls.service import get_seen_call
from app.messages import service
from app.messages.models import MessageKind
from app.platform.http import Reading
from app.platform.pages import render
from app.tickets.access import check_sees, holding_of
from app.tickets.service import get_ticket

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
CallReader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
PAGE_SIZE = 50


class View(StrEnum):
    """The lists: 待处理, 已处理, 评价原因."""

    OPEN = "open"
    DONE = "done"
    REASONS = "reasons"


@router.get("/messages")
def show_messages(
    request: Request,
    actor: Reader,
    session: Reading,
    view: View = View.OPEN,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> HTMLResponse:
    """Messages that wait, those dealt with, or what citizens said when they were not content."""
    is_reasons = view is View.REASONS
    rows = service.list_messages(
        session,
        is_open=None if is_reasons else view is View.OPEN,
        kind=MessageKind.REASON if is_reasons else MessageKind.MESSAGE,
        before_id=before,
        limit=PAGE_SIZE + 1,
    )
    shown = rows[:PAGE_SIZE]
    following = {"view": view, "before": shown[-1].message.id} if len(rows) > PAGE_SIZE else {}
    return render(
        request,
        "messages/message_list.html",
        rows=shown,
        view=view,
        may_write=actor.may(Permission.MISSED_CALLS_WRITE),
        may_open_tickets=actor.may(Permission.DESK_USE),
        may_read_tickets=actor.may(Permission.TICKETS_READ),
        next_url=f"/messages?{urlencode(following)}" if following else "",
        first_url=f"/messages?view={view}" if before else "",
    )


@router.get("/tickets/{key}/messages")
def show_messages_of_ticket(
    request: Request, key: Annotated[str, Path(pattern=r"^\d{1,20}$")], actor: TicketReader, session: Reading
) -> HTMLResponse:
    """Part: what was recorded in the calls of one ticket; empty for who may not listen. NotFound."""
    ticket = get_ticket(session, key)
    check_sees(session, actor, ticket, holding_of(session, actor))
    calls = list(session.scalars(select(Call.call_id).where(Call.ticket_id == ticket.id)))
    may_hear = actor.may(Permission.MISSED_CALLS_READ)
    rows = service.list_messages(session, call_ids=calls)[::-1] if may_hear and calls else []
    return render(request, "messages/of_call.html", rows=rows)


@router.get("/calls/{call_id}/messages")
def show_messages_of_call(
    request: Request, call_id: Annotated[str, Path(max_length=64)], actor: CallReader, session: Reading
) -> HTMLResponse:
    """Part: what was recorded in this call, with its player; empty for who may not listen. NotFound."""
    call = get_seen_call(session, call_id, actor)
    may_hear = actor.may(Permission.MISSED_CALLS_READ)
    rows = service.list_messages(session, call_ids=[call.call_id])[::-1] if may_hear else []
    return render(request, "messages/of_call.html", rows=rows)
