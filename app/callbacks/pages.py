"""The page of call-backs: who is to be called back, how far each is, with its filters."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.callbacks import rules, service, wording
from app.callbacks.models import CallbackStatus
from app.calls.rules import normalize_number
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.http import Reading, SettingsDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 50


class CallbackFilters(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    status: str = Field(default="open", max_length=20)
    source: str = Field(default="", max_length=20)
    number: str = Field(default="", max_length=20)
    cursor: str = Field(default="", max_length=200)


@router.get("/callbacks")
def show_callbacks(
    request: Request,
    actor: Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))],
    session: Reading,
    settings: SettingsDep,
    filters: Annotated[CallbackFilters, Query()],
) -> HTMLResponse:
    """Open requests, or those of a status, a source or a number."""
    wanted = normalize_number(filters.number, area_code=settings.area_code) if filters.number else None
    number_error = "号码格式不正确" if filters.number and wanted is None else ""
    rows = []
    if not number_error:
        rows = service.list_callbacks(
            session,
            is_open=True if filters.status == "open" else None,
            status=filters.status if filters.status not in {"open", ""} else None,
            source=filters.source or None,
            number=wanted,
            before=read_cursor(filters.cursor, read_moment) if filters.cursor else None,
            limit=PAGE_SIZE + 1,
        )
    shown, kept = rows[:PAGE_SIZE], filters.model_dump(exclude={"cursor"})
    next_url = ""
    if len(rows) > PAGE_SIZE:
        cursor = make_cursor(shown[-1].requested_at.isoformat(), shown[-1].id)
        next_url = "/callbacks?" + urlencode({**kept, "cursor": cursor})
    return render(
        request,
        "callbacks/callback_list.html",
        rows=[
            (row, wording.explain(row.status, row.cause), wording.TONES[CallbackStatus(row.status)]) for row in shown
        ],
        filters=filters,
        number_error=number_error,
        statuses=[("open", "未完成"), *wording.STATUS_WORDS.items()],
        sources=wording.SOURCE_WORDS,
        most_tries=rules.MAX_TRIES,
        may_cancel=actor.may(Permission.MISSED_CALLS_WRITE),
        next_url=next_url,
        first_url="/callbacks?" + urlencode(kept) if filters.cursor else "",
    )
