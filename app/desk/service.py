"""Use cases of the desk: who the agents are, switch commands, wrap-up.

A command only asks: the agent's state changes when the AMI event comes home. No transaction is open while we wait for
the bridge, so that a slow switch never holds the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role, User
from app.accounts.scope import check_of_people, of_people
from app.calls import service as calls
from app.calls.models import AgentState, AgentStatus
from app.calls.presence import LONG_AGO
from app.contract.commands import AnyCommand, Pause, QueueSkill, Resume, SignIn, SignOut
from app.desk import rules
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.errors import Conflict, HotlineError, NotFound
from app.platform.plan_words import pause_reasons

NO_AGENT = "没有这个坐席"


class UnknownReason(HotlineError):
    """A pause needs a reason of the list."""

    status = 422
    code = "unknown-pause-reason"
    title = "示忙原因不在列表中"


class NoSeat(Conflict):
    """The account has no seat or no queue, so there is nothing to sign in."""

    code = "no-seat"
    title = "账号没有分配分机或队列，请联系运维人员"


class NotSignedIn(Conflict):
    code = "not-signed-in"
    title = "您尚未签入队列"


@dataclass(frozen=True)
class Agent:
    """An agent as the desk and the board show him. `since_at` is when the state began (UTC)."""

    username: str
    display_name: str
    seat: str
    queues: dict[str, int]
    status: AgentStatus
    pause_reason: str
    signed_in_queues: tuple[str, ...]
    call_id: str | None
    since_at: datetime | None
    wrap_up_until: datetime | None = None
    reason_text: str = ""
    """小休, 就餐 …; an unknown code as it is."""

    @property
    def is_signed_in(self) -> bool:
        return self.status is not AgentStatus.OFFLINE


def _agent(user: User, state: AgentState | None, reasons: Mapping[str, str]) -> Agent:
    status = AgentStatus(state.status) if state else AgentStatus.OFFLINE
    reason = state.pause_reason if state else ""
    return Agent(
        username=user.username,
        display_name=user.display_name,
        seat=(state.seat if state and state.seat else user.seat).removeprefix("PJSIP/"),
        queues={name: int(penalty) for name, penalty in user.queues.items()},
        status=rules.shown_status(status, reason),
        pause_reason=reason,
        signed_in_queues=tuple(sorted(name for name, is_in in state.queues.items() if is_in)) if state else (),
        call_id=state.call_id if state else None,
        since_at=state.since_at if state else None,
        wrap_up_until=state.wrap_up_until if state and status is AgentStatus.WRAP_UP else None,
        reason_text=reasons.get(reason, reason),
    )


def get_agent(session: Session, username: str, now: datetime) -> Agent:
    """The agent of this name. NotFound."""
    user = session.scalar(select(User).where(User.username == username, User.role == Role.AGENT))
    if user is None:
        raise NotFound(NO_AGENT)
    state = calls.get_agent_state(session, username, now=now)
    return _agent(user, state if state.last_event_at > LONG_AGO else None, pause_reasons(session))


def list_agents(session: Session, now: datetime, actor: Actor) -> list[Agent]:
    """All active agents whom this person may see, by number, offline ones too."""
    states = {state.agent: state for state in calls.list_agent_states(session, now=now)}
    seen = select(User).where(User.role == Role.AGENT, User.is_active, of_people(actor, User.username))
    users = session.scalars(seen.order_by(User.username))
    reasons = pause_reasons(session)
    return [_agent(user, states.get(user.username), reasons) for user in users]


def _readable(database: Database, actor: Actor, username: str) -> Agent:
    rules.check_may_steer(actor, username)
    with database.reading() as session:
        if username != actor.name:
            check_of_people(session, actor, username, NO_AGENT)
        return get_agent(session, username, utc_now())


def command_sign_in(database: Database, actor: Actor, username: str) -> SignIn:
    """The command that puts the agent's seat into his queues. NoSeat, NotAllowed, NotFound."""
    agent = _readable(database, actor, username)
    if not agent.seat or not agent.queues:
        raise NoSeat()
    skills = [QueueSkill(queue=name, penalty=penalty) for name, penalty in sorted(agent.queues.items())]
    return SignIn(agent=username, seat=agent.seat, queues=skills)


def command_sign_out(database: Database, actor: Actor, username: str) -> SignOut:
    """The command that takes the agent out of all queues. NotAllowed, NotFound."""
    agent = _readable(database, actor, username)
    return SignOut(agent=username, seat=agent.seat)


def command_pause(database: Database, actor: Actor, username: str, reason: str) -> Pause:
    """The command that pauses him. UnknownReason, NotSignedIn, NotAllowed, NotFound."""
    agent = _readable(database, actor, username)
    with database.reading() as session:
        reasons = pause_reasons(session)
    if reason not in {*reasons, rules.WRAP_UP_REASON}:
        raise UnknownReason(f"可选原因：{'、'.join(rules.chosen_reasons(reasons).values())}")
    if not agent.is_signed_in:
        raise NotSignedIn()
    return Pause(agent=username, seat=agent.seat, reason=reason)


def command_resume(database: Database, actor: Actor, username: str) -> Resume:
    """The command that makes him ready again. NotSignedIn, NotAllowed, NotFound."""
    agent = _readable(database, actor, username)
    if not agent.is_signed_in:
        raise NotSignedIn()
    return Resume(agent=username, seat=agent.seat)


def finish_wrap_up(database: Database, actor: Actor, username: str, now: datetime) -> AnyCommand | None:
    """End wrap-up. The part that is the desk's own is written here; a pause for wrap-up needs the command returned.

    Asked twice it does nothing the second time. NotAllowed, NotFound.
    """
    agent = _readable(database, actor, username)
    with database.transaction() as session:
        calls.finish_wrap_up(session, username, now)
    if agent.pause_reason == rules.WRAP_UP_REASON:
        return Resume(agent=username, seat=agent.seat)
    return None
