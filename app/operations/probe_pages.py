"""Test calls (拨测): every line with its last result, alarms, results so far, and a call by hand."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from app.accounts.service import display_names
from app.operations.frame import TABS, Operator, Reader
from app.platform.http import ClockDep, Reading, Writing
from app.platform.pages import render
from app.probes.models import Probe, ProbeFault, ProbeStatus
from app.probes.ordering import order_all_by_hand, order_by_hand
from app.probes.pages import ProbeInterval
from app.probes.rules import FAULT_TEXTS
from app.probes.service import list_probes
from app.probes.watch import WatchedLine, lines_under_way, watch_lines

router = APIRouter(prefix="/operations/probes", include_in_schema=False)

SEE_OTHER = 303
PAGE_SIZE = 30


@router.get("")
def show_probes(
    *,
    request: Request,
    _actor: Reader,
    session: Reading,
    clock: ClockDep,
    every: ProbeInterval,
    line: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[int | None, Query()] = None,
) -> HTMLResponse:
    """The lines and the results, the newest first; htmx asks for both again while the page is open."""
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        request.state.renews_session = False
    results = list_probes(session, line=line or None, before_id=before, limit=PAGE_SIZE + 1)
    shown = results[:PAGE_SIZE]
    watch = watch_lines(session, now=clock(), every=every)
    return render(
        request,
        "operations/probe_results.html" if is_part else "operations/probes.html",
        tab="probes",
        tabs=TABS,
        lines=sorted(watch.lines, key=_worst_first),
        results=shown,
        waiting=lines_under_way(session),
        line=line,
        fault_text=_fault_text,
        names=display_names(session),
        next_url=f"/operations/probes?line={line}&before={shown[-1].id}" if len(results) > PAGE_SIZE else "",
        first_url=f"/operations/probes?line={line}" if before else "",
        is_first=before is None,
    )


@router.post("")
def take_probe(
    request: Request, actor: Operator, session: Writing, clock: ClockDep, line: Annotated[str, Query(max_length=20)]
) -> Response:
    """A test call to this line, soon. LineNotProbed."""
    order_by_hand(session, actor, line, now=clock())
    return _done(request)


@router.post("/all")
def take_all(request: Request, actor: Operator, session: Writing, clock: ClockDep) -> Response:
    """A test call to every line, one after the other."""
    order_all_by_hand(session, actor, now=clock())
    return _done(request)


def _done(request: Request) -> Response:
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Trigger": "probe-ordered"})
    return RedirectResponse("/operations/probes", SEE_OTHER)


def _worst_first(one: WatchedLine) -> tuple[bool, bool, str]:
    return one.alarm is None, not one.is_troubled, one.line.number


def _fault_text(probe: Probe) -> str:
    """What was wrong, in Chinese; empty for a test call that passed or is not over."""
    if probe.status != ProbeStatus.FAILED or probe.fault is None:
        return ""
    text = FAULT_TEXTS[ProbeFault(probe.fault)]
    if probe.fault == ProbeFault.WRONG_LINE:
        return f"{text}：记录为 {probe.found_line or '空'}"
    return f"{text}（{probe.sip_status}）" if probe.fault == ProbeFault.REFUSED and probe.sip_status else text
