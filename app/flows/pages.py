"""Pages of flows: the list with its switches, one flow as a picture and as text, an editor, and a caller to be played.

They change nothing themselves: what is pressed goes to the API.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from app.accounts.service import display_names
from app.broadcasts.rules import KIND_WORDS, is_on_air
from app.broadcasts.service import list_broadcasts
from app.contract.flows import FlowSummary, Rehearsal
from app.flows import counting, service, wording
from app.flows.commands import FlowCommandFailed, FlowRefused
from app.flows.frame import Days, FlowName, Flows, VersionNumber
from app.lines.service import list_lines
from app.operations.frame import TABS, Operator, Reader
from app.platform.clock import to_shanghai
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, Reading
from app.platform.pages import render

router = APIRouter(prefix="/operations/flows", include_in_schema=False)

PERIODS = ((1, "今天"), (7, "近 7 天"), (30, "近 30 天"))
ANY_LINE = "any"
SILENCE, BACK, FOUND = "~", "<", "known"
"""What the buttons "no key" and "one step back" send, as no telephone does."""
LONGEST_ANSWERS = 20_000
TOO_LONG = "试听已经太长，请重新开始"
Text = Annotated[str, Form()]


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a form whose names are not known beforehand: conditions of a call."""
    return {key: str(value) for key, value in (await request.form()).items()}


PlayedForm = Annotated[dict[str, str], Depends(read_fields)]


@router.get("")
def show_flows(request: Request, _actor: Reader, session: Reading, flows: Flows, clock: ClockDep) -> HTMLResponse:
    """Every flow with what is in force, and how many calls went through it lately; switches and broadcasts."""
    found, now = flows.list(), clock()
    return _page(
        request,
        "flow_list.html",
        flows=sorted(found.flows, key=_served_first),
        switches=found.switches,
        runs=counting.read_runs(session, since=service.first_day(now, 7)),
        broadcasts=[(row, is_on_air(row, now)) for row in list_broadcasts(session, is_open=True)],
        kinds=KIND_WORDS,
        names=display_names(session),
    )


def _served_first(flow: FlowSummary) -> tuple[bool, bool, str]:
    return not flow.lines, flow.is_part, flow.name


@router.get("/{name}")
def show_flow(
    *, request: Request, name: FlowName, actor: Reader, session: Reading, flows: Flows, clock: ClockDep,
    version: VersionNumber = None, days: Days = 7,
) -> HTMLResponse:  # fmt: skip
    """One flow as a version has it: picture, nodes with their traffic, prompts, versions. FlowNotFound."""
    detail = flows.describe(name, version)
    since = service.first_day(clock(), days)
    return _page(
        request,
        "flow_detail.html",
        detail=detail,
        summary=detail.summary,
        actor=actor,
        days=days,
        periods=PERIODS,
        traffic=counting.read_traffic(session, name, since=since).nodes,
        runs=counting.read_runs(session, since=since, flow=name).get(name, {}),
        counted_at=counting.counted_at(session),
        names=display_names(session),
        today=to_shanghai(clock()).date().isoformat(),
    )


@router.get("/{name}/picture")
def show_picture(
    *, request: Request, name: FlowName, _actor: Reader, session: Reading, flows: Flows, clock: ClockDep,
    version: VersionNumber = None, days: Days = 7,
) -> HTMLResponse:  # fmt: skip
    """Part: the picture with the traffic on it."""
    traffic = counting.read_traffic(session, name, since=service.first_day(clock(), days))
    try:
        picture, failure = flows.picture(name, version, traffic), ""
    except (FlowRefused, FlowCommandFailed) as error:
        picture, failure = "", error.detail
    return render(request, "flows/picture.html", picture=picture, failure=failure)


@router.get("/{name}/edit")
def edit_flow(
    *,
    request: Request,
    name: FlowName,
    _actor: Operator,
    flows: Flows,
    clock: ClockDep,
    session: Reading,
    version: VersionNumber = None,
) -> HTMLResponse:
    """The editor, with the text of a version. A flow for any number may be put in force on each of ours."""
    detail = flows.describe(name, version)
    today = to_shanghai(clock()).date().isoformat()
    lines = [(line, line) for line in detail.summary.lines]
    if ANY_LINE in detail.summary.lines:
        lines = [(line.number, f"{line.number} {line.name}") for line in list_lines(session)]
    return _page(
        request, "flow_edit.html", detail=detail, summary=detail.summary, today=today, line_choices=lines
    )  # fmt: skip


@router.post("/{name}/check")
def check_draft(
    *, request: Request, name: FlowName, _actor: Operator, flows: Flows, text: Text = "", line: Text = "",
    since: Text = "",
) -> HTMLResponse:  # fmt: skip
    """Part: what is wrong with the text, or what it would change."""
    text = text.replace("\r\n", "\n")
    try:
        check, failure = flows.check(name, text, line=line.strip(), since=since.strip()), ""
    except FlowRefused as error:
        check, failure = None, error.detail
    problems = [wording.tell_problem(one) for one in check.problems] if check else []
    return render(
        request, "flows/check_result.html", check=check, problems=problems, failure=failure, flow=name,
        line=line.strip(), since=since.strip(),
    )  # fmt: skip


@router.get("/{name}/simulate")
def show_simulation(
    *, request: Request, name: FlowName, _actor: Operator, flows: Flows, version: VersionNumber = None
) -> HTMLResponse:
    """A caller to be played: the conditions of his call, and his telephone."""
    detail = flows.describe(name, version)
    return _page(
        request, "simulation.html", detail=detail, summary=detail.summary, switches=flows.list().switches,
        days=wording.DAYS.items(), weekdays=wording.WEEKDAYS.items(),
    )  # fmt: skip


@router.post("/{name}/simulate")
def play_step(
    *, request: Request, name: FlowName, _actor: Operator, flows: Flows, form: PlayedForm, version: VersionNumber = None
) -> HTMLResponse:
    """Part: the caller, one answer further."""
    answer = form.get("answer")
    if answer == FOUND:
        answer = f"{FOUND} {form.get('found', '')}".strip()
    answers = _answers(form.get("said", "[]"), answer)
    values = {key.removeprefix("value."): value[:80] for key, value in form.items() if key.startswith("value.")}
    try:
        rehearsal = Rehearsal(values=values, answers=answers, version=version or None)
        simulation = flows.simulate(name, rehearsal)
        failure = ""
    except HotlineError as error:
        simulation, failure = None, error.detail
    except ValidationError:
        simulation, failure = None, TOO_LONG
    return render(
        request, "flows/played.html", simulation=simulation, failure=failure, said=json.dumps(answers), flow=name,
        version=version, can_go_back=bool(answers), tell=wording,
    )  # fmt: skip


def _answers(said: str, answer: str | None) -> list[str]:
    """All answers so far; none of them when they cannot be read."""
    try:
        known = json.loads(said[:LONGEST_ANSWERS])
    except ValueError:
        known = []
    answers = [str(one)[:200] for one in known] if isinstance(known, list) else []
    if answer is None:
        return answers
    return answers[:-1] if answer == BACK else [*answers, "" if answer == SILENCE else answer[:200]]


def _page(request: Request, name: str, **context: Any) -> HTMLResponse:
    return render(
        request, f"flows/{name}", tab="flows", tabs=TABS, routes=wording.ROUTES, tell_exit=wording.tell_exit, **context
    )  # fmt: skip
