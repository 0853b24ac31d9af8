"""One move for many tickets: only moves that say nothing of their own, each ticket in a transaction of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.casework import service
from app.casework.case import Case
from app.casework.proposals import propose_for
from app.platform.database import Database
from app.platform.errors import Conflict, HotlineError
from app.tickets.models import Urgency

MOST = 100
SAFE: Mapping[str, str] = MappingProxyType(
    {"sign": "批量签收", "dispatch": "批量采纳派单建议", "take_up_redo": "批量接受重办"}
)
"""Verb → what the button says. What judges, answers or ends a matter is done one by one."""


class NotByMany(Conflict):
    """A ticket that has to be looked at by itself."""

    code = "not-by-many"
    title = "该工单须逐件处理"


@dataclass(frozen=True)
class Picked:
    """A ticket as it stood on the page."""

    ticket_id: int
    version: int | None


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket. `problem` is Chinese; empty: done."""

    ticket_id: int
    number: str
    title: str
    problem: str


def read_picked(values: Sequence[str]) -> list[Picked]:
    """`id:version` of each box that was ticked; what is none of ours is left out."""
    pairs = [value.partition(":") for value in values[:MOST]]
    return [
        Picked(int(key), int(version) if version.isdecimal() else None)
        for key, _, version in pairs
        if key.isdecimal() and key.isascii() and len(key) < 19
    ]


def move_many(database: Database, picked: Sequence[Picked], verb: str, *, actor: Actor, now: datetime) -> list[Outcome]:
    """Move each; one that is refused stops no other. A ticket that this person may not see is told as such."""
    return [_move_one(database, one, verb, actor=actor, now=now) for one in picked]


def _move_one(database: Database, one: Picked, verb: str, *, actor: Actor, now: datetime) -> Outcome:
    number, title = str(one.ticket_id), ""
    try:
        with database.transaction() as session:
            case = service.open_case(session, one.ticket_id, actor, now, is_locked=True)
            number, title = case.ticket.ticket_number, case.ticket.listed_title
            given = _given(session, case, verb)
            service.move(session, one.ticket_id, verb, given, actor=actor, now=now, version=one.version)
    except HotlineError as problem:
        return Outcome(one.ticket_id, number, title, problem.detail)
    return Outcome(one.ticket_id, number, title, "")


def _given(session: Session, case: Case, verb: str) -> dict[str, Any]:
    if verb != "dispatch":
        return {}
    if case.ticket.urgency == Urgency.EMERGENCY:
        raise NotByMany("特急事项须先电话通知值班室，请逐件派单")
    proposal = propose_for(session, case)
    if proposal.lead is None:
        raise NotByMany("派单目录没有建议的主办单位，请逐件派单")
    return {
        "lead_unit_code": proposal.lead.code,
        "supporting_unit_codes": [unit.code for unit in proposal.supporting],
    }
