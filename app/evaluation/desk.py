"""Use cases of the follow-up desk (回访台): whose turn it is, record what a citizen said, send him a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.casework import service as casework
from app.evaluation.tasks import lock_task
from app.platform.errors import Conflict, NotFound
from app.tickets.access import check_sees, holding_of, visible
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Ticket, TicketStatus
from app.tickets.service import get_ticket

SHOWN = 100
_T = FollowUpTask


class TaskSettled(Conflict):
    """Somebody was quicker: the citizen himself, a colleague, or the machine."""

    code = "follow-up-settled"
    title = "该回访已有结果"


class DeskList(StrEnum):
    """The lists of the desk: 待回访, 稍后再试, 不满意待定, 已完成."""

    NOW = "now"
    LATER = "later"
    UNHAPPY = "unhappy"
    DONE = "done"


@dataclass(frozen=True)
class DeskRow:
    """A task with the citizen's own ticket and the one that moves."""

    task: FollowUpTask
    ticket: Ticket
    matter: Ticket


def _condition(name: DeskList, now: datetime) -> ColumnElement[bool]:
    is_open = _T.status == FollowUpStatus.OPEN
    matter = Ticket.__table__.alias("matter")
    waits = exists().where(
        matter.c.id == _T.matter_id, matter.c.status == TicketStatus.CALLBACK,
        matter.c.redo_count + matter.c.reopen_count == _T.round,
    ).correlate(_T)  # fmt: skip
    match name:
        case DeskList.NOW:
            return and_(is_open, _T.next_try_at <= now)
        case DeskList.LATER:
            return and_(is_open, _T.next_try_at > now)
        case DeskList.UNHAPPY:
            return and_(_T.is_unhappy, waits)
        case DeskList.DONE:
            return _T.status.in_((FollowUpStatus.ANSWERED, FollowUpStatus.UNREACHED))


def list_tasks(
    session: Session, name: DeskList, *, actor: Actor, now: datetime, ticket_number: str = ""
) -> list[DeskRow]:
    """At most SHOWN: what is due first, first; of what is done, the newest first. `ticket_number`: of that one only."""
    query = select(_T, Ticket).join(Ticket, Ticket.id == _T.ticket_id)
    if ticket_number:
        query = query.where(Ticket.ticket_number == ticket_number)
    query = query.where(_condition(name, now), visible(actor, holding_of(session, actor)))
    order = [_T.settled_at.desc()] if name is DeskList.DONE else [_T.due_at.is_(None), _T.due_at]
    found = session.execute(query.order_by(*order, _T.id).limit(SHOWN)).all()
    matters = {
        row.id: row for row in session.scalars(select(Ticket).where(Ticket.id.in_({t.matter_id for t, _ in found})))
    }
    return [DeskRow(task, ticket, matters[task.matter_id]) for task, ticket in found]


def count_lists(session: Session, *, actor: Actor, now: datetime) -> dict[DeskList, int]:
    """How many stand on each list but the last."""
    names = [name for name in DeskList if name is not DeskList.DONE]
    counted = [func.count().filter(_condition(name, now)) for name in names]
    query = select(*counted).select_from(_T).join(Ticket, Ticket.id == _T.ticket_id)
    alive = (_T.status == FollowUpStatus.OPEN) | _T.is_unhappy
    row = session.execute(query.where(alive, visible(actor, holding_of(session, actor)))).one()
    return dict(zip(names, row, strict=True))


def get_row(session: Session, task_id: int, actor: Actor, *, is_locked: bool = False) -> DeskRow:
    """The task, if this person may see its ticket. Raises NotFound."""
    task = lock_task(session, task_id) if is_locked else session.get(_T, task_id)
    if task is None:
        raise NotFound("没有这条回访")
    ticket = get_ticket(session, task.ticket_id)
    check_sees(session, actor, ticket, holding_of(session, actor))
    matter = ticket if task.matter_id == task.ticket_id else get_ticket(session, task.matter_id)
    return DeskRow(task, ticket, matter)


def get_open_row(session: Session, task_id: int, actor: Actor) -> DeskRow:
    """As `get_row`, locked. Raises NotFound, TaskSettled."""
    row = get_row(session, task_id, actor, is_locked=True)
    if row.task.status != FollowUpStatus.OPEN:
        raise TaskSettled()
    return row


def record(
    session: Session, task_id: int, verb: str, given: Mapping[str, Any], *, actor: Actor, now: datetime
) -> FollowUpTask:
    """`note_answer` or `note_attempt` of one citizen, through the one door of moves: duties and guards speak there.

    Raises NotFound, TaskSettled, and what `casework.service.move` raises.
    """
    row = get_open_row(session, task_id, actor)
    given = {**given, "of_ticket": str(row.task.ticket_id)}
    casework.move(session, row.task.matter_id, verb, given, actor=actor, now=now)
    return row.task


def decide(
    session: Session, task_id: int, *, is_redone: bool, reason: str, actor: Actor, now: datetime
) -> FollowUpTask:
    """What follows from an unhappy answer: the matter is done again, or ends with a reason why not."""
    row = get_row(session, task_id, actor, is_locked=True)
    verb = "follow_up_redo" if is_redone else "rate"
    casework.move(session, row.task.matter_id, verb, {"reason": reason}, actor=actor, now=now)
    return row.task
