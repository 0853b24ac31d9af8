"""Units' legs of a ticket: given, signed, reported, ended. Their small machine stands in `rules.NEXT`."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.casework import forms
from app.casework.case import Case
from app.casework.proposals import propose_for
from app.casework.rules import may_follow
from app.platform.errors import Conflict, HotlineError
from app.tickets.duties import check_act
from app.tickets.models import Assignment, AssignmentKind, AssignmentStatus
from app.tickets.moving import note_change
from app.tickets.states import Duty

LEAST_REPORT = 4


class ReportTooShort(HotlineError):
    status = 422
    code = "report-too-short"
    title = f"协办情况不少于{LEAST_REPORT}个字"


class LegRefused(Conflict):
    """The unit's leg is not where this could follow."""

    code = "leg-refused"
    title = "本单位的办理环节不允许此操作"


def assign(session: Session, case: Case, lead: str, supporting: Sequence[str]) -> None:
    """Give the ticket to its units; the trace of the proposal of that moment is kept with the lead's leg."""
    proposal = propose_for(session, case)
    is_as_proposed = proposal.lead is not None and proposal.lead.code == lead
    why = [list(step) for step in proposal.steps]
    if not is_as_proposed:
        why.append(["人工改派", f"{case.actor.display_name or case.actor.name}改派至{case.units[lead].name}"])
    for code in (lead, *supporting):
        kind = AssignmentKind.LEAD if code == lead else AssignmentKind.SUPPORTING
        session.add(
            Assignment(
                ticket_id=case.ticket.id, unit_code=code, kind=kind, assigned_by=case.actor.name,
                assigned_at=case.now, why=why if code == lead else [],
            )
        )  # fmt: skip
    session.flush()


def add_support(session: Session, case: Case, given: forms.Support) -> None:
    """加派: the lead unit asks another one; the lead stays responsible."""
    session.add(
        Assignment(
            ticket_id=case.ticket.id, unit_code=given.unit_code, kind=AssignmentKind.SUPPORTING, task=given.task,
            due_on=given.due_on, assigned_by=case.actor.name, assigned_at=case.now,
        )
    )  # fmt: skip
    session.flush()


def advance(leg: Assignment | None, to: AssignmentStatus, case: Case) -> None:
    """Move one leg along its machine. Raises LegRefused."""
    if leg is None or not may_follow(leg.kind, leg.status, to):
        raise LegRefused()
    leg.status = to
    if to is AssignmentStatus.SIGNED and leg.signed_at is None:
        leg.signed_at, leg.signed_by = case.now, case.actor.name
    if to is AssignmentStatus.REPORTED:
        leg.reported_at, leg.reported_by = case.now, case.actor.name
    if to in {AssignmentStatus.RETURNED, AssignmentStatus.CLOSED}:
        leg.ended_at = case.now


def end_all(session: Session, case: Case, lead_as: AssignmentStatus) -> None:
    """Every running leg ends: the lead's as told, the supporting ones' are closed."""
    for leg in case.legs:
        if leg.ended_at is None:
            advance(leg, lead_as if leg.kind == AssignmentKind.LEAD else AssignmentStatus.CLOSED, case)
    session.flush()


def end_reported(session: Session, case: Case) -> None:
    """What supporting units have reported belongs to the round that is over: the lead may ask them again."""
    for leg in case.supports:
        if leg.status == AssignmentStatus.REPORTED:
            advance(leg, AssignmentStatus.CLOSED, case)
    session.flush()


def sign_support(session: Session, case: Case) -> Assignment:
    """协办签收 of the actor's own unit. Raises LegRefused."""
    leg = _own_support(case)
    check_act(session, case.ticket, case.actor, Duty.HANDLE)
    advance(leg, AssignmentStatus.SIGNED, case)
    _note(session, case, "support_signed")
    return leg


def report_support(session: Session, case: Case, report: str) -> Assignment:
    """协办反馈 of the actor's own unit. Raises LegRefused, ReportTooShort."""
    leg = _own_support(case)
    check_act(session, case.ticket, case.actor, Duty.HANDLE)
    if len(report.strip()) < LEAST_REPORT:
        raise ReportTooShort(errors=[{"field": "report", "message": ReportTooShort.title}])
    advance(leg, AssignmentStatus.REPORTED, case)
    leg.report = report.strip()
    _note(session, case, "support_reported")
    return leg


def _note(session: Session, case: Case, action: str) -> None:
    """It stands in the history, so that who supports does not judge (R35)."""
    unit = case.units[case.actor.unit].name
    note_change(session, case.ticket, {"协办单位": [None, unit]}, actor=case.actor.name, action=action, now=case.now)


def _own_support(case: Case) -> Assignment:
    leg = case.own_leg()
    if leg is None or leg.kind != AssignmentKind.SUPPORTING:
        raise LegRefused("本单位不是本工单的协办单位")
    return leg
