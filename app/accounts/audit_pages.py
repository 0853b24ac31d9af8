"""The page of the audit log: filters, pages, nothing to change."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.audit_log import ACTIONS, OBJECTS, AuditFilters, list_entries, told_details
from app.accounts.audit_watch import watch_audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.accounts.service import display_names
from app.contract.masks import mask_value as masked
from app.platform.clock import SHANGHAI
from app.platform.cursors import make_cursor, read_cursor
from app.platform.http import ClockDep, Reading, SettingsDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 50


class AuditForm(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing. Days are of Asia/Shanghai."""

    actor: str = Field(default="", max_length=80)
    action: str = Field(default="", max_length=60)
    object_type: str = Field(default="", max_length=40)
    object_id: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    cursor: str = Field(default="", max_length=200)

    @property
    def kept(self) -> dict[str, str]:
        return self.model_dump(exclude={"cursor"}, exclude_defaults=True)


@router.get("/audit")
def show_audit_log(
    request: Request,
    _actor: Annotated[Actor, Depends(require(Permission.AUDIT_READ))],
    session: Reading,
    form: Annotated[AuditForm, Query()],
) -> HTMLResponse:
    """Who did what to what, the newest first; a day that cannot be read finds nothing, and says why at its field."""
    since, since_error = _midnight(form.since)
    until, until_error = _midnight(form.until)
    filters = AuditFilters(
        form.actor.strip(), form.action, form.object_type, form.object_id.strip(), since,
        until + timedelta(days=1) if until else None,
    )  # fmt: skip
    rows = []
    if not since_error and not until_error:
        before = read_cursor(form.cursor, str)[1] if form.cursor else None
        rows = list_entries(session, filters, before_id=before, limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    next_url = ""
    if len(rows) > PAGE_SIZE:
        next_url = "/audit?" + urlencode({**form.kept, "cursor": make_cursor("", shown[-1].id)})
    return render(
        request,
        "accounts/audit.html",
        entries=[(entry, told_details(entry)) for entry in shown],
        form=form,
        errors={"since": since_error, "until": until_error},
        is_filtered=bool(form.kept),
        actions=ACTIONS,
        objects=OBJECTS,
        names=display_names(session),
        masked=masked,
        next_url=next_url,
        first_url="/audit?" + urlencode(form.kept) if form.cursor else "",
    )


@router.get("/audit-watch")
def show_audit_watch(
    *,
    request: Request,
    _actor: Annotated[Actor, Depends(require(Permission.AUDIT_READ))],
    session: Reading,
    settings: SettingsDep,
    clock: ClockDep,
    says_all: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """Part: a broken or unchecked chain, and who reveals unusually many numbers. `says_all`: also that all is well."""
    request.state.renews_session = False
    watch = watch_audit(session, quota=settings.reveal_quota, now=clock())
    names = display_names(session) if watch.over_quota else {}
    return render(request, "accounts/audit_watch.html", watch=watch, names=names, says_all=says_all)


def _midnight(text: str) -> tuple[datetime | None, str]:
    """00:00 Asia/Shanghai of a day, and what is wrong with the text."""
    if not text:
        return None, ""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, SHANGHAI), ""
    except ValueError:
        return None, "日期格式不正确"
