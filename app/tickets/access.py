"""What one person may see and do with tickets, given what is on his telephone just now."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.calls.models import AgentState, Call
from app.calls.rules import may_see_number
from app.platform.errors import NotAllowed, NotFound
from app.platform.masks import mask_number
from app.tickets.models import Ticket, TicketStatus
from app.tickets.rules import SEES_ALL, may_edit_ticket, sees_ticket


@dataclass(frozen=True)
class Holding:
    """The call at a person's seat: it rings, is talked on or wrapped up. All None: no call."""

    call_id: str | None = None
    caller_number: str | None = None
    ticket_id: int | None = None


def holding_of(session: Session, actor: Actor) -> Holding:
    """What this person holds. One indexed read for an agent; nobody else has calls at his seat."""
    if actor.role is not Role.AGENT:
        return Holding()
    query = (
        select(Call.call_id, Call.caller_number, Call.ticket_id)
        .join(AgentState, AgentState.call_id == Call.call_id)
        .where(AgentState.agent == actor.name)
    )
    row = session.execute(query).one_or_none()
    return Holding(*row) if row else Holding()


def visible(actor: Actor, holding: Holding) -> ColumnElement[bool]:
    """The same rule as `rules.sees_ticket`, as a condition on tickets."""
    if actor.role is None or actor.role in SEES_ALL:
        return true()
    if actor.role is not Role.AGENT:
        return false()
    own = Ticket.accepted_by == actor.name
    return own if holding.caller_number is None else or_(own, Ticket.caller_number == holding.caller_number)


def check_sees(actor: Actor, ticket: Ticket, holding: Holding) -> None:
    """NotFound for a ticket that this person must not see: not even that it exists."""
    if not sees_ticket(
        actor.role,
        actor.name,
        accepted_by=ticket.accepted_by,
        caller_number=ticket.caller_number,
        held_number=holding.caller_number,
    ):
        raise NotFound("没有这张工单")


def check_edits(actor: Actor, ticket: Ticket, holding: Holding) -> None:
    """NotFound, or NotAllowed for a ticket that this person sees but must leave alone."""
    check_sees(actor, ticket, holding)
    if not may_edit_ticket(actor.role):
        raise NotAllowed("您可以查看该工单，但不能修改")


def check_attaches(session: Session, actor: Actor, call_id: str, holding: Holding) -> None:
    """NotAllowed for an agent with a call that he neither answered last nor holds: its draft is a colleague's work.

    The call's row stays locked, so that nobody answers it between this question and the deed. A call that does not
    exist is left to the deed to refuse.
    """
    if actor.role is not Role.AGENT:
        return
    row = session.execute(select(Call.agent).where(Call.call_id == call_id).with_for_update()).one_or_none()
    if row is not None and actor.name != row.agent and call_id != holding.call_id:
        raise NotAllowed("只能关联您自己接听的来电；其他话务员的来电请由其本人或班长关联")


def sees_full_number(actor: Actor, ticket: Ticket, holding: Holding) -> bool:
    """Whether numbers of this ticket are shown whole: to who holds its caller, and to who writes its draft."""
    is_draft = ticket.status == TicketStatus.DRAFT
    holds_its_call = holding.call_id is not None and (
        holding.call_id == ticket.call_id or holding.ticket_id == ticket.id
    )
    holds_its_caller = holding.caller_number is not None and holding.caller_number == ticket.caller_number
    return may_see_number(
        actor.name,
        call_id=holding.call_id,
        viewer_call_id=holding.call_id if holds_its_call or holds_its_caller else None,
        draft_owner=ticket.accepted_by if is_draft else None,
    )


def shown_number(number: str | None, *, is_full: bool) -> str:
    """A number as this person sees it; an empty string for none."""
    return (number or "") if is_full else mask_number(number)
