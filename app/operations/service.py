"""Use cases of changes: propose, decide, apply, roll back. Each leaves an entry in the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category

from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.accounts.rules import Permission
from app.contract import changes
from app.operations.commands import DialplanCommands
from app.operations.jobs import carry_out_change
from app.operations.runs import RunFolder, RunKind, RunRequest, new_run_id
from app.platform.errors import Conflict, HotlineError
from app.platform.job_queue import enqueue

MIN_REASON_LENGTH = 4
MAX_REASON_LENGTH = 200
INVISIBLE = {"Cc", "Cf", "Cs"}
"""Unicode's control, format and surrogate characters."""


class ReasonMissing(HotlineError):
    """A change without a reason: the history would say nothing to whoever looks later."""

    status = 422
    code = "reason-missing"
    title = f"请写明原因，不少于 {MIN_REASON_LENGTH} 个字"


class ChangeRunning(Conflict):
    """Somebody else's apply has not ended."""

    code = "change-running"
    title = "另一项变更正在执行"


class NeverInForce(Conflict):
    """Only what was in force once can be brought back without a new approval."""

    code = "never-in-force"
    title = "这一版从未生效，不能恢复到它"


class OwnProposal(Conflict):
    """The second person must be another one."""

    code = "own-proposal"
    title = "自己提出的变更须由另一人批准"


def clean_reason(text: str) -> str:
    """One line of text. ReasonMissing.

    Control characters go: no process can be started with NUL in its arguments, and the rest would garble the history.
    """
    visible = "".join(" " if category(sign) in INVISIBLE else sign for sign in text)
    reason = " ".join(visible.split())[:MAX_REASON_LENGTH]
    if len(reason) < MIN_REASON_LENGTH:
        raise ReasonMissing()
    return reason


def propose(
    session: Session, commands: DialplanCommands, actor: Actor, text: str, why: str, *, now: datetime
) -> changes.Proposal:
    """Keep a plan as a proposal on the node. ReasonMissing, ChangeRefused, CommandFailed."""
    proposal = commands.propose(text, why=clean_reason(why), by=actor.name)
    detail = {"why": proposal.why, "plan_digest": proposal.plan_digest}
    _record(session, actor, "change_proposed", proposal.id, now=now, detail=detail)
    return proposal


def approve(
    session: Session, commands: DialplanCommands, actor: Actor, proposal_id: str, *, now: datetime
) -> changes.Proposal:
    """A second person agrees. OwnProposal, ChangeRefused, CommandFailed."""
    if commands.proposal(proposal_id).by == actor.name:
        raise OwnProposal()
    proposal = commands.approve(proposal_id, by=actor.name)
    _record(session, actor, "change_approved", proposal.id, now=now, detail={"plan_digest": proposal.plan_digest})
    return proposal


def reject(
    session: Session, commands: DialplanCommands, actor: Actor, proposal_id: str, why: str, *, now: datetime
) -> changes.Proposal:
    """Somebody says no, the author too. ReasonMissing, ChangeRefused, CommandFailed."""
    proposal = commands.reject(proposal_id, why=clean_reason(why), by=actor.name)
    _record(session, actor, "change_rejected", proposal.id, now=now, detail={"why": proposal.decided_why})
    return proposal


def request_run(
    session: Session, runs: RunFolder, actor: Actor, kind: RunKind, target: str, *, why: str, now: datetime,
    is_dry_run: bool = False, overwrites_hand_edits: bool = False,
) -> RunRequest:  # fmt: skip
    """Have a worker apply a proposal, or bring a version back. ReasonMissing, ChangeRunning.

    Redis down: nobody takes the job, and the page of the run says so.
    """
    running = runs.find_running()
    if running:
        raise ChangeRunning(f"{running.request.by} 的变更正在执行，请等它结束", run=running.request.id)
    request = RunRequest(
        id=new_run_id(), kind=kind, target=target, why=clean_reason(why), by=actor.name, at=now,
        is_dry_run=is_dry_run, overwrites_hand_edits=overwrites_hand_edits,
    )  # fmt: skip
    runs.add(request)
    action = (
        "change_rehearsed" if is_dry_run else {RunKind.APPLY: "change_applied", RunKind.ROLLBACK: "rolled_back"}[kind]
    )
    detail = {"why": request.why, "run": request.id, "overwrites_hand_edits": overwrites_hand_edits}
    _record(session, actor, action, target, now=now, detail=detail)
    enqueue(session, carry_out_change, request.id)
    return request


def apply_proposal(
    session: Session, commands: DialplanCommands, runs: RunFolder, actor: Actor, proposal_id: str, *, now: datetime,
    is_dry_run: bool = False, overwrites_hand_edits: bool = False,
) -> RunRequest:  # fmt: skip
    """Have a proposal carried out, or rehearsed. ChangeRunning, ChangeRefused, CommandFailed."""
    proposal = commands.proposal(proposal_id)
    return request_run(
        session, runs, actor, RunKind.APPLY, proposal.id, why=proposal.why, now=now, is_dry_run=is_dry_run,
        overwrites_hand_edits=overwrites_hand_edits,
    )  # fmt: skip


def roll_back(
    session: Session, commands: DialplanCommands, runs: RunFolder, actor: Actor, number: int, *, why: str,
    now: datetime, is_dry_run: bool = False, overwrites_hand_edits: bool = False,
) -> RunRequest:  # fmt: skip
    """Have a version brought back. ReasonMissing, ChangeRunning, NeverInForce, ChangeRefused, CommandFailed."""
    version = commands.show(number).version
    if version is None or version.outcome is not changes.Outcome.APPLIED:
        raise NeverInForce(f"第 {number} 版从未生效，不能恢复到它")
    return request_run(
        session, runs, actor, RunKind.ROLLBACK, str(number), why=why, now=now, is_dry_run=is_dry_run,
        overwrites_hand_edits=overwrites_hand_edits,
    )  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """What a person may do with a proposal now; `waits_for` says in Chinese what is missing."""

    may_approve: bool = False
    may_reject: bool = False
    may_apply: bool = False
    may_rehearse: bool = False
    waits_for: str = ""


def choices_for(proposal: changes.Proposal, actor: Actor) -> Choices:
    """Decide what its page offers; the node's own rules have the last word."""
    is_open = proposal.status is changes.ProposalStatus.OPEN
    is_approved = proposal.status is changes.ProposalStatus.APPROVED
    if not actor.may(Permission.OPERATIONS_WRITE) or not (is_open or is_approved):
        return Choices()
    needs_approval = proposal.change.needs_approval and is_open
    is_own = proposal.by == actor.name
    return Choices(
        may_approve=needs_approval and not is_own,
        may_reject=True,
        may_apply=not needs_approval,
        may_rehearse=True,
        waits_for="等待另一位运维人员批准" if needs_approval and is_own else "",
    )


def _record(
    session: Session, actor: Actor, action: str, target: str, *, now: datetime, detail: Mapping[str, object]
) -> None:
    audit.record(session, actor, action, at=now, object_type="dialplan_change", object_id=target, detail=detail)
