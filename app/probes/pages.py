"""The part at the top of every page of ops staff and supervisors: lines of which somebody should know."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.platform.http import ClockDep, Reading
from app.platform.pages import render
from app.probes.watch import watch_lines

router = APIRouter(include_in_schema=False)

SHOWN_LINES = 20


async def get_probe_interval(request: Request) -> timedelta:
    """How often each line is dialled; zero: by hand only."""
    every: timedelta = request.app.state.probe_interval
    return every


ProbeInterval = Annotated[timedelta, Depends(get_probe_interval)]


@router.get("/line-watch")
def show_line_watch(
    *,
    request: Request,
    actor: Annotated[Actor, Depends(require(Permission.LINE_WATCH_READ))],
    session: Reading,
    clock: ClockDep,
    every: ProbeInterval,
    says_all: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """Part: lines that fail, cannot be dialled, or of which nothing is known. `says_all`: also that all are well."""
    request.state.renews_session = False
    watch = watch_lines(session, now=clock(), every=every)
    return render(
        request, "probes/watch.html", watch=watch, says_all=says_all, shown_lines=SHOWN_LINES, is_by_hand=not every,
        may_open=actor.may(Permission.OPERATIONS_READ),
    )  # fmt: skip
