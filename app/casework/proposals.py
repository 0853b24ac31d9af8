"""The proposals of cases: the catalogue and each ticket's own past, handed to the pure rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.casework.case import Case
from app.casework.proposal import Matter, Proposal, propose
from app.catalogue.models import DispatchRule, RuleStatus, Unit
from app.platform.clock import to_shanghai
from app.tickets.models import Assignment, AssignmentKind, AssignmentStatus, Ticket


def propose_for(session: Session, case: Case) -> Proposal:
    """Who should lead, and why."""
    return propose(_matter(case.ticket, case.legs), case.units, _rules(session), _day(case.now))


def propose_all(session: Session, tickets: Collection[Ticket], now: datetime) -> dict[int, Proposal]:
    """The same for many tickets, in three queries."""
    units: Mapping[str, Unit] = {unit.code: unit for unit in session.scalars(select(Unit).order_by(Unit.code))}
    rules, day = _rules(session), _day(now)
    legs: dict[int, list[Assignment]] = {ticket.id: [] for ticket in tickets}
    for leg in session.scalars(select(Assignment).where(Assignment.ticket_id.in_(legs)).order_by(Assignment.id)):
        legs[leg.ticket_id].append(leg)
    return {ticket.id: propose(_matter(ticket, legs[ticket.id]), units, rules, day) for ticket in tickets}


def _rules(session: Session) -> Sequence[DispatchRule]:
    return session.scalars(select(DispatchRule).where(DispatchRule.status == RuleStatus.ACTIVE)).all()


def _day(now: datetime) -> date:
    return to_shanghai(now).date()


def _matter(ticket: Ticket, legs: Sequence[Assignment]) -> Matter:
    returned = frozenset(leg.unit_code for leg in legs if leg.status == AssignmentStatus.RETURNED)
    leads = (leg.unit_code for leg in legs if leg.kind == AssignmentKind.LEAD and leg.unit_code not in returned)
    return Matter(
        subject_code=ticket.subject_code,
        region_code=ticket.region_code,
        complained_unit_code=ticket.complained_unit_code,
        first_receiver=next(leads, None),
        returned_by=returned,
    )
