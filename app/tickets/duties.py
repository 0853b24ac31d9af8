"""Which duties a person has done on a ticket, and which that shuts him out of (R35): asked at every door."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.platform.errors import NotAllowed
from app.tickets.models import Ticket, TicketHistory
from app.tickets.states import DUTIES, DUTY_OF_ACTION, DUTY_WORDS, Duty, separated_from


def duties_done(session: Session, ticket: Ticket, actor: Actor) -> frozenset[Duty]:
    """What this person has done on the ticket already, by its history."""
    query = select(TicketHistory.action).where(TicketHistory.ticket_id == ticket.id, TicketHistory.actor == actor.name)
    done = {DUTY_OF_ACTION[action] for action in session.scalars(query.distinct()) if action in DUTY_OF_ACTION}
    if ticket.accepted_by and ticket.accepted_by == actor.name:
        done.add(Duty.INTAKE)
    return frozenset(done)


def check_act(session: Session, ticket: Ticket, actor: Actor, duty: Duty) -> None:
    """The same for what is no move of the table: supervise, answer to it, support. Raises NotAllowed."""
    if actor.role is None or duty not in DUTIES[actor.role]:
        raise NotAllowed(f"您的岗位不承担{DUTY_WORDS[duty]}")
    shut_out = separated_from(duty, duties_done(session, ticket, actor))
    if shut_out is not None:
        raise NotAllowed(f"您已参与本工单的{DUTY_WORDS[shut_out]}，不能再进行{DUTY_WORDS[duty]}，请由他人操作")
