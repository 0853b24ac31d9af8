"""What the desk page shows of hand-overs beside a call. Nothing here changes anything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls.models import AgentStatus, Call
from app.contract.events import HandoverResult
from app.desk.service import Agent
from app.handovers.models import Handover, Referral
from app.handovers.referrals import referrals_of_caller
from app.handovers.rules import EMERGENCY_NUMBERS, TONES, UNDER_WAY, explain
from app.handovers.service import list_handovers_of_call


@dataclass(frozen=True)
class Shown:
    """One attempt as people read it."""

    id: int
    target: str
    status: str
    words: str
    tone: str
    at: datetime


@dataclass(frozen=True)
class HandoverPanel:
    """`may_hand_over`: the agent talks with the citizen. `present` is the attempt under way."""

    may_hand_over: bool
    keys: tuple[str, ...]
    present: Shown | None
    past: list[Shown]
    referrals: list[Referral]


def read_handover_panel(session: Session, agent: Agent, call: Call, now: datetime) -> HandoverPanel:
    """The keys, and what has become of them in this call."""
    rows = list_handovers_of_call(session, call.call_id)
    is_talking = agent.status is AgentStatus.TALKING and agent.call_id == call.call_id
    under_way = rows[-1] if rows and is_talking and rows[-1].status in UNDER_WAY else None
    return HandoverPanel(
        may_hand_over=is_talking and under_way is None,
        keys=EMERGENCY_NUMBERS,
        present=_shown(under_way) if under_way else None,
        past=[_shown(row) for row in reversed(rows) if row is not under_way],
        referrals=referrals_of_caller(session, call.caller_number, now=now),
    )


def _shown(row: Handover) -> Shown:
    tone = TONES[HandoverResult(row.status)]
    return Shown(row.id, row.target, row.status, explain(row.status, row.cause), tone, row.settled_at or row.offered_at)
