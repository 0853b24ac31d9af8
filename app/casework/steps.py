"""What each move does beside changing the status: legs, requests, replies, follow-up. Guards have spoken before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from app.casework import forms, legs, milestones
from app.casework.case import Case
from app.casework.guards import check_master
from app.casework.models import CitizenContact, FollowUp, RequestKind, RequestStatus, UnitReply, UnitRequest
from app.casework.refusals import STATE, refuse
from app.catalogue.editing import create_entry
from app.catalogue.models import DispatchRule, Exclusion, RuleStatus
from app.deadlines.service import check_extension
from app.platform.errors import Conflict
from app.tickets import service as tickets
from app.tickets.access import check_sees, holding_of
from app.tickets.models import AssignmentStatus, Urgency

_A = AssignmentStatus
_R = RequestKind


@dataclass(frozen=True)
class Effects:
    """Fields of the ticket, what else the history keeps, and verbs that follow by themselves."""

    changed: Mapping[str, Any] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)
    then: tuple[str, ...] = ()


Step = Callable[[Session, Case, Any], Effects]


def _reject(session: Session, case: Case, given: forms.Rejection) -> Effects:
    exclusion = session.get(Exclusion, given.exclusion_code)
    if exclusion is None or not exclusion.is_active:
        refuse({"exclusion_code": "没有这种不受理情形"})
    case.ticket.ended_at = case.now
    return Effects()


def _merge(session: Session, case: Case, given: forms.Merging) -> Effects:
    master = tickets.get_ticket(session, given.master, is_locked=True)
    check_sees(session, case.actor, master, holding_of(session, case.actor))
    refuse(check_master(master, case))
    return Effects({"merged_into_id": master.id})


def _unmerge(_session: Session, case: Case, _given: forms.Form) -> Effects:
    """Its own way goes on where accepting left it: what is urgent waits for no look-over."""
    is_urgent = case.ticket.accepted_at is not None and case.ticket.urgency != Urgency.NORMAL
    return Effects({"merged_into_id": None}, then=("release",) if is_urgent else ())


def _send_back(_session: Session, _case: Case, _given: forms.Form) -> Effects:
    return Effects({"accepted_at": None})


def _dispatch(session: Session, case: Case, given: forms.Dispatching) -> Effects:
    legs.assign(session, case, given.lead_unit_code, given.supporting_unit_codes)
    return Effects({"lead_unit_code": given.lead_unit_code})


def _designate(session: Session, case: Case, given: forms.Designation) -> Effects:
    legs.end_all(session, case, AssignmentStatus.CLOSED)
    legs.assign(session, case, given.lead_unit_code, given.supporting_unit_codes)
    _decide(case, _R.RETURN, RequestStatus.REFUSED, given.decision)
    if given.becomes_rule:
        _keep_as_candidate(session, case, given)
    return Effects({"lead_unit_code": given.lead_unit_code, "is_locked": True})


def _keep_as_candidate(session: Session, case: Case, given: forms.Designation) -> None:
    """R37: a decision about a dispute may become a rule; the catalogue's keepers say whether it does.

    Its code names the ticket's id, its note nothing of the ticket: units read the catalogue too.
    """
    ticket = case.ticket
    values = {
        "subject_code": ticket.subject_code, "region_code": ticket.region_code, "lead_unit_code": given.lead_unit_code,
        "supporting_unit_codes": " ".join(given.supporting_unit_codes), "overrides_territory": True,
        "status": RuleStatus.CANDIDATE, "note": "由争议指定产生",
    }  # fmt: skip
    code = f"d{ticket.id}-{ticket.version}"
    create_entry(session, DispatchRule, code, values, actor=case.actor.name, now=case.now)


def _sign(_session: Session, case: Case, _given: forms.Form) -> Effects:
    legs.advance(case.lead, _A.SIGNED, case)
    return Effects()


def _agree_return(session: Session, case: Case, _given: forms.Form) -> Effects:
    legs.end_all(session, case, _A.RETURNED)
    _decide(case, _R.RETURN, RequestStatus.APPROVED, "")
    return Effects({"return_count": case.ticket.return_count + 1, "lead_unit_code": None})


def _refuse_return(_session: Session, case: Case, given: forms.Reasoned) -> Effects:
    if case.lead is not None and case.lead.status == _A.ASSIGNED:
        legs.advance(case.lead, _A.SIGNED, case)
    _decide(case, _R.RETURN, RequestStatus.REFUSED, given.reason)
    return Effects()


def _contact(session: Session, case: Case, given: forms.Contact) -> Effects:
    return _note_contact(session, case, given, is_reached=True)


def _note_failed_contact(session: Session, case: Case, given: forms.Contact) -> Effects:
    return _note_contact(session, case, given, is_reached=False)


def _note_contact(session: Session, case: Case, given: forms.Contact, *, is_reached: bool) -> Effects:
    session.add(
        CitizenContact(
            ticket_id=case.ticket.id, unit_code=case.actor.unit, at=case.now, by=case.actor.name,
            channel=given.channel, is_reached=is_reached, note=given.note,
        )
    )  # fmt: skip
    return Effects()


def _support(session: Session, case: Case, given: forms.Support) -> Effects:
    legs.add_support(session, case, given)
    return Effects()


def _ask(kind: RequestKind) -> Step:
    def step(session: Session, case: Case, given: forms.Form) -> Effects:
        detail = given.model_dump(mode="json", exclude_none=True)
        session.add(
            UnitRequest(
                ticket_id=case.ticket.id, unit_code=case.actor.unit, kind=kind, detail=detail,
                asked_by=case.actor.name, asked_at=case.now,
            )
        )  # fmt: skip
        session.flush()
        return Effects()

    return step


def _request_extension(session: Session, case: Case, given: forms.Extension) -> Effects:
    check_extension(session, case.ticket.id, given.due_on, case.now)
    return _ask(_R.EXTENSION)(session, case, given)


def _decide(case: Case, kind: RequestKind, status: RequestStatus, why: str) -> UnitRequest | None:
    request = case.pending(kind)
    if request is not None:
        request.status, request.decided_by, request.decided_at = status, case.actor.name, case.now
        request.decision = why
    return request


def _approve(kind: RequestKind, **counted: str) -> Step:
    def step(_session: Session, case: Case, _given: forms.Form) -> Effects:
        request = _decide(case, kind, RequestStatus.APPROVED, "")
        changed = {name: getattr(case.ticket, name) + 1 for name in counted.values()}
        return Effects(changed, dict(request.detail) if request else {})

    return step


def _terminate(session: Session, case: Case, given: forms.Form) -> Effects:
    effects = _approve(_R.TERMINATION)(session, case, given)
    _end(session, case, given)
    return effects


def _approve_commitment(session: Session, case: Case, given: forms.Form) -> Effects:
    effects = _approve(_R.COMMITMENT)(session, case, given)
    try:
        goals = milestones.read_goals(str(effects.noted.get("milestones", "")))
    except milestones.GoalsUnreadable as problem:  # asked for before milestones had dates
        refuse({STATE: str(problem)})
        raise
    milestones.promise(session, case.ticket, goals, actor=case.actor.name, at=case.now)
    return effects


def _report_milestone(session: Session, case: Case, given: forms.MilestoneReport) -> Effects:
    milestones.report(session, case.ticket, given.done, actor=case.actor.name, at=case.now)
    return Effects()


def _refuse(kind: RequestKind) -> Step:
    def step(_session: Session, case: Case, given: forms.Reasoned) -> Effects:
        _decide(case, kind, RequestStatus.REFUSED, given.reason)
        return Effects()

    return step


def _draft_reply(session: Session, case: Case, given: forms.Reply) -> Effects:
    """One reply a round: drafted again it replaces the draft."""
    reply = case.reply or UnitReply(ticket_id=case.ticket.id, unit_code=case.actor.unit, round=case.round)
    for name, value in given.model_dump().items():
        setattr(reply, name, value)
    reply.unit_code, reply.drafted_by, reply.drafted_at = case.actor.unit, case.actor.name, case.now
    session.add(reply)
    return Effects(noted={"result": given.result})


def _reply(_session: Session, case: Case, _given: forms.Form) -> Effects:
    if case.reply is None:
        raise Conflict("请先由经办人拟写答复")
    case.reply.approved_by, case.reply.approved_at = case.actor.name, case.now
    legs.advance(case.lead, _A.REPORTED, case)
    return Effects()


def _redo(session: Session, case: Case, _given: forms.Form) -> Effects:
    if case.reply is not None:
        case.reply.redone_at = case.now
    legs.advance(case.lead, _A.SIGNED, case)
    legs.end_reported(session, case)
    return Effects({"redo_count": case.ticket.redo_count + 1})


def _pass(_session: Session, _case: Case, _given: forms.Form) -> Effects:
    return Effects(then=("start_follow_up",))


def _attempt(session: Session, case: Case, given: forms.Attempt) -> Effects:
    session.add(_follow_up(case, given, is_reached=False))
    session.flush()
    return Effects(then=("rate", "finish_unreached"))


def _answer(session: Session, case: Case, given: forms.Answer) -> Effects:
    row = _follow_up(case, given, is_reached=True)
    row.is_solved, row.satisfaction = given.is_solved, given.satisfaction
    session.add(row)
    session.flush()
    return Effects(then=("rate",))


def _follow_up(case: Case, given: forms.Attempt | forms.Answer, *, is_reached: bool) -> FollowUp:
    return FollowUp(
        ticket_id=case.asked(given.of_ticket).id, round=case.round, at=case.now, by=case.actor.name,
        channel=given.channel, is_reached=is_reached, reason=given.reason or "",
    )  # fmt: skip


def _end(session: Session, case: Case, _given: forms.Form) -> Effects:
    """Nobody works on it any more: every leg ends, and what was asked needs no decision."""
    legs.end_all(session, case, _A.CLOSED)
    for request in case.requests:
        if request.status == RequestStatus.PENDING:
            request.status, request.decided_at = RequestStatus.LAPSED, case.now
    case.ticket.ended_at = case.now
    return Effects()


def _reopen(_session: Session, case: Case, _given: forms.Form) -> Effects:
    case.ticket.ended_at = None
    return Effects({"lead_unit_code": None, "reopen_count": case.ticket.reopen_count + 1})


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "reject": _reject, "guide": _reject, "merge": _merge, "unmerge": _unmerge, "detach": _unmerge,
        "send_back": _send_back, "dispatch": _dispatch, "designate": _designate, "sign": _sign,
        "request_return": _ask(_R.RETURN), "agree_return": _agree_return, "refuse_return": _refuse_return,
        "contact": _contact, "note_failed_contact": _note_failed_contact, "assign_support": _support,
        "request_extension": _request_extension, "approve_extension": _approve(_R.EXTENSION, counted="extension_count"),
        "refuse_extension": _refuse(_R.EXTENSION), "request_suspension": _ask(_R.SUSPENSION),
        "suspend": _approve(_R.SUSPENSION), "refuse_suspension": _refuse(_R.SUSPENSION),
        "request_commitment": _ask(_R.COMMITMENT), "approve_commitment": _approve_commitment,
        "report_milestone": _report_milestone,
        "refuse_commitment": _refuse(_R.COMMITMENT), "request_termination": _ask(_R.TERMINATION),
        "terminate": _terminate, "refuse_termination": _refuse(_R.TERMINATION),
        "draft_reply": _draft_reply, "reply": _reply, "audit_pass": _pass, "audit_redo": _redo,
        "note_attempt": _attempt, "note_answer": _answer, "rate": _end, "finish_unreached": _end,
        "follow_up_redo": _redo, "reopen": _reopen, "withdraw": _end,
    }
)  # fmt: skip
