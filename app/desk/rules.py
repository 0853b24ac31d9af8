"""Pure decisions of the desk: who may steer whom, and what a pause is called."""

from collections.abc import Mapping

from app.accounts.auth import Actor
from app.accounts.rules import Permission
from app.calls.models import AgentStatus
from app.platform.errors import NotAllowed

WRAP_UP_REASON = "wrap_up"
"""Among the plan's reasons, but no agent picks it: wrap-up has buttons of its own."""


def chosen_reasons(reasons: Mapping[str, str]) -> dict[str, str]:
    """What an agent picks from, of the plan's reasons."""
    return {code: label for code, label in reasons.items() if code != WRAP_UP_REASON}


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
