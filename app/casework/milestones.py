"""Milestones of a long-term commitment (承诺办理): a day and a goal each, one after the other, each with a clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.casework.models import Milestone
from app.deadlines.profile import ClockKind
from app.deadlines.service import start_clock, stop_clock
from app.tickets.models import Ticket

_LINE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[\s:：,，、]*(\S.*)")
MOST = 12
LONGEST = 200


@dataclass(frozen=True)
class Goal:
    """One line of a commitment."""

    due_on: date
    text: str


class GoalsUnreadable(ValueError):
    """Text that names no days and goals; its words are Chinese."""


def read_goals(text: str) -> list[Goal]:
    """The lines of a commitment. Raises GoalsUnreadable."""
    goals: list[Goal] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _LINE.fullmatch(line)
        try:
            day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
        except ValueError:
            day = None
        if found is None or day is None:
            raise GoalsUnreadable(f"“{line[:30]}”应以日期开头，如 2026-12-31 完成施工图")
        if goals and day <= goals[-1].due_on:
            raise GoalsUnreadable(f"“{line[:30]}”应晚于上一个阶段目标")
        goals.append(Goal(day, found[4].strip()[:LONGEST]))
    if not 1 <= len(goals) <= MOST:
        raise GoalsUnreadable(f"阶段目标应有1至{MOST}个")
    return goals


def list_milestones(session: Session, ticket_id: int) -> list[Milestone]:
    """Those of the newest commitment, in their order."""
    query = select(Milestone).where(Milestone.ticket_id == ticket_id).order_by(Milestone.due_on, Milestone.id)
    return list(session.scalars(query))


def next_of(milestones: Sequence[Milestone]) -> Milestone | None:
    """The one whose clock runs."""
    return next((one for one in milestones if one.done_at is None), None)


def promise(session: Session, ticket: Ticket, goals: Sequence[Goal], *, actor: str, at: datetime) -> None:
    """A commitment is approved: its milestones stand, the first one's clock begins."""
    session.add_all(Milestone(ticket_id=ticket.id, due_on=goal.due_on, text=goal.text) for goal in goals)
    session.flush()
    _start_next(session, ticket, actor=actor, at=at)


def report(session: Session, ticket: Ticket, told: str, *, actor: str, at: datetime) -> None:
    """The milestone whose turn it is has been reached; the next one's clock begins."""
    milestone = next_of(list_milestones(session, ticket.id))
    if milestone is None:
        return
    milestone.done_at, milestone.done_by, milestone.report = at, actor, told
    stop_clock(session, ticket, ClockKind.MILESTONE, actor=actor, at=at)
    _start_next(session, ticket, actor=actor, at=at)


def _start_next(session: Session, ticket: Ticket, *, actor: str, at: datetime) -> None:
    milestone = next_of(list_milestones(session, ticket.id))
    if milestone is not None:
        start_clock(
            session, ticket, ClockKind.MILESTONE, actor=actor, at=at, cause="commitment", until=milestone.due_on
        )
