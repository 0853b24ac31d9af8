"""The page of priority callers (优先来电): who is put through first, and why; a flag is taken away with a reason."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.callers import service
from app.callers.rules import KIND_WORDS
from app.calls.rules import normalize_number
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.http import Reading, SettingsDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 50


class PriorityFilters(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    view: str = Field(default="open", pattern="^(open|done)$")
    kind: str = Field(default="", max_length=20)
    number: str = Field(default="", max_length=40)
    cursor: str = Field(default="", max_length=200)

    @property
    def kept(self) -> dict[str, str]:
        return self.model_dump(exclude={"cursor"})


@router.get("/priority-callers")
def show_priority_callers(
    request: Request,
    _actor: Annotated[Actor, Depends(require(Permission.CALLERS_FLAG))],
    session: Reading,
    settings: SettingsDep,
    filters: Annotated[PriorityFilters, Query()],
) -> HTMLResponse:
    """Flags in force, or those that were taken away; of a kind, or of one number."""
    wanted = normalize_number(filters.number, area_code=settings.area_code) if filters.number else None
    number_error = "号码格式不正确" if filters.number and wanted is None else ""
    rows = []
    if not number_error:
        rows = service.list_priority(
            session,
            is_in_force=filters.view == "open",
            kind=filters.kind or None,
            caller_number=wanted,
            before=read_cursor(filters.cursor, read_moment) if filters.cursor else None,
            limit=PAGE_SIZE + 1,
        )
    shown, next_url = rows[:PAGE_SIZE], ""
    if len(rows) > PAGE_SIZE:
        cursor = make_cursor(shown[-1].set_at.isoformat(), shown[-1].id)
        next_url = "/priority-callers?" + urlencode({**filters.kept, "cursor": cursor})
    return render(
        request,
        "callers/priority_list.html",
        rows=shown,
        filters=filters,
        number_error=number_error,
        kinds={kind.value: word for kind, word in KIND_WORDS.items()},
        next_url=next_url,
        first_url="/priority-callers?" + urlencode(filters.kept) if filters.cursor else "",
    )
