"""Pages that show: lines of today, trunks, the calendar of mode changes, the state of the node."""

from collections import defaultdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.service import display_names
from app.deadlines.versions import find_missing_year
from app.ingest.parked import count_open
from app.lines.models import Line, LineAlias, LinePeriod, Trunk
from app.operations import rules
from app.operations.commands import CommandFailed
from app.operations.frame import TABS, Commands, Reader, Runs
from app.platform.clock import to_shanghai
from app.platform.http import ClockDep, Reading
from app.platform.pages import render
from app.platform.plan_words import queue_names
from app.probes.pages import ProbeInterval
from app.probes.watch import watch_lines

router = APIRouter(prefix="/operations", include_in_schema=False)

SEE_OTHER = 303


@router.get("")
def go_to_lines() -> RedirectResponse:
    """The way in."""
    return RedirectResponse("/operations/lines", SEE_OTHER)


@router.get("/lines")
def show_lines(
    *,
    request: Request,
    _actor: Reader,
    session: Reading,
    clock: ClockDep,
    every: ProbeInterval,
    view: Annotated[str, Query()] = "served",
) -> HTMLResponse:
    """Every line with its mode of today and the next change; `all` adds those that no plan of ours serves."""
    today = to_shanghai(clock()).date()
    lines, periods = _lines(session)
    shown = rules.show_lines(lines, periods, today)
    served = [one for one in shown if one.line.plan]
    aliases: dict[str, dict[str, LineAlias]] = defaultdict(dict)
    for alias in session.scalars(select(LineAlias).order_by(LineAlias.number)):
        aliases[alias.line_number][alias.number] = alias  # the plan and the reference data may both name it
    verdicts = {one.line.number: one.verdict for one in watch_lines(session, now=clock(), every=every).lines}
    return _page(
        request,
        "lines",
        lines=shown if view == "all" else served,
        served_count=len(served),
        all_count=len(shown),
        view=view,
        aliases=aliases,
        verdicts=verdicts,
        queue_names=queue_names(session),
        trunk_labels=_trunk_labels(session),
        today=today,
    )


@router.get("/calendar")
def show_calendar(
    request: Request, _actor: Reader, session: Reading, clock: ClockDep, month: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """Mode changes on the days of a month, and the list of all that are still to come."""
    today = to_shanghai(clock()).date()
    first = rules.month_of(month, today)
    changes = rules.list_changes(*_lines(session))
    return _page(
        request,
        "calendar",
        weeks=rules.calendar_of(first, changes),
        first=first,
        before=rules.shift_month(first, -1),
        after=rules.shift_month(first, 1),
        coming=[change for change in changes if change.day > today],
        past=[change for change in reversed(changes) if change.day <= today][:20],
        trunk_labels=_trunk_labels(session),
        today=today,
    )


@router.get("/trunks")
def show_trunks(request: Request, _actor: Reader) -> HTMLResponse:
    """The page of the trunks; htmx fills in their health, which takes a second to ask for."""
    return _page(request, "trunks")


@router.get("/trunks/health")
def show_trunk_health(request: Request, _actor: Reader, commands: Commands) -> HTMLResponse:
    """Part: every trunk as Asterisk sees it now."""
    _only_looked_at(request)
    try:
        report = commands.trunks()
    except CommandFailed as failure:
        return render(request, "operations/unreadable.html", failure=failure)
    troubled = [trunk.name for trunk in report.trunks if rules.is_trunk_in_trouble(trunk)]
    return render(request, "operations/trunk_table.html", report=report, troubled=troubled)


@router.get("/state")
def show_state(
    *, request: Request, _actor: Reader, session: Reading, commands: Commands, runs: Runs, clock: ClockDep
) -> HTMLResponse:
    """Part: what is applied, who works on it, what somebody should look at."""
    _only_looked_at(request)
    try:
        state = commands.state()
    except CommandFailed as failure:
        return render(request, "operations/unreadable.html", failure=failure)
    return render(
        request,
        "operations/state.html",
        state=state,
        rehearsed_at=clock() + timedelta(seconds=state.clock_offset_seconds) if state.clock_offset_seconds else None,
        running=runs.find_running(),
        names=display_names(session),
        missing_year=find_missing_year(session, clock()),
        parked_count=sum(count_open(session).values()),
    )


def _only_looked_at(request: Request) -> None:
    request.state.renews_session = False


def _page(request: Request, tab: str, **context: Any) -> HTMLResponse:
    return render(request, f"operations/{tab}.html", tab=tab, tabs=TABS, **context)


def _lines(session: Session) -> tuple[list[Line], dict[str, list[LinePeriod]]]:
    periods: dict[str, list[LinePeriod]] = defaultdict(list)
    for period in session.scalars(select(LinePeriod).order_by(LinePeriod.begins_on)):
        periods[period.line_number].append(period)
    return list(session.scalars(select(Line).order_by(Line.number))), periods


def _trunk_labels(session: Session) -> dict[str, str]:
    return dict(session.execute(select(Trunk.name, Trunk.label)).all())
