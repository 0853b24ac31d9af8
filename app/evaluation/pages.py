"""Pages of rates (统计): figures with their formulas, and exactly what they count."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.catalogue.models import Unit
from app.evaluation.counting import Grouping, Month, Part, Question, count_received, list_counted
from app.evaluation.report import BAND_WORDS, TermsDep, get_rate, month_report, rates_for, trend
from app.platform.clock import to_shanghai
from app.platform.database import Database
from app.platform.http import ClockDep, DatabaseDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.RATES_READ))]
MonthText = Annotated[str, Query(pattern=r"^(20\d{2}-(0[1-9]|1[0-2]))?$")]
Code = Annotated[str, Query(max_length=40)]
PAGE = 50
GROUPINGS = {Grouping.TOTAL: "合计", Grouping.UNIT: "按承办单位", Grouping.REGION: "按区域", "month": "按月"}
PARTS = {Part.COUNTED: "分母", Part.REACHED: "分子", Part.MISSED: "未达成"}
TONES = {"good": "good", "fair": "warn", "poor": "bad", "none": ""}


def month_or_now(text: str, now: datetime) -> Month:
    """The month asked for; the one that we have when nobody asks."""
    if text:
        return Month(int(text[:4]), int(text[5:]))
    here = to_shanghai(now)
    return Month(here.year, here.month)


@router.get("/statistics")
def show_statistics(
    *,
    request: Request,
    actor: Reader,
    database: DatabaseDep,
    terms: TermsDep,
    clock: ClockDep,
    month: MonthText = "",
    by: Annotated[str, Query(pattern="^(total|unit|region|month)$")] = "total",
    unit: Code = "",
) -> HTMLResponse:
    """A month's rates; who read them stands in the audit log."""
    now = clock()
    wanted = month_or_now(month, now)
    question = Question(wanted, actor, now, unit or None)
    with database.reading() as session:
        rows = (
            trend(session, question, terms) if by == "month" else month_report(session, question, terms, Grouping(by))
        )
        received = count_received(session, question)
        unit_row = session.get(Unit, unit) if unit else None
    _note_reading(database, actor, now, {"month": str(wanted), "by": by, "unit": unit})
    return render(
        request, "evaluation/statistics.html", rows=rows, rates=rates_for(actor), month=wanted, by=by, unit=unit,
        unit_name=unit_row.name if unit_row else "", groupings=GROUPINGS, bands=BAND_WORDS, tones=TONES, terms=terms,
        received=received, this_month=month_or_now("", now),
    )  # fmt: skip


@router.get("/statistics/{key}")
def show_counted(
    *,
    request: Request,
    key: Annotated[str, Path(pattern=r"^[a-z_]{2,20}$")],
    actor: Reader,
    database: DatabaseDep,
    clock: ClockDep,
    month: MonthText = "",
    part: Part = Part.COUNTED,
    adjusted: Annotated[bool, Query()] = False,
    unit: Code = "",
    county: Annotated[str, Query(pattern=r"^(\d{6})?$")] = "",
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> HTMLResponse:
    """Exactly what a figure counts."""
    now = clock()
    rate, wanted = get_rate(key, actor), month_or_now(month, now)
    question = Question(wanted, actor, now, unit or None, county or None)
    with database.reading() as session:
        found = list_counted(session, rate, question, part=part, is_adjusted=adjusted, after=after, limit=PAGE + 1)
        units = unit_names(session, {row.unit_code for row in found})
    _note_reading(database, actor, now, {"month": str(wanted), "rate": rate.name, "unit": unit})
    here = {"month": str(wanted), "adjusted": str(adjusted).lower(), "unit": unit, "county": county}
    address = f"/statistics/{key}?"
    more = urlencode({**here, "part": part, "after": found[PAGE - 1].row_id}) if len(found) > PAGE else ""
    return render(
        request, "evaluation/counted.html", rate=rate, rows=found[:PAGE], month=wanted, part=part, parts=PARTS,
        is_adjusted=adjusted, units=units, unit=unit,
        part_urls={one: address + urlencode({**here, "part": one}) for one in PARTS},
        next_url=address + more if more else "",
        first_url=address + urlencode({**here, "part": part}) if after else "",
    )  # fmt: skip


def _note_reading(database: Database, actor: Actor, now: datetime, detail: dict[str, str]) -> None:
    with database.transaction() as session:
        audit.record(session, actor, "rates_read", at=now, object_type="rates", detail=detail)


def unit_names(session: Session, codes: set[str | None] | set[str]) -> dict[str, str]:
    return dict(session.execute(select(Unit.code, Unit.name).where(Unit.code.in_(codes - {None, ""}))).all())
