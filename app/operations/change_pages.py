"""Pages that change: edit a plan, check it, propose it, decide, carry it out, watch it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from app.accounts.service import display_names
from app.contract.changes import ApplyReport, Fault
from app.operations import plan_text, service, wording
from app.operations.frame import TABS, Commands, Operator, Reader, Runs
from app.operations.new_period import PeriodForm, read_period
from app.platform.clock import to_shanghai
from app.platform.http import ClockDep, Reading, Writing
from app.platform.pages import render

router = APIRouter(prefix="/operations", include_in_schema=False)

SEE_OTHER = 303
SHOWN_FAULTS = 50
"""One mistake may make hundreds; nobody corrects more of them before the next check."""
Text = Annotated[str, Form()]
Tick = Annotated[bool, Form()]
ProposalId = Annotated[str, Path(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")]


@router.get("/changes")
def show_changes(request: Request, _actor: Reader, session: Reading, commands: Commands) -> HTMLResponse:
    """Proposals, the newest first."""
    proposals = commands.proposals().proposals
    return _page(request, "changes.html", proposals=proposals, names=display_names(session))


@router.get("/changes/new")
def edit_plan(
    request: Request, _actor: Operator, commands: Commands, clock: ClockDep, line: Annotated[str, Query()] = ""
) -> HTMLResponse:
    """The editor with the plan that is applied; `line` opens the quick change of this line."""
    applied = commands.show()
    text = applied.plan_text
    today = to_shanghai(clock()).date()
    return _page(
        request,
        "change_edit.html",
        plan=text,
        version=applied.version,
        line_choices=[(one.number, f"{one.number} {one.label}") for one in plan_text.list_plan_lines(text)],
        trunk_choices=[(one.name, one.label) for one in plan_text.list_plan_trunks(text)],
        seat_ranges=plan_text.list_plan_seats(text),
        line=line,
        today=today,
        tomorrow=today + timedelta(days=1),
    )


@router.post("/changes/period")
def take_period(_actor: Operator, clock: ClockDep, form: Annotated[PeriodForm, Form()]) -> Response:
    """The plan's text with one period more: the quick change. PlanTextRefused."""
    changed = plan_text.add_period(form.plan, form.line, read_period(form), today=to_shanghai(clock()).date())
    return Response(changed, media_type="text/plain; charset=utf-8")


@router.post("/changes/check")
def check_plan(request: Request, _actor: Operator, commands: Commands, plan: Text = "") -> HTMLResponse:
    """Part: what is wrong with the text, or what it would change."""
    change = commands.plan(plan)
    faults = shown_faults(plan, change.faults)
    restarts = wording.tell_restarts(change)
    return render(request, "operations/check_result.html", change=change, faults=faults, restarts=restarts)


def shown_faults(plan: str, faults: Sequence[Fault]) -> list[wording.ShownFault]:
    """The first of them, in Chinese and with their rows."""
    shown = faults[:SHOWN_FAULTS]
    rows = plan_text.rows_of(plan, [fault.where for fault in shown])
    return [wording.translate(fault, row=row) for fault, row in zip(shown, rows, strict=True)]


@router.post("/changes")
def take_proposal(
    *,
    request: Request,
    actor: Operator,
    session: Writing,
    commands: Commands,
    clock: ClockDep,
    plan: Text = "",
    why: Text = "",
) -> Response:
    """Keep the text as a proposal and go to its page; htmx follows the header."""
    proposal = service.propose(session, commands, actor, plan, why, now=clock())
    return _go(request, f"/operations/changes/{proposal.id}")


@router.get("/changes/{proposal_id}")
def show_proposal(
    request: Request, actor: Reader, session: Reading, commands: Commands, proposal_id: ProposalId
) -> HTMLResponse:
    """One proposal: what it changes, who asked, who agreed, what may be done now. ChangeRefused: there is none."""
    proposal = commands.proposal(proposal_id)
    return _page(
        request, "change_detail.html", proposal=proposal, actor=actor, names=display_names(session),
        choices=service.choices_for(proposal, actor),
    )  # fmt: skip


@router.post("/changes/{proposal_id}/approve")
def take_approval(
    *, request: Request, actor: Operator, session: Writing, commands: Commands, clock: ClockDep, proposal_id: ProposalId
) -> Response:
    """The second person agrees."""
    service.approve(session, commands, actor, proposal_id, now=clock())
    return _go(request, f"/operations/changes/{proposal_id}")


@router.post("/changes/{proposal_id}/reject")
def take_rejection(
    *,
    request: Request,
    actor: Operator,
    session: Writing,
    commands: Commands,
    clock: ClockDep,
    proposal_id: ProposalId,
    why: Text = "",
) -> Response:
    """Somebody says no, and why."""
    service.reject(session, commands, actor, proposal_id, why, now=clock())
    return _go(request, f"/operations/changes/{proposal_id}")


@router.post("/changes/{proposal_id}/apply")
def take_apply(
    *,
    request: Request,
    actor: Operator,
    session: Writing,
    commands: Commands,
    runs: Runs,
    clock: ClockDep,
    proposal_id: ProposalId,
    is_dry_run: Tick = False,
    overwrites: Tick = False,
) -> Response:
    """Carry a proposal out, or rehearse it, and go where it can be watched."""
    asked = service.apply_proposal(
        session, commands, runs, actor, proposal_id, now=clock(), is_dry_run=is_dry_run,
        overwrites_hand_edits=overwrites,
    )  # fmt: skip
    return _go(request, f"/operations/runs/{asked.id}")


@router.post("/history/{number}/restore")
def take_rollback(
    *,
    request: Request,
    actor: Operator,
    session: Writing,
    commands: Commands,
    runs: Runs,
    clock: ClockDep,
    number: Annotated[int, Path(ge=1)],
    why: Text = "",
    is_dry_run: Tick = False,
    overwrites: Tick = False,
) -> Response:
    """Bring a version back, and go where it can be watched."""
    asked = service.roll_back(
        session, commands, runs, actor, number, why=why, now=clock(), is_dry_run=is_dry_run,
        overwrites_hand_edits=overwrites,
    )  # fmt: skip
    return _go(request, f"/operations/runs/{asked.id}")


@router.get("/runs/{run_id}")
def show_run(
    *, request: Request, _actor: Reader, session: Reading, commands: Commands, runs: Runs, clock: ClockDep, run_id: str
) -> Response:
    """A run, step by step. htmx asks for the part again until it has ended. NotFound."""
    run = runs.read(run_id)
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        request.state.renews_session = False
    if run.is_over:
        commands.forget()
    context: dict[str, Any] = {
        "run": run,
        "is_over": run.is_over,
        "tell_report": wording.tell_report,
        "tell_step": wording.tell_step,
        "faults": _faults_of(run.report),
        "waited_seconds": (clock() - run.request.at).total_seconds(),
        "names": display_names(session),
    }
    if is_part:
        headers = {"HX-Trigger": "run-over"} if run.is_over else {}
        return render(request, "operations/run_progress.html", headers=headers, **context)
    return _page(request, "run.html", **context)


def _faults_of(report: ApplyReport | None) -> list[wording.ShownFault]:
    faults = report.change.faults if report and report.change else []
    return [wording.translate(fault) for fault in faults[:SHOWN_FAULTS]]


def _go(request: Request, url: str) -> Response:
    """On to another page: by header for htmx, by redirect for a plain form."""
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, SEE_OTHER)


def _page(request: Request, name: str, *, tab: str = "changes", **context: Any) -> HTMLResponse:
    return render(request, f"operations/{name}", tab=tab, tabs=TABS, **context)
