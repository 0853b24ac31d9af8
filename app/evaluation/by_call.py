"""Follow-up by machine: whom to ring now, and what came of a call (P23)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import SYSTEM
from app.calls import ratings
from app.casework.forms import Channel, Satisfaction
from app.casework.models import UnitReply
from app.casework.refusals import NotNow
from app.casework.rules import MOST_ATTEMPTS, PARTS_OF_DAY, next_try_at, part_of_day
from app.casework.service import move
from app.evaluation.tasks import lock_task, parts_tried
from app.platform.clock import to_shanghai
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Ticket

LINE = "12345"
MOST_CALLS = 9
"""Calls of one task, lost ones included: their facts may never have come home."""
SATISFACTION = {
    ratings.SATISFIED: Satisfaction.SATISFIED,
    ratings.FAIR: Satisfaction.FAIRLY,
    ratings.DISSATISFIED: Satisfaction.DISSATISFIED,
}
CAUSES = {"busy": "占线", "no_answer": "无人接听", "rejected": "拒接", "trunk_down": "线路故障"}


class Heard(Protocol):
    """What one ended call said, as telephony tells it. `score` is that of the flow `rating`."""

    @property
    def is_reached(self) -> bool: ...
    @property
    def cause(self) -> str: ...
    @property
    def is_solved(self) -> bool | None: ...
    @property
    def score(self) -> int | None: ...
    @property
    def wants_person(self) -> bool: ...


@dataclass(frozen=True)
class CallToMake:
    """One call: to whom, and its running number within the task."""

    task_id: int
    attempt: int
    number: str


def claim_calls(session: Session, now: datetime, *, limit: int = 20) -> list[CallToMake]:
    """Whom to ring now, the longest waiting first; claimed, so that of two askers one rings.

    Between 8 and 21 o'clock, in a part of the day in which he was not tried. Who has no number is left to people.
    """
    at = to_shanghai(now).time()
    if not PARTS_OF_DAY[0].begins <= at < PARTS_OF_DAY[-1].ends:
        return []
    query = (
        select(FollowUpTask, Ticket)
        .join(Ticket, Ticket.id == FollowUpTask.ticket_id)
        .where(FollowUpTask.status == FollowUpStatus.OPEN, FollowUpTask.next_try_at <= now)
        .where(FollowUpTask.tries < MOST_ATTEMPTS, FollowUpTask.calls_placed < MOST_CALLS)
        .order_by(FollowUpTask.next_try_at, FollowUpTask.id)
        .limit(limit)
        .with_for_update(of=FollowUpTask, skip_locked=True)
    )
    claimed = []
    for task, ticket in session.execute(query):
        task.next_try_at = next_try_at({*parts_tried(session, task), part_of_day(now)}, now)
        if number := ticket.contact_number or ticket.caller_number:
            task.calls_placed += 1
            claimed.append(CallToMake(task.id, task.calls_placed, number))
    session.flush()
    return claimed


def keep_result(session: Session, task_id: int, heard: Heard, *, now: datetime) -> None:
    """What came of a call; told twice, or of a task that is over or unknown: nothing happens.

    Who wants a person, or spoke of one question only, is left to the desk, at once.
    """
    task = lock_task(session, task_id)
    if task is None or task.status != FollowUpStatus.OPEN:
        return
    given: dict[str, object] = {"channel": Channel.PHONE, "of_ticket": str(task.ticket_id)}
    satisfaction = SATISFACTION.get(heard.score or 0)
    if heard.is_solved is not None and satisfaction is not None:
        given |= {"is_solved": heard.is_solved, "satisfaction": satisfaction, "reason": "自动语音回访"}
        move(session, task.matter_id, "note_answer", given, actor=SYSTEM, now=now)
        return
    if heard.wants_person:
        task.next_try_at = now
        session.flush()
        return
    given["reason"] = "接通后未作评价" if heard.is_reached else CAUSES.get(heard.cause, "未接通")
    try:
        move(session, task.matter_id, "note_attempt", given, actor=SYSTEM, now=now)
    except NotNow:  # told before, or somebody tried him in the same part of the day
        return


def reported_on(session: Session, task_id: int) -> date | None:
    """The day of the unit's reply that the citizen is asked about, in Asia/Shanghai; None: no such task or reply."""
    task = session.get(FollowUpTask, task_id)
    if task is None:
        return None
    query = select(UnitReply.approved_at).where(UnitReply.ticket_id == task.matter_id, UnitReply.round == task.round)
    approved_at = session.scalar(query)
    return to_shanghai(approved_at).date() if approved_at else None
