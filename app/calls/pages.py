"""Pages of calls: the list, one call with its timeline, the missed-call list. Numbers are masked here for everybody."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.calls import ratings, service
from app.calls.models import Call
from app.calls.played import title_of
from app.calls.rules import normalize_number
from app.platform.clock import SHANGHAI
from app.platform.errors import HotlineError
from app.platform.http import Reading, SettingsDep
from app.platform.pages import render
from app.platform.plan_words import queue_names

router = APIRouter(include_in_schema=False)

CallReader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
MissedReader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
PAGE_SIZE = 50


class BadCursor(HotlineError):
    """The address of a next page was changed by hand."""

    code = "bad-cursor"
    title = "翻页地址无效，请回到第一页"


class CallFilters(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    outcome: str = Field(default="", max_length=20)
    agent: str = Field(default="", max_length=80)
    number: str = Field(default="", max_length=20)
    line: str = Field(default="", max_length=20)
    day: str = Field(default="", max_length=10)
    after: str = Field(default="", max_length=80)

    @property
    def shown(self) -> dict[str, str]:
        return self.model_dump(exclude={"after"})


@router.get("/calls")
def show_calls(
    request: Request,
    actor: CallReader,
    session: Reading,
    settings: SettingsDep,
    filters: Annotated[CallFilters, Query()],
) -> HTMLResponse:
    """The calls, the latest first; a filter that cannot be read finds nothing, and says why beside its field."""
    since, until, day_error = _day(filters.day)
    wanted = normalize_number(filters.number, area_code=settings.area_code) if filters.number else None
    number_error = "号码格式不正确" if filters.number and wanted is None else ""
    calls = []
    if not day_error and not number_error:
        calls = service.list_calls(
            session,
            outcome=filters.outcome or None,
            agent=filters.agent.strip() or None,
            caller_number=wanted,
            line=filters.line.strip() or None,
            since=since,
            until=until,
            before=_read_cursor(filters.after),
            limit=PAGE_SIZE + 1,
            seen_by=actor,
        )
    return render(
        request,
        "calls/call_list.html",
        actor=actor,
        calls=calls[:PAGE_SIZE],
        filters=filters,
        errors={"day": day_error, "number": number_error},
        next_url=_next_url(filters.shown, calls),
        first_url="/calls?" + urlencode(filters.shown) if filters.after else "",
    )


@router.get("/calls/{call_id}")
def show_call(request: Request, call_id: str, actor: CallReader, session: Reading) -> HTMLResponse:
    """One call: what is known of it, and its stretches one after the other. NotFound."""
    call = service.get_seen_call(session, call_id, actor)
    stages = service.call_timeline(session, call_id)
    total_ms = sum(stage.duration_ms or 0 for stage in stages)
    return render(
        request,
        "calls/call_detail.html",
        actor=actor,
        call=call,
        twin=service.twin_of(session, call),
        stages=stages,
        total_ms=total_ms,
        flow_title=title_of,
        rating_words=ratings.WORDS,
        queue_names=queue_names(session),
        may_reveal=actor.may(Permission.NUMBERS_REVEAL),
        may_read_tickets=actor.may(Permission.TICKETS_READ),
    )


@router.get("/missed-calls")
def show_missed_calls(
    request: Request,
    actor: MissedReader,
    session: Reading,
    view: Annotated[str, Query(pattern="^(open|done)$")] = "open",
    before: Annotated[int | None, Query()] = None,
) -> HTMLResponse:
    """Who called and reached nobody; `done` shows what was dealt with."""
    rows = service.list_missed_calls(session, is_open=view == "open", before_id=before, limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return render(
        request,
        "calls/missed_calls.html",
        rows=shown,
        view=view,
        may_resolve=actor.may(Permission.MISSED_CALLS_WRITE),
        may_reveal=actor.may(Permission.NUMBERS_REVEAL),
        next_url=f"/missed-calls?view={view}&before={shown[-1].id}" if len(rows) > PAGE_SIZE else "",
        first_url=f"/missed-calls?view={view}" if before else "",
    )


def _day(text: str) -> tuple[datetime | None, datetime | None, str]:
    """Beginning and end of a day in Asia/Shanghai, and what is wrong with the text."""
    if not text:
        return None, None, ""
    try:
        midnight = datetime.combine(date.fromisoformat(text), time.min, SHANGHAI)
    except ValueError:
        return None, None, "日期格式不正确"
    return midnight, midnight + timedelta(days=1), ""


def _next_url(filters: dict[str, str], calls: list[Call]) -> str:
    if len(calls) <= PAGE_SIZE:
        return ""
    last = calls[PAGE_SIZE - 1]
    cursor = f"{last.arrived_at.astimezone(UTC).isoformat()}~{last.id}"
    return "/calls?" + urlencode({**filters, "after": cursor})


def _read_cursor(text: str) -> tuple[datetime, int] | None:
    if not text:
        return None
    try:
        moment, _, row_id = text.partition("~")
        arrived_at = datetime.fromisoformat(moment)
        cursor = arrived_at.astimezone(UTC), int(row_id)
    except (ValueError, OverflowError) as error:
        raise BadCursor() from error
    return cursor
