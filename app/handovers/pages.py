"""Pages of hand-overs: the list, and the part that stands beside a call."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.contract.events import HandoverResult
from app.handovers import service
from app.handovers.models import Handover
from app.handovers.rules import STATUS_WORDS, TONES, explain
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.http import Reading
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

CallReader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
PAGE_SIZE = 50


class FilterForm(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    target: str = Field(default="", max_length=20)
    status: str = Field(default="", max_length=20)
    agent: str = Field(default="", max_length=80)
    cursor: str = Field(default="", max_length=200)


@router.get("/handovers")
def show_handovers(
    request: Request, actor: CallReader, session: Reading, form: Annotated[FilterForm, Query()]
) -> HTMLResponse:
    """Every attempt to hand a call over, the latest first."""
    rows = service.list_handovers(
        session,
        target=form.target.strip() or None,
        status=form.status or None,
        agent=form.agent.strip() or None,
        before=read_cursor(form.cursor, read_moment) if form.cursor else None,
        limit=PAGE_SIZE + 1,
        seen_by=actor,
    )
    shown, kept = rows[:PAGE_SIZE], form.model_dump(exclude={"cursor"}, exclude_defaults=True)
    next_url = ""
    if len(rows) > PAGE_SIZE:
        cursor = make_cursor(shown[-1].offered_at.isoformat(), shown[-1].id)
        next_url = "/handovers?" + urlencode({**kept, "cursor": cursor})
    return render(
        request,
        "handovers/handover_list.html",
        rows=[(row, explain(row.status, row.cause), _tone(row)) for row in shown],
        filters=form,
        statuses=STATUS_WORDS.items(),
        next_url=next_url,
        first_url="/handovers?" + urlencode(kept) if form.cursor else "",
    )


@router.get("/calls/{call_id}/handovers")
def show_handovers_of_call(
    request: Request, call_id: Annotated[str, Path(max_length=64)], actor: CallReader, session: Reading
) -> HTMLResponse:
    """Part: the attempts of one call; empty for a call without any."""
    rows = service.list_handovers(session, call_id=call_id, seen_by=actor)[::-1]
    told = [(row, explain(row.status, row.cause), _tone(row)) for row in rows]
    return render(request, "handovers/of_call.html", rows=told)


def _tone(row: Handover) -> str:
    return TONES[HandoverResult(row.status)]
