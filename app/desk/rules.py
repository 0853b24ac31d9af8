"""Pure decisions of the desk: who may steer whom, and what a pause is called."""

from app.accounts.auth import Actor
from app.accounts.rules import Permission
from app.calls.models import AgentStatus
from app.platform.errors import NotAllowed

PAUSE_REASONS: dict[str, str] = {
    "rest": "小休",
    "meal": "就餐",
    "training": "培训",
    "meeting": "会议",
    "wrap_up": "话后整理",
}
"""Reason as the switch keeps it → as people read it. The site plan (`dialplan/sites`) lists the same codes."""

CHOSEN_REASONS = tuple(reason for reason in PAUSE_REASONS if reason != "wrap_up")
"""What an agent picks; wrap-up has buttons of its own."""

WRAP_UP_REASON = "wrap_up"


def is_known_reason(reason: str) -> bool:
    """Whether an agent may pause for it."""
    return reason in PAUSE_REASONS


def check_may_steer(actor: Actor, agent: str) -> None:
    """An agent steers himself, a supervisor steers anybody. NotAllowed."""
    if actor.name == agent and actor.may(Permission.DESK_USE):
        return
    if not actor.may(Permission.AGENTS_CONTROL):
        raise NotAllowed("只能操作自己的坐席状态")


def shown_status(status: AgentStatus, pause_reason: str) -> AgentStatus:
    """A pause for wrap-up is shown as wrap-up, whoever asked for it."""
    if status is AgentStatus.PAUSED and pause_reason == WRAP_UP_REASON:
        return AgentStatus.WRAP_UP
    return status
