"""What must be true before a move (domain.md §2.4, §3.7). A guard answers with what is missing: field → Chinese.

The empty field name means the state of things, not the form: it is told as a conflict.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from app.casework import forms
from app.casework.case import Case
from app.casework.follow_up_guards import (
    all_asked_none_answered,
    all_asked_one_answered,
    at_another_hour,
    dissatisfied,
    of_this_matter,
)
from app.casework.models import RequestKind
from app.casework.proposal import is_barred
from app.casework.public_words import find_private
from app.casework.refusals import STATE, Missing
from app.casework.request_guards import (
    Guard,
    below_third_return,
    committable,
    disputable,
    extensible,
    milestone_waits,
    nothing_else_is_asked,
    pending,
    returnable,
    review_day_came,
    suspendable,
    terminable,
    today,
)
from app.catalogue.models import UnitKind
from app.platform.clock import to_shanghai
from app.tickets.models import AssignmentStatus, Ticket, Urgency
from app.tickets.rules import missing_for_acceptance, missing_for_finish
from app.tickets.states import OPEN

REOPEN_DAYS = 15
FAILED_CONTACTS = 2


def free(_case: Case, _given: forms.Form) -> Missing:
    return {}


def reasoned(_case: Case, _given: forms.Reasoned) -> Missing:
    """The form itself asks for the reason."""
    return {}


def complete(case: Case, _given: forms.Form) -> Missing:
    return missing_for_acceptance(case.ticket)


def answered_at_once(case: Case, _given: forms.Form) -> Missing:
    return missing_for_finish(case.ticket)


def out_of_scope(_case: Case, given: forms.Rejection) -> Missing:
    return {} if given.is_channel_told else {"is_channel_told": "请先向诉求人告知正确的反映渠道"}


def call_of_an_open_ticket(_case: Case, _given: forms.Form) -> Missing:
    return {STATE: "请在工作台把来电并入已有工单"}


def was_a_draft(case: Case, _given: forms.Form) -> Missing:
    return {} if case.ticket.accepted_at is None else {STATE: "该工单受理后才并单，请使用“撤销并单”"}


def was_accepted(case: Case, _given: forms.Form) -> Missing:
    return {STATE: "该工单是来电并入的草稿，请使用“撤销来电并入”"} if case.ticket.accepted_at is None else {}


def open_master(case: Case, given: forms.Merging) -> Missing:
    """The service looks up the master; here only that it is not the ticket itself."""
    own = {str(case.ticket.id), case.ticket.ticket_number}
    return {"master": "不能并入自身"} if given.master in own else {}


def check_master(master: Ticket, case: Case) -> Missing:
    """A master that is open and is no follower itself; who has followers follows nobody."""
    if master.status not in OPEN or master.merged_into_id is not None:
        return {"master": "主工单已办结、已终止或已并入其他工单"}
    return {STATE: "已有其他工单并入本工单，请先撤销"} if case.followers else {}


def fit_unit(case: Case, given: forms.Dispatching) -> Missing:
    """An active unit that handles, is not complained of, and is told of an emergency by telephone (R45)."""
    missing: Missing = {}
    for name, codes in (
        ("lead_unit_code", [given.lead_unit_code]),
        ("supporting_unit_codes", given.supporting_unit_codes),
    ):
        for code in codes:
            if told := unfit(case, code):
                missing[name] = told
    if given.lead_unit_code in given.supporting_unit_codes or len(set(given.supporting_unit_codes)) < len(
        given.supporting_unit_codes
    ):
        missing["supporting_unit_codes"] = "协办单位不能重复，也不能是主办单位"
    if case.ticket.urgency == Urgency.EMERGENCY and not given.duty_call:
        missing["duty_call"] = "特急事项须先电话通知值班室，并填写接听人"
    return missing


def unfit(case: Case, code: str) -> str:
    """Why this unit cannot be given the ticket; empty: it can."""
    unit = case.units.get(code)
    if unit is None:
        return f"没有承办单位 {code}"
    if not unit.is_active:
        return f"{unit.name}已停用"
    if unit.kind == UnitKind.PLATFORM:
        return f"{unit.name}是热线工作机构，不承办工单"
    if is_barred(unit, case.ticket.complained_unit_code, case.units):
        return f"{unit.name}是被反映单位或其下属，应当回避"
    return ""


def own_lead(case: Case, _given: forms.Form) -> Missing:
    """Whose it is, `duties` asks already."""
    return {} if case.lead else {STATE: "工单没有主办单位"}


def two_failed_contacts(case: Case, _given: forms.Form) -> Missing:
    if case.failed_contacts() >= FAILED_CONTACTS:
        return {}
    return {STATE: "须先联系到诉求人，或记录两次联系未果"}


def supportable(case: Case, given: forms.Support) -> Missing:
    missing: Missing = {}
    if told := unfit(case, given.unit_code):
        missing["unit_code"] = told
    elif any(leg.unit_code == given.unit_code and leg.ended_at is None for leg in case.legs):
        missing["unit_code"] = "该单位已在办理本工单"
    if given.due_on:
        if given.due_on < today(case):
            missing["due_on"] = "协办期限不能早于今天"
        elif case.reply_due_at and given.due_on > to_shanghai(case.reply_due_at).date():
            missing["due_on"] = "协办期限不能晚于本单位的办理时限"
    return missing


def reply_fit_to_show(case: Case, given: forms.Reply) -> Missing:
    own = {number for one in case.citizens() for number in (one.contact_number, one.caller_number) if number}
    found = "、".join(str(one) for one in find_private(given.to_citizen, own))
    return {"to_citizen": f"公开答复中含有{found}，请删去"} if found else {}


def reply_complete(case: Case, _given: forms.Form) -> Missing:
    """Both replies (R46), every supporting unit heard, nothing waiting to be decided."""
    if case.reply is None:
        return {STATE: "请先由经办人拟写答复"}
    waiting = [leg for leg in case.supports if leg.status != AssignmentStatus.REPORTED]
    if waiting:
        return {STATE: f"协办单位尚未反馈：{'、'.join(case.units[leg.unit_code].name for leg in waiting)}"}
    return nothing_else_is_asked(case)


def redo_allowed(_case: Case, _given: forms.Judgement) -> Missing:
    """As often as it takes; from the second on the ladder of supervision sees it."""
    return {}


def quiet_long_enough(case: Case, _given: forms.Form) -> Missing:
    ended = case.ticket.ended_at
    is_quiet = ended is not None and case.now >= ended + timedelta(days=REOPEN_DAYS)
    return {} if is_quiet else {STATE: f"办结满{REOPEN_DAYS}天后归档"}


def new_facts_in_time(case: Case, _given: forms.Reopening) -> Missing:
    ended = case.ticket.ended_at
    is_in_time = ended is not None and case.now < ended + timedelta(days=REOPEN_DAYS)
    return {} if is_in_time else {STATE: f"办结已满{REOPEN_DAYS}天，请建立新工单并注明再次反映"}


def withdrawn_by_citizen(case: Case, given: forms.Withdrawal) -> Missing:
    if not given.is_identity_checked:
        return {"is_identity_checked": "请先核实诉求人身份"}
    if case.ticket.urgency == Urgency.EMERGENCY:
        return {STATE: "涉及安全的特急事项不能凭诉求人要求撤回"}
    return {STATE: "还有其他诉求人并入本工单，不能撤回"} if case.followers else {}


GUARDS: Mapping[str, Guard] = MappingProxyType(
    {
        guard.__name__: guard
        for guard in (
            free, reasoned, complete, answered_at_once, out_of_scope, call_of_an_open_ticket, was_a_draft, was_accepted,
            open_master, fit_unit, own_lead, returnable, below_third_return, disputable, two_failed_contacts,
            supportable, extensible, suspendable, committable, terminable, reply_fit_to_show, reply_complete,
            redo_allowed, of_this_matter, at_another_hour, all_asked_one_answered, all_asked_none_answered,
            dissatisfied, quiet_long_enough, new_facts_in_time, withdrawn_by_citizen, milestone_waits, review_day_came,
        )
    }
    | {
        "pending_request": pending(RequestKind.EXTENSION),
        "pending_suspension": pending(RequestKind.SUSPENSION),
        "pending_commitment": pending(RequestKind.COMMITMENT),
        "pending_termination": pending(RequestKind.TERMINATION),
    }
)  # fmt: skip
"""By the names in the table of states."""
