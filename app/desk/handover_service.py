"""Use cases of the desk: hand a call over, leave it to the other side, take it back.

A command only asks; what becomes of it comes home as facts (app.handovers). Nothing is open while we wait for either.
"""

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.calls.models import AgentStatus
from app.contract.commands import HandOver, LeaveHandOver, TakeBack
from app.desk.service import get_agent
from app.handovers.models import Handover
from app.handovers.rules import UNDER_WAY
from app.handovers.service import get_handover, list_handovers_of_call
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.errors import Conflict, NotFound

COMES_HOME_SECONDS = 3.0
LOOK_EVERY_SECONDS = 0.05


class NotYourCall(Conflict):
    """Only who talks with the citizen hands the call over."""

    code = "not-your-call"
    title = "您没有在通话中，不能转接"


class HandoverUnderWay(Conflict):
    """One service at a time is brought into a call: a second tab or a repeated request rings nobody."""

    code = "handover-under-way"
    title = "已有转接正在进行"


def command_hand_over(database: Database, actor: Actor, call_id: str | None, target: str) -> HandOver:
    """The command for the call at this agent's seat. NotYourCall, HandoverUnderWay, NotFound."""
    with database.reading() as session:
        agent = get_agent(session, actor.name, utc_now())
        held = agent.call_id if agent.status is AgentStatus.TALKING else None
        if held is None or call_id not in {None, held}:
            raise NotYourCall()
        attempts = list_handovers_of_call(session, held)
    if attempts and attempts[-1].status in UNDER_WAY:
        raise HandoverUnderWay(f"正在转接 {attempts[-1].target}，请先撤回")
    return HandOver(call_id=held, agent=actor.name, seat=agent.seat, target=target)


def last_handover_id(database: Database, call_id: str) -> int:
    """The newest attempt of this call; 0 for none."""
    with database.reading() as session:
        return session.scalar(select(func.max(Handover.id)).where(Handover.call_id == call_id)) or 0


def wait_for_handover(database: Database, call_id: str, *, after: int) -> Handover | None:
    """The attempt that telephony has reported since; None when nothing has come home in time."""
    deadline = time.monotonic() + COMES_HOME_SECONDS
    while time.monotonic() < deadline:
        with database.reading() as session:
            newer = select(Handover).where(Handover.call_id == call_id, Handover.id > after)
            if (row := session.scalar(newer.order_by(Handover.id.desc()).limit(1))) is not None:
                return row
        time.sleep(LOOK_EVERY_SECONDS)
    return None


def command_leave(database: Database, actor: Actor, handover_id: int) -> LeaveHandOver:
    """The command that takes the agent out: citizen and service go on. NotFound for another agent's."""
    with database.reading() as session:
        row = _own(session, actor, handover_id)
        return LeaveHandOver(call_id=row.call_id, seat=get_agent(session, actor.name, utc_now()).seat)


def command_take_back(database: Database, actor: Actor, handover_id: int) -> TakeBack:
    """The command that takes the service out: citizen and agent go on. NotFound for another agent's."""
    with database.reading() as session:
        return TakeBack(call_id=_own(session, actor, handover_id).call_id)


def _own(session: Session, actor: Actor, handover_id: int) -> Handover:
    row = get_handover(session, handover_id)
    if row.agent != actor.name:
        raise NotFound("没有这条转接记录")
    return row
