"""Guards of follow-up (回访): whom a result is about, when to try again, when it is over."""

from app.casework import forms
from app.casework.case import Case
from app.casework.refusals import STATE, Missing
from app.casework.rules import PARTS_OF_DAY, part_of_day

MOST_REDOS = 2


def of_this_matter(case: Case, given: forms.Attempt | forms.Answer) -> Missing:
    known = {key for ticket in case.citizens() for key in (str(ticket.id), ticket.ticket_number)}
    return {} if given.of_ticket is None or given.of_ticket in known else {"of_ticket": "该工单不属于本事项"}


def at_another_hour(case: Case, given: forms.Attempt) -> Missing:
    """Three tries are three parts of a day: who is at work in the morning is not asked three mornings."""
    if missing := of_this_matter(case, given):
        return missing
    tried = {part_of_day(attempt.at) for attempt in case.attempts_of(case.asked(given.of_ticket).id)}
    if part_of_day(case.now) not in tried:
        return {}
    left = [part.name for number, part in enumerate(PARTS_OF_DAY) if number not in tried]
    return {STATE: f"该诉求人{PARTS_OF_DAY[part_of_day(case.now)].name}已试过，请改在{'或'.join(left)}回访"}


def _all_asked(case: Case) -> Missing:
    left = [ticket.ticket_number for ticket in case.citizens() if not case.is_asked(ticket)]
    return {STATE: f"尚未完成回访的诉求人：{'、'.join(left)}"} if left else {}


def all_asked_one_answered(case: Case, given: forms.Form) -> Missing:
    """Who is not content has a right to be heard: that his matter ends nevertheless needs a person's reason."""
    if missing := _all_asked(case):
        return missing
    if not case.answers():
        return {STATE: "没有回访到诉求人"}
    reason = given.reason if isinstance(given, forms.Closing) else None
    if any(is_unhappy(a.is_solved, a.satisfaction) for a in case.answers()) and not reason:
        return {"reason": "有诉求人不满意或认为未解决，请写明不退回重办的理由"}
    return {}


def all_asked_none_answered(case: Case, _given: forms.Form) -> Missing:
    return _all_asked(case) or ({STATE: "已有诉求人作出评价"} if case.answers() else {})


def dissatisfied(case: Case, _given: forms.Form) -> Missing:
    if case.ticket.redo_count >= MOST_REDOS:
        return {STATE: "已重办两次，应转入督办"}
    wanting = any(is_unhappy(a.is_solved, a.satisfaction) for a in case.answers())
    return {} if wanting else {STATE: "没有诉求人表示不满意或未解决"}


def is_unhappy(is_solved: bool | None, satisfaction: str) -> bool:
    """Not solved, or dissatisfied: what he says, whoever is right."""
    return satisfaction == forms.Satisfaction.DISSATISFIED or not is_solved
