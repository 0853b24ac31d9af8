"""Everything that guards look at, read once: the ticket, its legs, what is asked, said and answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.casework.milestones import list_milestones
from app.casework.models import CitizenContact, FollowUp, Milestone, RequestKind, RequestStatus, UnitReply, UnitRequest
from app.casework.rules import MOST_ATTEMPTS
from app.catalogue.models import Unit
from app.deadlines.service import due_at, last_due_at
from app.tickets.duties import duties_done
from app.tickets.models import Assignment, AssignmentKind, Ticket
from app.tickets.states import Clock, Duty


@dataclass(frozen=True)
class Case:
    """A ticket as one person meets it at one moment. `done` are the duties that he has done on it."""

    ticket: Ticket
    actor: Actor
    now: datetime
    legs: tuple[Assignment, ...]
    units: Mapping[str, Unit]
    requests: tuple[UnitRequest, ...]
    contacts: tuple[CitizenContact, ...]
    reply: UnitReply | None
    followers: tuple[Ticket, ...]
    follow_ups: tuple[FollowUp, ...]
    milestones: tuple[Milestone, ...]
    done: frozenset[Duty]
    sign_due_at: datetime | None
    reply_due_at: datetime | None

    @property
    def lead(self) -> Assignment | None:
        """The leg of the unit that leads now."""
        return next((leg for leg in self.legs if leg.kind == AssignmentKind.LEAD and leg.ended_at is None), None)

    @property
    def supports(self) -> tuple[Assignment, ...]:
        """Supporting legs that have not ended."""
        return tuple(leg for leg in self.legs if leg.kind == AssignmentKind.SUPPORTING and leg.ended_at is None)

    @property
    def round(self) -> int:
        """Of handling, as the ticket counts it."""
        return self.ticket.round

    def own_leg(self) -> Assignment | None:
        """The running leg of the actor's unit."""
        return next((leg for leg in self.legs if leg.unit_code == self.actor.unit and leg.ended_at is None), None)

    def pending(self, kind: RequestKind) -> UnitRequest | None:
        """What the unit asks for and nobody has decided."""
        return next((r for r in self.requests if r.kind == kind and r.status == RequestStatus.PENDING), None)

    def review_on(self) -> date | None:
        """The day on which the latest approved suspension ends."""
        approved = [r for r in self.requests if r.kind == RequestKind.SUSPENSION and r.status == RequestStatus.APPROVED]
        return date.fromisoformat(str(approved[-1].detail["review_on"])) if approved else None

    def failed_contacts(self) -> int:
        """Attempts of the leading unit that reached nobody."""
        lead = self.lead
        own = (c for c in self.contacts if lead and c.unit_code == lead.unit_code and c.at >= lead.assigned_at)
        return sum(not contact.is_reached for contact in own)

    def citizens(self) -> tuple[Ticket, ...]:
        """Every citizen's own ticket of this matter: this one and those merged into it."""
        return (self.ticket, *self.followers)

    def attempts_of(self, ticket_id: int) -> list[FollowUp]:
        """This round's follow-up of one citizen."""
        return [f for f in self.follow_ups if f.ticket_id == ticket_id and f.round == self.round]

    def asked(self, key: str | None) -> Ticket:
        """Whose follow-up a form is about, by id or number; nobody named: this ticket's own citizen."""
        return next((t for t in self.citizens() if key in (str(t.id), t.ticket_number)), self.ticket)

    def is_asked(self, ticket: Ticket) -> bool:
        """Whether this citizen has answered, or was rung three times for nothing."""
        tries = self.attempts_of(ticket.id)
        return any(f.is_reached for f in tries) or len(tries) >= MOST_ATTEMPTS

    def answers(self) -> list[FollowUp]:
        """What citizens said in this round."""
        return [f for ticket in self.citizens() for f in self.attempts_of(ticket.id) if f.is_reached]


def read_case(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> Case:
    """The case of this ticket: a handful of indexed reads."""
    legs = session.scalars(select(Assignment).where(Assignment.ticket_id == ticket.id).order_by(Assignment.id))
    requests = session.scalars(select(UnitRequest).where(UnitRequest.ticket_id == ticket.id).order_by(UnitRequest.id))
    contacts = session.scalars(
        select(CitizenContact).where(CitizenContact.ticket_id == ticket.id).order_by(CitizenContact.id)
    )
    followers = tuple(session.scalars(select(Ticket).where(Ticket.merged_into_id == ticket.id).order_by(Ticket.id)))
    ids = [ticket.id, *(follower.id for follower in followers)]
    follow_ups = session.scalars(select(FollowUp).where(FollowUp.ticket_id.in_(ids)).order_by(FollowUp.id))
    reply = select(UnitReply).where(UnitReply.ticket_id == ticket.id, UnitReply.round == ticket.round)
    return Case(
        ticket=ticket,
        actor=actor,
        now=now,
        legs=tuple(legs),
        units={unit.code: unit for unit in session.scalars(select(Unit).order_by(Unit.code))},
        requests=tuple(requests),
        contacts=tuple(contacts),
        reply=session.scalar(reply),
        followers=followers,
        follow_ups=tuple(follow_ups),
        milestones=tuple(list_milestones(session, ticket.id)),
        done=duties_done(session, ticket, actor),
        sign_due_at=last_due_at(session, ticket.id, Clock.SIGN),
        reply_due_at=due_at(session, ticket.id, Clock.REWORK) or due_at(session, ticket.id, Clock.REPLY),
    )
