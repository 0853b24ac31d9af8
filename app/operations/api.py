"""JSON of changes of the site plan: what the pages do, for scripts. Both share `app.operations.service`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from app.contract import changes
from app.operations import service
from app.operations.frame import Commands, Operator, Reader, Runs
from app.operations.schemas import (
    ApplyIn,
    PlanIn,
    ProposalIn,
    ProposalSummary,
    ProposalSummaryList,
    RejectionIn,
    RollbackIn,
    RunOut,
)
from app.platform.http import ClockDep, Writing

router = APIRouter(prefix="/dialplan-changes", tags=["dialplan changes"])

ProposalId = Annotated[str, Path(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$", description="the proposal's id")]
VersionNumber = Annotated[int, Path(ge=1, le=1_000_000)]
Answers = dict[int | str, dict[str, Any]]
NOT_FOUND: Answers = {404: {"description": "`change-not-found`: the node has none of this name"}}
REFUSED: Answers = {409: {"description": "`change-refused`: `detail` says why, Chinese; `remedy` what to do"}}
DECIDED: Answers = {409: {"description": "`change-refused`, or `own-proposal`: the second person is another one"}}
BUSY: Answers = {409: {"description": "`change-running`: wait for run `run`; `change-refused`, `never-in-force`"}}


@router.get("", summary="List proposals")
def list_dialplan_changes(
    _actor: Reader,
    commands: Commands,
    status: changes.ProposalStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProposalSummaryList:
    """Changes that were proposed, the newest first, whatever became of them."""
    found = [one for one in commands.proposals().proposals if status in {None, one.status}]
    return ProposalSummaryList(items=[ProposalSummary.of(one) for one in found[:limit]])


@router.post("", summary="Propose a change", status_code=201, responses=REFUSED)
def propose_dialplan_change(
    body: ProposalIn, actor: Operator, session: Writing, commands: Commands, clock: ClockDep, response: Response
) -> changes.Proposal:
    """Keep a plan as a proposal on the node. Calls are handled as before until it is applied."""
    proposal = service.propose(session, commands, actor, body.plan, body.why, now=clock())
    response.headers["Location"] = f"/api/v1/dialplan-changes/{proposal.id}"
    return proposal


@router.post("/plan", summary="Check a plan")
def plan_dialplan_change(body: PlanIn, _actor: Operator, commands: Commands) -> changes.ChangePlan:
    """What is wrong with a plan (`faults`), or what it would change. Nothing is kept."""
    return commands.plan(body.plan)


@router.get("/state", summary="State of the node")
def read_dialplan_state(_actor: Reader, commands: Commands) -> changes.NodeState:
    """What is in force, who is changing it, which files were edited by hand. A few seconds old at most."""
    return commands.state()


@router.get("/versions", summary="List versions")
def list_dialplan_versions(
    _actor: Reader, commands: Commands, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> changes.History:
    """Every apply and rollback on the node, the newest first, without differences of files."""
    return commands.history(limit)


@router.get("/versions/{number}", summary="Read a version", responses=NOT_FOUND)
def read_dialplan_version(number: VersionNumber, _actor: Reader, commands: Commands) -> changes.VersionDetail:
    """A version with its plan and its differences."""
    return commands.show(number)


@router.post("/rollback", summary="Bring a version back", status_code=202, responses=BUSY)
def roll_back_dialplan(
    body: RollbackIn, actor: Operator, session: Writing, commands: Commands, runs: Runs, clock: ClockDep
) -> RunOut:
    """Put an earlier version in force again, with every check of an apply. Read the run until it is over."""
    asked = service.roll_back(
        session, commands, runs, actor, body.version, why=body.why, now=clock(), is_dry_run=body.is_dry_run,
        overwrites_hand_edits=body.overwrites_hand_edits,
    )  # fmt: skip
    return RunOut.of(runs.read(asked.id))


@router.get("/runs/{run_id}", summary="Read a run")
def read_dialplan_run(run_id: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")], _actor: Reader, runs: Runs) -> RunOut:
    """How far an apply or a rollback is, step by step, and its report once it has ended."""
    return RunOut.of(runs.read(run_id))


@router.get("/{proposal_id}", summary="Read a proposal", responses=NOT_FOUND)
def read_dialplan_change(proposal_id: ProposalId, _actor: Reader, commands: Commands) -> changes.Proposal:
    """One proposal with its plan, and what it would change."""
    return commands.proposal(proposal_id)


@router.post("/{proposal_id}/approve", summary="Approve a change", responses=DECIDED)
def approve_dialplan_change(
    proposal_id: ProposalId, actor: Operator, session: Writing, commands: Commands, clock: ClockDep
) -> changes.Proposal:
    """The second person agrees. Nobody approves what he proposed himself."""
    return service.approve(session, commands, actor, proposal_id, now=clock())


@router.post("/{proposal_id}/reject", summary="Reject a change", responses=REFUSED)
def reject_dialplan_change(
    *,
    proposal_id: ProposalId,
    body: RejectionIn,
    actor: Operator,
    session: Writing,
    commands: Commands,
    clock: ClockDep,
) -> changes.Proposal:
    """Somebody says no, and why; who proposed it may take it back so."""
    return service.reject(session, commands, actor, proposal_id, body.why, now=clock())


@router.post("/{proposal_id}/apply", summary="Apply a change", status_code=202, responses=BUSY)
def apply_dialplan_change(
    *, proposal_id: ProposalId, body: ApplyIn, actor: Operator, session: Writing, commands: Commands, runs: Runs,
    clock: ClockDep,
) -> RunOut:  # fmt: skip
    """Have a proposal put in force, or rehearsed. A worker does it: read the run until it is over.

    A proposal that still waits for its approval ends as `refused`, and nothing is changed.
    """
    asked = service.apply_proposal(
        session, commands, runs, actor, proposal_id, now=clock(), is_dry_run=body.is_dry_run,
        overwrites_hand_edits=body.overwrites_hand_edits,
    )  # fmt: skip
    return RunOut.of(runs.read(asked.id))
