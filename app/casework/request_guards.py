"""Guards of what a unit asks for, and of what the hotline answers: return, extension, suspension, commitment, end."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from app.casework import forms
from app.casework.case import Case
from app.casework.milestones import GoalsUnreadable, next_of, read_goals
from app.casework.models import RequestKind
from app.casework.refusals import STATE, Missing
from app.platform.clock import to_shanghai

Guard = Callable[[Case, Any], Missing]

RETURNS_BEFORE_DISPUTE = 2
LONGEST_COMMITMENT = timedelta(days=274)
"""九个月 (安徽2025)."""


def today(case: Case) -> date:
    return to_shanghai(case.now).date()


def returnable(case: Case, given: forms.ReturnRequest) -> Missing:
    missing: Missing = {}
    if case.ticket.is_locked:
        missing[STATE] = "本工单由热线指定办理，不得退回"
    elif case.lead and any(r.kind == RequestKind.RETURN and r.unit_code == case.lead.unit_code for r in case.requests):
        missing[STATE] = "本单位的退单申请已被驳回，不得再次退回"
    elif case.sign_due_at is not None and case.now > case.sign_due_at:
        missing[STATE] = "已超过签收时限，不得退单"
    if given.suggested_unit_code and given.suggested_unit_code not in case.units:
        missing["suggested_unit_code"] = "没有这个单位"
    return missing


def below_third_return(case: Case, _given: forms.Form) -> Missing:
    if case.ticket.return_count >= RETURNS_BEFORE_DISPUTE:
        return {STATE: "已退单两次，第三次应转入争议协调并指定承办单位"}
    return {}


def disputable(case: Case, _given: forms.Form) -> Missing:
    if case.ticket.return_count >= RETURNS_BEFORE_DISPUTE or case.supports:
        return {}
    return {STATE: "首次退单且不涉及多个单位，请直接同意或驳回"}


def nothing_else_is_asked(case: Case) -> Missing:
    kinds = (RequestKind.SUSPENSION, RequestKind.COMMITMENT, RequestKind.TERMINATION)
    return {STATE: "已有一项申请等待审核"} if any(case.pending(kind) for kind in kinds) else {}


def extensible(case: Case, given: forms.Extension) -> Missing:
    """How often and by how much, the region's rules say (`app.deadlines.service.check_extension`)."""
    missing = nothing_else_is_asked(case)
    if case.reply_due_at and case.now > case.reply_due_at:
        missing[STATE] = "已超过办理时限，不能再申请延期"
    if case.reply_due_at and given.due_on <= to_shanghai(case.reply_due_at).date():
        missing["due_on"] = "延期日期应晚于现有时限"
    elif given.due_on <= today(case):
        missing["due_on"] = "延期日期应晚于今天"
    return missing


def suspendable(case: Case, given: forms.Suspension) -> Missing:
    missing = nothing_else_is_asked(case)
    if given.review_on <= today(case):
        missing["review_on"] = "复核日期应晚于今天"
    return missing


def committable(case: Case, given: forms.Commitment) -> Missing:
    missing = nothing_else_is_asked(case)
    if case.milestones and case.milestones[-1].done_at is None:
        missing[STATE] = "已有承诺办理的阶段目标尚未完成"
    if given.due_on <= today(case) or given.due_on > today(case) + LONGEST_COMMITMENT:
        missing["due_on"] = "承诺办结日期应在九个月以内"
    try:
        goals = read_goals(given.milestones)
    except GoalsUnreadable as problem:
        return missing | {"milestones": str(problem)}
    if goals[0].due_on <= today(case) or goals[-1].due_on > given.due_on:
        missing["milestones"] = "阶段目标的日期应在今天之后、承诺办结日期之前"
    return missing


def milestone_waits(case: Case, _given: forms.Form) -> Missing:
    return {} if next_of(case.milestones) else {STATE: "没有待完成的阶段目标"}


def review_day_came(case: Case, _given: forms.Form) -> Missing:
    day = case.review_on()
    return {} if day is not None and day <= today(case) else {STATE: "尚未到挂起的复核日期"}


def terminable(case: Case, _given: forms.Termination) -> Missing:
    return nothing_else_is_asked(case)


def pending(kind: RequestKind) -> Guard:
    def guard(case: Case, _given: forms.Form) -> Missing:
        return {} if case.pending(kind) else {STATE: "没有等待审核的申请"}

    return guard
