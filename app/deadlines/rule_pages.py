"""Pages of the rules: working-day calendars and rules of regions, their versions, the forms that change them."""

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.deadlines import versions, wording
from app.deadlines.calendar import SpecialDay, missing_year
from app.deadlines.jobs import retime_clocks
from app.deadlines.models import CalendarYear, SlaProfile
from app.deadlines.profile import LADDER
from app.deadlines.supervising import STEP_WORDS
from app.deadlines.versions import RulesRefused
from app.platform.clock import to_shanghai
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, Reading, Writing
from app.platform.job_queue import enqueue
from app.platform.pages import render

router = APIRouter(prefix="/supervision", include_in_schema=False)

SEE_OTHER = 303
Watcher = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ))]
RuleMaker = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ, Permission.RULES_WRITE))]
Code = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Text = Annotated[str, Form(max_length=30_000)]
HEADER = "day,kind,name,english"


@dataclass(frozen=True)
class ShownDay:
    """A day of a month as the page draws it; None in the grid is a day of another month."""

    day: date
    is_working: bool
    special: SpecialDay | None


@router.get("/calendars")
def show_calendars(
    request: Request,
    actor: Watcher,
    session: Reading,
    clock: ClockDep,
    year: Annotated[int | None, Query(ge=2000, le=2200)] = None,
) -> HTMLResponse:
    """A year with its days off and made up, its versions, and the form for another version."""
    today = to_shanghai(clock()).date()
    return _calendar_page(request, actor, session, year or today.year, today=today)


@router.post("/calendars")
def save_calendar(
    *,
    request: Request,
    actor: RuleMaker,
    session: Writing,
    clock: ClockDep,
    year: Annotated[int, Form(ge=2000, le=2200)],
    csv: Text = "",
    why: Text = "",
    version: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """A new version of a year; what is wrong is said beside the form, and nothing that was typed is lost."""
    now = clock()
    before = versions.find_year(session, year)
    try:
        if len(why.strip()) < 2:
            raise RulesRefused(["请写明来源或修改理由"])
        row = versions.save_year(session, year, csv, by=actor.name, why=why.strip()[:300], now=now, version=version)
    except HotlineError as error:
        today = to_shanghai(now).date()
        typed = {"csv": csv, "why": why, "problems": _problems(error)}
        return _calendar_page(request, actor, session, year, today=today, typed=typed, status_code=error.status)
    if before is None or before.id != row.id:
        audit.record(session, actor, "calendar_saved", at=now, object_type="calendar", object_id=row.id)
        enqueue(session, retime_clocks, year)
    return RedirectResponse(f"/supervision/calendars?year={year}", SEE_OTHER)


@router.get("/rules")
def show_rules(request: Request, actor: Watcher, session: Reading) -> HTMLResponse:
    """The rules of regions side by side."""
    rows = versions.list_profiles(session)
    return _page(
        request,
        "rules",
        rows=[(row, versions.rules_of(row).profile) for row in rows],
        may_edit=actor.may(Permission.RULES_WRITE),
        clocks=wording.CLOCKS,
        ladder=[(step, STEP_WORDS[step]) for step in LADDER[2:]],
        keys=KEY_WORDS,
    )


@router.get("/rules/{code}")
def show_profile(request: Request, code: Code, actor: Watcher, session: Reading) -> HTMLResponse:
    """One region: the text of its rules to edit, and its versions."""
    return _profile_page(request, actor, versions.profile_history(session, code))


@router.post("/rules/{code}")
def save_profile(
    *,
    request: Request,
    code: Code,
    actor: RuleMaker,
    session: Writing,
    clock: ClockDep,
    text: Text = "",
    why: Text = "",
    version: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """A new version; what is wrong is said beside the form."""
    now = clock()
    try:
        if len(why.strip()) < 2:
            raise RulesRefused(["请写明来源或修改理由"])
        content = versions.read_text(text)
        row = versions.save_profile(
            session, {**content, "code": code}, by=actor.name, why=why.strip()[:300], now=now, version=version
        )
    except HotlineError as error:
        rows = versions.profile_history(session, code)
        typed = {"text": text, "why": why, "problems": _problems(error)}
        return _profile_page(request, actor, rows, typed=typed, status_code=error.status)
    audit.record(session, actor, "sla_profile_saved", at=now, object_type="sla_profile", object_id=row.id)
    return RedirectResponse(f"/supervision/rules/{code}", SEE_OTHER)


@router.post("/rules/{code}/adopt")
def adopt_profile(code: Code, actor: RuleMaker, session: Writing, clock: ClockDep) -> Response:
    """New clocks run by these rules from now on."""
    row = versions.choose_default(session, code)
    audit.record(session, actor, "sla_profile_adopted", at=clock(), object_type="sla_profile", object_id=row.id)
    return RedirectResponse("/supervision/rules", SEE_OTHER)


KEY_WORDS = {
    "default": "其他", "consult": "咨询", "help": "求助", "complaint": "投诉", "report": "举报", "suggest": "建议",
    "praise": "表扬", "other": "其他类", "invalid": "无效", "urgent": "紧急", "emergency": "特急",
}  # fmt: skip


def _problems(error: HotlineError) -> list[str]:
    told: Any = error.extra.get("errors")
    return [one["message"] for one in told] if told else [error.detail]


def _calendar_page(
    request: Request,
    actor: Actor,
    session: Session,
    year: int,
    *,
    today: date,
    typed: dict[str, Any] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    row = versions.find_year(session, year)
    known = [one.year for one in versions.list_years(session)]
    missing = missing_year(known, today)
    return _page(
        request,
        "calendars",
        status_code=status_code,
        year=year,
        years=sorted({*known, year, *([missing] if missing else [])}),
        known=known,
        row=row,
        months=_grid(row) if row else [],
        missing_year=missing,
        history=versions.year_history(session, year) if row else [],
        typed=typed or {"csv": _csv_of(row), "why": "", "problems": []},
        version=row.version if row else 0,
        may_edit=actor.may(Permission.RULES_WRITE),
        today=today,
    )


def _profile_page(
    request: Request,
    actor: Actor,
    rows: Sequence[SlaProfile],
    *,
    typed: dict[str, Any] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    current = rows[0]
    text = yaml.safe_dump(current.body, allow_unicode=True, sort_keys=False, width=110)
    return _page(
        request,
        "rule_edit",
        tab="rules",
        status_code=status_code,
        current=current,
        history=rows,
        typed=typed or {"text": text, "why": "", "problems": []},
        may_edit=actor.may(Permission.RULES_WRITE),
    )


def _grid(row: CalendarYear) -> list[list[list[ShownDay | None]]]:
    """Twelve months of weeks, Monday first."""
    calendar = versions.calendar_of([row])
    return [
        [
            [
                ShownDay(day, calendar.is_working(day), calendar.find_special(day)) if day.month == month else None
                for day in week
            ]
            for week in months.Calendar().monthdatescalendar(row.year, month)
        ]
        for month in range(1, 13)
    ]


def _csv_of(row: CalendarYear | None) -> str:
    days = row.days if row else []
    return "\n".join([HEADER, *(",".join(day) for day in days)]) + "\n"


def _page(request: Request, template: str, *, tab: str = "", status_code: int = 200, **context: Any) -> HTMLResponse:
    name = f"deadlines/{template}.html"
    return render(request, name, status_code=status_code, tab=tab or template, tabs=wording.TABS, **context)
