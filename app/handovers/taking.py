"""Who takes a referred matter: until then its draft is nobody's, and everybody of the hotline finds it on one list."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.accounts.models import Role, User
from app.accounts.rules import Permission
from app.accounts.scope import check_of_people, of_people
from app.handovers.models import Referral
from app.handovers.referrals import IS_NOBODYS, get_referral
from app.platform.errors import Conflict, HotlineError, NotAllowed, NotFound
from app.platform.topics import agent_topic, publish
from app.tickets.access import lies_in_region
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.service import get_ticket


class ReferralTaken(Conflict):
    """Somebody else was first, or the matter has gone on already."""

    code = "referral-taken"
    title = "该事项已有人办理"


class NoSuchAgent(HotlineError):
    """The one who is to take it is no agent."""

    status = 422
    code = "no-such-agent"
    title = "没有这个话务员"


def count_waiting(session: Session, actor: Actor | None = None) -> int:
    """Referred matters that nobody has taken, of the region that this person is bound to."""
    query = select(func.count()).select_from(Referral).join(Ticket, Ticket.id == Referral.ticket_id).where(IS_NOBODYS)
    return session.scalar(query if actor is None else query.where(lies_in_region(actor))) or 0


def take(
    session: Session, source: str, incident_number: str, *, actor: Actor, agent: str | None, now: datetime
) -> tuple[Referral, Ticket]:
    """Make it this agent's draft (None: the actor's own). Asked again, nothing changes; it stands in the audit log.

    Raises NotFound, ReferralTaken, NoSuchAgent; NotAllowed for an agent who gives it to another one.
    """
    taker = agent or actor.name
    if taker != actor.name and not actor.may(Permission.AGENTS_CONTROL):
        raise NotAllowed("只能由本人领取，指派请联系班长")
    referral, found = get_referral(session, source, incident_number)
    if session.scalar(select(Ticket.id).where(Ticket.id == found.id, lies_in_region(actor))) is None:
        raise NotFound("没有这个警情编号")
    _refuse_stranger(session, taker, actor)
    ticket = get_ticket(session, found.id, is_locked=True)
    if ticket.accepted_by == taker:
        return referral, ticket
    if ticket.accepted_by or ticket.status != TicketStatus.DRAFT:
        raise ReferralTaken(f"坐席 {ticket.accepted_by} 已领取" if ticket.accepted_by else "工单已进入下一环节")
    ticket.accepted_by, ticket.updated_at = taker, now
    changes = {"accepted_by": ["", taker]}
    session.add(
        TicketHistory(
            ticket_id=ticket.id, at=now, actor=actor.name, action="taken_over", changes=changes,
            ticket_version=ticket.version,
        )
    )  # fmt: skip
    audit.record(
        session, actor, "referral_taken", at=now, object_type="referral", object_id=referral.id,
        detail={"agent": taker, "ticket_number": ticket.ticket_number},
    )  # fmt: skip
    publish(session, agent_topic(taker), "state")
    session.flush()
    return referral, ticket


def list_takers(session: Session, actor: Actor) -> list[User]:
    """The agents whom this person can give a matter, by number."""
    query = select(User).where(User.role == Role.AGENT, User.is_active, of_people(actor, User.username))
    return list(session.scalars(query.order_by(User.username)))


def _refuse_stranger(session: Session, username: str, actor: Actor) -> None:
    query = select(User.id).where(User.username == username, User.role == Role.AGENT, User.is_active)
    if session.scalar(query) is None:
        raise NoSuchAgent("请选择一位在用的话务员")
    check_of_people(session, actor, username, "请选择一位本区域的话务员")
