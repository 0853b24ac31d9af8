"""Use cases of the desk: switch commands of an agent, wrap-up, pops.

A command only asks: the agent's state changes when the AMI event comes home. No transaction is open while we wait for
the bridge, so that a slow switch never holds the database.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role, User
from app.calls.models import AgentState, AgentStatus, ScreenPop
from app.calls.presence import effective_status
from app.contract.commands import AnyCommand, Pause, QueueSkill, Resume, SignIn, SignOut
from app.desk import rules
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.errors import Conflict, HotlineError, NotFound
from app.platform.topics import agent_topic, publish


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

    @property
    def is_signed_in(self) -> bool:
        return self.status is not AgentStatus.OFFLINE

    @property
    def reason_text(self) -> str:
        """小休, 就餐 …; an unknown code as it is."""
        return rules.PAUSE_REASONS.get(self.pause_reason, self.pause_reason)


def _agent(user: User, state: AgentState | None, now: datetime) -> Agent:
    status = effective_status(state, now) if state else AgentStatus.OFFLINE
    reason = state.pause_reason if state else ""
    is_wrapping_up = status is AgentStatus.WRAP_UP
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
        wrap_up_until=state.wrap_up_until if state and is_wrapping_up else None,
    )


def get_agent(session: Session, username: str, now: datetime) -> Agent:
    """The agent of this name. NotFound."""
    user = session.scalar(select(User).where(User.username == username, User.role == Role.AGENT))
    if user is None:
        raise NotFound("没有这个坐席")
    return _agent(user, session.get(AgentState, username), now)


def list_agents(session: Session, now: datetime) -> list[Agent]:
    """All active agents by number, offline ones too."""
    query = (
        select(User, AgentState)
        .outerjoin(AgentState, AgentState.agent == User.username)
        .where(User.role == Role.AGENT, User.is_active)
        .order_by(User.username)
    )
    return [_agent(user, state, now) for user, state in session.execute(query)]


def _readable(database: Database, actor: Actor, username: str) -> Agent:
    rules.check_may_steer(actor, username)
    with database.reading() as session:
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
    if not rules.is_known_reason(reason):
        raise UnknownReason(f"可选原因：{'、'.join(rules.PAUSE_REASONS.values())}")
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
        session.execute(
            update(AgentState)
            .where(AgentState.agent == username, AgentState.status == AgentStatus.WRAP_UP)
            .values(status=AgentStatus.READY, since_at=now, call_id=None)
        )
        publish(session, agent_topic(username), "state")
    if agent.pause_reason == rules.WRAP_UP_REASON:
        return Resume(agent=username, seat=agent.seat)
    return None


def acknowledge_pop(session: Session, agent: str, pop_id: int, now: datetime) -> ScreenPop:
    """The agent's page has shown it. The first moment stays; another agent's pop is NotFound."""
    pop = session.get(ScreenPop, pop_id)
    if pop is None or pop.agent != agent:
        raise NotFound("没有这条弹屏")
    if pop.acknowledged_at is None:
        pop.acknowledged_at = now
    return pop
