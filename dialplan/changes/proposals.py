"""Changes that wait for a second person: proposed by one, approved by another, applied by either."""

import os
import secrets
from datetime import UTC, datetime

from pydantic import ValidationError

from app.contract.changes import Proposal, ProposalList, ProposalStatus
from dialplan.changes.lock import ChangeLock
from dialplan.changes.planning import PlannedChange, faults_told
from dialplan.changes.saying import Said, Saying, say
from dialplan.changes.versions import VersionStore

STALE_WHEN = {ProposalStatus.OPEN, ProposalStatus.APPROVED}
PATIENCE_SECONDS = 10
"""Who decides waits so long for a change that runs: what it applies is decided no more."""


class ProposalRefused(Said):
    """The proposal is not there, or what was asked of it is not possible now."""


class Proposals:
    """All proposals of a node, a file each."""

    def __init__(self, store: VersionStore) -> None:
        self._store = store
        self._folder = store.folder / "proposals"

    def propose(self, planned: PlannedChange, *, by: str, why: str) -> Proposal:
        """Write a change down for a second person. Raises ProposalRefused for a plan that cannot be applied."""
        proposal = proposal_of(planned, by=by, why=why)
        self._keep(proposal)
        return proposal

    def read(self, proposal_id: str) -> Proposal:
        """One proposal; STALE when another change was applied meanwhile. Raises ProposalRefused."""
        path = self._folder / f"{proposal_id}.json"
        if not proposal_id.replace("-", "").isalnum() or not path.exists():
            raise ProposalRefused(say("proposal_unknown", id=proposal_id))
        try:
            proposal = Proposal.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError:
            raise ProposalRefused(say("proposal_damaged", id=proposal_id)) from None
        if proposal.status in STALE_WHEN and proposal.base_version != self._store.current_number():
            return proposal.model_copy(update={"status": ProposalStatus.STALE})
        return proposal

    def list(self) -> ProposalList:
        """Newest first; a damaged file is left out."""
        found = []
        for path in sorted(self._folder.glob("*.json"), reverse=True) if self._folder.exists() else []:
            try:
                found.append(self.read(path.stem))
            except ProposalRefused:
                continue
        return ProposalList(proposals=found)

    def decide(
        self, proposal_id: str, *, by: str, is_approved: bool, why: str = "", is_dry_run: bool = False
    ) -> Proposal:
        """Approve or reject; what is approved may still be withdrawn. Raises Locked while a change runs, and
        ProposalRefused: not by who proposed it (approval), not twice, not when stale or applied.
        """
        with ChangeLock(self._store.folder).hold(by, f"deciding on {proposal_id}", wait_seconds=PATIENCE_SECONDS):
            decided = self._decided(self.read(proposal_id), by=by, is_approved=is_approved, why=why)
            if not is_dry_run:
                self._keep(decided)
            return decided

    def _decided(self, proposal: Proposal, *, by: str, is_approved: bool, why: str) -> Proposal:
        is_withdrawn = proposal.status is ProposalStatus.APPROVED and not is_approved
        if proposal.status is not ProposalStatus.OPEN and not is_withdrawn:
            raise ProposalRefused(_over(proposal))
        if is_approved and _same_person(by, proposal.by):
            raise ProposalRefused(say("own_proposal", by=by))
        return proposal.model_copy(
            update={
                "status": ProposalStatus.APPROVED if is_approved else ProposalStatus.REJECTED,
                "decided_by": by,
                "decided_at": datetime.now(UTC),
                "decided_why": why or None,
            }
        )

    def released(self, proposal_id: str, *, is_dry_run: bool = False) -> Proposal:
        """A proposal that may be applied now; one that waits may be rehearsed. Raises ProposalRefused.

        It holds for as long as the change lock is held.
        """
        proposal = self.read(proposal_id)
        match proposal.status:
            case ProposalStatus.APPROVED:
                return proposal
            case ProposalStatus.OPEN if is_dry_run or not proposal.change.needs_approval:
                return proposal
            case ProposalStatus.OPEN:
                raise ProposalRefused(say("proposal_waits", id=proposal_id, by=proposal.by))
            case _:
                raise ProposalRefused(_over(proposal))

    def mark_applied(self, proposal_id: str, version: int) -> None:
        """After it took effect as this version. Raises OSError."""
        applied = {"status": ProposalStatus.APPLIED, "applied_as": version}
        path = self._folder / f"{proposal_id}.json"
        self._keep(Proposal.model_validate_json(path.read_text(encoding="utf-8")).model_copy(update=applied))

    def _keep(self, proposal: Proposal) -> None:
        self._store.prepare()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        draft = self._folder / f".{proposal.id}-{os.getpid()}"
        draft.write_text(proposal.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(self._folder / f"{proposal.id}.json")


def proposal_of(planned: PlannedChange, *, by: str, why: str) -> Proposal:
    """The proposal that would be written. Raises ProposalRefused for faults, and for a change of nothing."""
    if faults := planned.change.faults:
        raise ProposalRefused(faults_told(faults))
    if planned.change.is_empty:
        raise ProposalRefused(say("nothing_to_propose"))
    now = datetime.now(UTC)
    return Proposal(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        at=now,
        by=by,
        why=why,
        status=ProposalStatus.OPEN,
        plan_digest=planned.change.plan_digest,
        base_version=planned.change.base_version,
        change=planned.change,
        plan_text=planned.text,
    )


def _over(proposal: Proposal) -> Saying:
    if proposal.status is ProposalStatus.STALE:
        return say("proposal_stale", id=proposal.id)
    return say("proposal_decided", id=proposal.id, status=proposal.status.value)


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
