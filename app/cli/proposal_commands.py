"""`hotline dialplan propose | approve | reject | proposal | proposals`: changes that need a second person."""

from typing import Annotated

import typer

from app.cli import dialplan_display as display
from app.cli.console import JsonOption, console, say
from app.cli.dialplan_commands import ByOption, DryRunOption, PlanOption, WhyOption, dialplan
from app.cli.dialplan_node import answer, more_checks, node_settings, read_plan, refusing, whoami
from app.contract.changes import Proposal

__all__ = ["dialplan"]
"""The whole group: these commands are added to those of app.cli.dialplan_commands."""

IdArgument = Annotated[str, typer.Argument(help="The proposal's id.")]


@dialplan.command("propose")
def propose_change(
    why: WhyOption,
    plan: PlanOption = None,
    by: ByOption = "",
    is_dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a change down for a second person to approve."""
    from dialplan.changes.planning import plan_change  # noqa: PLC0415 - help is instant
    from dialplan.changes.proposals import Proposals, proposal_of  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    text, name = read_plan(plan, settings, as_json=as_json)
    who = by or whoami()
    with refusing(as_json=as_json):
        planned = plan_change(settings, text, name=name, more_checks=more_checks)
        if is_dry_run:
            proposal = proposal_of(planned, by=who, why=why)
        else:
            proposal = Proposals(VersionStore(settings.home)).propose(planned, by=who, why=why)
    _tell(proposal, as_json=as_json)


@dialplan.command("approve")
def approve_change(
    proposal: IdArgument, by: ByOption = "", is_dry_run: DryRunOption = False, as_json: JsonOption = False
) -> None:
    """Agree to somebody else's change."""
    _decide(proposal, by=by or whoami(), is_approved=True, why="", is_dry_run=is_dry_run, as_json=as_json)


@dialplan.command("reject")
def reject_change(
    proposal: IdArgument, why: WhyOption, by: ByOption = "", is_dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Refuse a change; it can be proposed again."""
    _decide(proposal, by=by or whoami(), is_approved=False, why=why, is_dry_run=is_dry_run, as_json=as_json)


def _decide(proposal_id: str, *, by: str, is_approved: bool, why: str, is_dry_run: bool, as_json: bool) -> None:
    from dialplan.changes.proposals import Proposals  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    proposals = Proposals(VersionStore(node_settings(as_json=as_json).home))
    with refusing(as_json=as_json):
        proposal = proposals.decide(proposal_id, by=by, is_approved=is_approved, why=why, is_dry_run=is_dry_run)
    _tell(proposal, as_json=as_json)


@dialplan.command("proposal")
def show_proposal(proposal: IdArgument, as_json: JsonOption = False) -> None:
    """Show one proposal with what it changes."""
    from dialplan.changes.proposals import Proposals  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    with refusing(as_json=as_json):
        found = Proposals(VersionStore(node_settings(as_json=as_json).home)).read(proposal)
    _tell(found, as_json=as_json)


@dialplan.command("proposals")
def list_proposals(as_json: JsonOption = False) -> None:
    """List proposals, newest first."""
    from dialplan.changes.proposals import Proposals  # noqa: PLC0415
    from dialplan.changes.versions import VersionStore  # noqa: PLC0415

    found = Proposals(VersionStore(node_settings(as_json=as_json).home)).list()
    if as_json:
        answer(found)
    else:
        display.show_proposals(found)


def _tell(proposal: Proposal, *, as_json: bool) -> None:
    if as_json:
        answer(proposal)
        return
    display.show_plan(proposal.change)
    decided = f", {proposal.decided_by}" if proposal.decided_by else ""
    console.print(f"[bold]{proposal.id}[/] by {proposal.by}: {proposal.status.value}{decided}")
    if proposal.status.value == "approved":
        say(f"[dim]`hotline dialplan apply --proposal {proposal.id} --why …` puts it in force[/]")
