"""Page of referred matters: who of the hotline takes them is decided here, with one key."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.auth import Actor, require
from app.accounts.models import Role
from app.accounts.rules import Permission
from app.handovers import referrals, taking
from app.handovers.rules import EMERGENCY_NUMBERS
from app.handovers.schemas import may_see_referrals
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.errors import NotAllowed
from app.platform.http import Reading
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
PAGE_SIZE = 50


class FilterForm(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    view: Literal["waiting", "taken", "all"] = "waiting"
    source: str = Field(default="", max_length=20)
    text: str = Field(default="", max_length=40)
    cursor: str = Field(default="", max_length=200)

    @property
    def shown(self) -> dict[str, str]:
        """Without the place in the list."""
        return self.model_dump(exclude={"cursor"}, exclude_defaults=True)


@router.get("/referrals")
def show_referrals(
    request: Request, actor: TicketReader, session: Reading, form: Annotated[FilterForm, Query()]
) -> HTMLResponse:
    """What 110, 119, 120 and 122 referred to us, the newest first; nobody's matters first of all."""
    if not may_see_referrals(actor):
        raise NotAllowed("转来事项由热线工作人员领取")
    rows = referrals.list_referrals(
        session,
        source=form.source or None,
        is_waiting={"waiting": True, "taken": False, "all": None}[form.view],
        text=form.text.replace("\0", ""),
        before=read_cursor(form.cursor, read_moment) if form.cursor else None,
        limit=PAGE_SIZE + 1,
        seen_by=actor,
    )
    shown = rows[:PAGE_SIZE]
    next_url = ""
    if len(rows) > PAGE_SIZE:
        cursor = make_cursor(shown[-1][0].received_at.isoformat(), shown[-1][0].id)
        next_url = "/referrals?" + urlencode({**form.shown, "cursor": cursor})
    may_assign = actor.may(Permission.AGENTS_CONTROL)
    return render(
        request,
        "handovers/referral_list.html",
        rows=shown,
        filters=form,
        sources=[(number, number) for number in EMERGENCY_NUMBERS],
        waiting=taking.count_waiting(session, actor),
        may_take=actor.role is Role.AGENT,
        takers=[(user.username, f"{user.username} {user.display_name}") for user in taking.list_takers(session, actor)]
        if may_assign
        else [],
        next_url=next_url,
        first_url="/referrals?" + urlencode(form.shown) if form.cursor else "",
    )
