"""The proposal of a case: the catalogue and the ticket's own past, handed to the pure rules."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.casework.case import Case
from app.casework.proposal import Matter, Proposal, propose
from app.catalogue.models import DispatchRule, RuleStatus
from app.platform.clock import to_shanghai
from app.tickets.models import AssignmentKind


def propose_for(session: Session, case: Case) -> Proposal:
    """Who should lead, and why."""
    rules = session.scalars(select(DispatchRule).where(DispatchRule.status == RuleStatus.ACTIVE))
    leads = [leg.unit_code for leg in case.legs if leg.kind == AssignmentKind.LEAD]
    returned = case.returned_units()
    matter = Matter(
        subject_code=case.ticket.subject_code,
        region_code=case.ticket.region_code,
        complained_unit_code=case.ticket.complained_unit_code,
        first_receiver=next((code for code in leads if code not in returned), None),
        returned_by=returned,
    )
    return propose(matter, case.units, rules.all(), to_shanghai(case.now).date())
