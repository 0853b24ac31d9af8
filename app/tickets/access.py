"""What one person may see and do with tickets, given what is on his telephone just now."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.accounts.rules import OF_A_UNIT
from app.accounts.scope import in_region, of_people
from app.calls.models import AgentState, Call
from app.calls.rules import may_see_number
from app.catalogue.models import Unit
from app.contract.masks import mask_number
from app.platform.errors import NotAllowed, NotFound
from app.tickets.models import Assignment, AssignmentStatus, Ticket, TicketStatus
from app.tickets.reports import note_reading
from app.tickets.rules import SEES_ALL, may_edit_ticket


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
    """Which tickets this person may see (R33, R35, domain.md §7): the one condition behind every list and address.

    Agents see what they accepted, and every ticket of the caller they hold just now; the other offices of the hotline
    all, ops none, units what they were given. Who is bound to a region sees what lies in it. A machine (no role) has
    its scope instead.
    """
    if actor.role is None or actor.role in SEES_ALL:
        return lies_in_region(actor)
    if actor.role in OF_A_UNIT:
        return _given_to(actor.unit) if actor.unit else false()
    if actor.role is not Role.AGENT:
        return false()
    own = Ticket.accepted_by == actor.name
    if holding.caller_number is None:
        return own
    return or_(own, and_(Ticket.caller_number == holding.caller_number, lies_in_region(actor)))


def lies_in_region(actor: Actor) -> ColumnElement[bool]:
    """Tickets of the region that this person is bound to; without a place yet: those that its people accepted."""
    unplaced = and_(Ticket.region_code.is_(None), of_people(actor, Ticket.accepted_by))
    return or_(in_region(actor, Ticket.region_code), unplaced)


def _given_to(unit: str) -> ColumnElement[bool]:
    """Tickets with a leg of this unit or of one right below it, but none that is said against the unit itself."""
    own = or_(Assignment.unit_code == unit, Unit.parent_code == unit)
    leg = (
        exists()
        .where(Assignment.ticket_id == Ticket.id, Assignment.status != AssignmentStatus.RETURNED)
        .where(Unit.code == Assignment.unit_code, own)
        .correlate(Ticket)
    )
    return and_(leg, or_(Ticket.complained_unit_code.is_(None), Ticket.complained_unit_code != unit))


def check_sees(session: Session, actor: Actor, ticket: Ticket, holding: Holding) -> None:
    """NotFound for a ticket that this person must not see: not even that it exists. He reads it: of a report that is
    told to the audit log.
    """
    if session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, visible(actor, holding))) is None:
        raise NotFound("没有这张工单")
    note_reading(session, actor, ticket)


def check_edits(session: Session, actor: Actor, ticket: Ticket, holding: Holding) -> None:
    """NotFound, or NotAllowed for a ticket that this person sees but must leave alone."""
    check_sees(session, actor, ticket, holding)
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


AT_WORK = frozenset({TicketStatus.SIGNED, TicketStatus.HANDLING})


def sees_full_number(actor: Actor, ticket: Ticket, holding: Holding) -> bool:
    """Whether numbers of this ticket are shown whole: to who holds its caller, writes its draft, or must ring him.

    The lead unit rings the citizen while it is at work (R44), unless he asked for secrecy (R43).
    """
    if actor.role in OF_A_UNIT:
        is_open = not ticket.is_protected and ticket.status in AT_WORK
        return is_open and bool(actor.unit) and ticket.lead_unit_code == actor.unit
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
