"""Use cases of the desk: play the citizen a flow at one key, and stop it. What becomes of it comes home as facts.

Whether something is played or handed over already the switch knows best, and says so.
"""

from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.calls.models import AgentStatus, CallState
from app.contract.agent_flows import AgentFlow
from app.contract.commands import PlayFlow, StopFlow
from app.desk.service import get_agent
from app.desk.views import find_own_call
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.errors import Conflict, NotFound


class NoCallToPlayTo(Conflict):
    """Only who talks with the citizen plays him something; not in wrap-up, not while it rings."""

    code = "no-call-to-play-to"
    title = "您没有在通话中，不能播报"


class CallHasEnded(Conflict):
    """The citizen has hung up."""

    code = "call-has-ended"
    title = "通话已经结束，不能播报"


def command_play(database: Database, actor: Actor, call_id: str, flow: AgentFlow) -> PlayFlow:
    """The command for the call at this agent's seat. NoCallToPlayTo, CallHasEnded, NotFound."""
    with database.reading() as session:
        return PlayFlow(call_id=call_id, agent=actor.name, seat=_seat_in_call(session, actor, call_id), flow=flow)


def command_stop(database: Database, actor: Actor, call_id: str) -> StopFlow:
    """The command that brings the citizen back. NoCallToPlayTo, CallHasEnded, NotFound."""
    with database.reading() as session:
        _seat_in_call(session, actor, call_id)
    return StopFlow(call_id=call_id)


def _seat_in_call(session: Session, actor: Actor, call_id: str) -> str:
    agent, call = get_agent(session, actor.name, utc_now()), find_own_call(session, actor.name, call_id)
    if call is None:
        raise NotFound("没有这通电话")
    if call.state == CallState.ENDED:
        raise CallHasEnded()
    if agent.status is not AgentStatus.TALKING or agent.call_id != call_id:
        raise NoCallToPlayTo()
    return agent.seat
