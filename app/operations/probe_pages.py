"""Test calls (拨测): every line with its last result, alarms, results so far, and a call by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.lines.models import Line
from app.operations import service
from app.operations.frame import TABS, Operator, Reader
from app.platform.http import ClockDep, Reading, Writing
from app.platform.job_queue import enqueue
from app.platform.pages import render
from app.probes import alarms
from app.probes import service as probes
from app.probes.jobs import dial_line
from app.probes.models import Fault, LineAlarm, Probe, ProbeStatus
from app.probes.rules import FAULT_TEXTS

router = APIRouter(prefix="/operations/probes", include_in_schema=False)

SEE_OTHER = 303
PAGE_SIZE = 30
UNDONE = (ProbeStatus.ORDERED, ProbeStatus.RUNNING)


@dataclass(frozen=True)
class ProbedLine:
    """A line that is dialled, with its last result that is over and its open alarm."""

    line: Line
    last: Probe | None
    alarm: LineAlarm | None


@router.get("")
def show_probes(
    request: Request,
    _actor: Reader,
    session: Reading,
    line: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[int | None, Query()] = None,
) -> HTMLResponse:
    """The lines and the results, the newest first; htmx asks for both again while the page is open."""
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        request.state.renews_session = False
    results = probes.list_probes(session, line=line or None, before_id=before, limit=PAGE_SIZE + 1)
    shown = results[:PAGE_SIZE]
    return render(
        request,
        "operations/probe_results.html" if is_part else "operations/probes.html",
        tab="probes",
        tabs=TABS,
        lines=_probed_lines(session),
        results=shown,
        waiting=set(session.scalars(select(Probe.line).where(Probe.status.in_(UNDONE)))),
        line=line,
        fault_text=_fault_text,
        names=service.display_names(session),
        next_url=f"/operations/probes?line={line}&before={shown[-1].id}" if len(results) > PAGE_SIZE else "",
        first_url=f"/operations/probes?line={line}" if before else "",
        is_first=before is None,
    )


@router.post("")
def take_probe(
    request: Request, actor: Operator, session: Writing, clock: ClockDep, line: Annotated[str, Query(max_length=20)]
) -> Response:
    """A test call to this line, soon. LineNotProbed."""
    _order(session, [line], actor.name, clock)
    return _done(request)


@router.post("/all")
def take_all(request: Request, actor: Operator, session: Writing, clock: ClockDep) -> Response:
    """A test call to every line, one after the other."""
    _order(session, [line.number for line in probes.list_probed_lines(session)], actor.name, clock)
    return _done(request)


def _order(session: Session, lines: Sequence[str], by: str, clock: ClockDep) -> None:
    for line in lines:
        probe = probes.order_probe(session, line, by=by, now=clock())
        enqueue(session, dial_line, probe.id)


def _done(request: Request) -> Response:
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Trigger": "probe-ordered"})
    return RedirectResponse("/operations/probes", SEE_OTHER)


def _probed_lines(session: Session) -> list[ProbedLine]:
    lines = probes.list_probed_lines(session)
    numbers = [line.number for line in lines]
    last, open_alarms = probes.latest_probes(session, numbers), alarms.open_alarms(session, numbers)
    shown = [ProbedLine(line, last.get(line.number), open_alarms.get(line.number)) for line in lines]
    return sorted(shown, key=lambda one: (one.alarm is None, one.line.number))


def _fault_text(probe: Probe) -> str:
    """What was wrong, in Chinese; empty for a test call that passed or is not over."""
    if probe.status != ProbeStatus.FAILED or probe.fault is None:
        return ""
    text = FAULT_TEXTS[Fault(probe.fault)]
    if probe.fault == Fault.WRONG_LINE:
        return f"{text}：记录为 {probe.found_line or '空'}"
    return f"{text}（{probe.sip_status}）" if probe.fault == Fault.REFUSED and probe.sip_status else text
