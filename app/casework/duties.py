"""Separation of duties (R35) in one place: may this person do this to this ticket at all?"""

from app.accounts.auth import SYSTEM
from app.accounts.rules import OF_A_UNIT
from app.casework.case import Case
from app.platform.errors import NotAllowed
from app.tickets.states import DUTIES, DUTY_WORDS, Move, separated_from

ROLE_WORDS = {
    "agent": "话务员", "supervisor": "班长", "dispatcher": "派单员", "reviewer": "审核员", "follow_up": "回访员",
    "unit_staff": "承办单位", "unit_leader": "承办单位负责人", "ops": "运维", "auditor": "审计员",
    "admin": "系统管理员",
}  # fmt: skip


def refusal(case: Case, move: Move) -> str:
    """Why this person must not do it, in Chinese; empty: he may."""
    actor, duty = case.actor, DUTY_WORDS[move.duty]
    if actor.role is None and actor != SYSTEM:
        return "机器令牌不能流转工单"
    if not move.may_be_done_by(actor.role):
        who = "、".join(ROLE_WORDS[role] for role, duties in DUTIES.items() if move.duty in duties) or "系统"
        return f"“{move.text}”属于{duty}，应由{who}操作"
    shut_out = separated_from(move.duty, case.done)
    if shut_out is not None:
        return f"您已参与本工单的{DUTY_WORDS[shut_out]}，不能再进行{duty}，请由他人操作"
    if actor.role in OF_A_UNIT and (case.lead is None or case.lead.unit_code != actor.unit):
        return "只有本工单的主办单位可以操作"
    return ""


def check_duty(case: Case, move: Move) -> None:
    """Raises NotAllowed, which says who may."""
    if told := refusal(case, move):
        raise NotAllowed(told)
