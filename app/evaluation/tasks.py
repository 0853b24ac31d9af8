"""Follow-up tasks follow the moves of their matter: opened for every citizen, answered, tried for nothing, dropped."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from app.casework.follow_up_guards import is_unhappy
from app.casework.models import FollowUp
from app.casework.rules import MOST_ATTEMPTS, next_try_at, part_of_day
from app.deadlines.service import due_at
from app.platform.database import insert_ignore
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Ticket, TicketStatus
from app.tickets.moving import Moved, listen
from app.tickets.service import get_ticket
from app.tickets.states import Clock


def on_move(session: Session, moved: Moved) -> None:
    """Keep the tasks of a matter as its move leaves them, in the same transaction. Told twice, nothing changes."""
    if act := _ACTS.get(moved.move.verb):
        act(session, moved)


def open_tasks(session: Session, matter: Ticket, at: datetime) -> None:
    """One for each citizen of this round; those that are there stay as they are."""
    whose = select(Ticket.id).where(or_(Ticket.id == matter.id, Ticket.merged_into_id == matter.id)).order_by(Ticket.id)
    due = due_at(session, matter.id, Clock.FOLLOW_UP)
    for ticket_id in session.scalars(whose):
        session.execute(
            insert_ignore(session, FollowUpTask).values(
                ticket_id=ticket_id, matter_id=matter.id, round=matter.round, unit_code=matter.lead_unit_code,
                region_code=matter.region_code, ticket_type=matter.ticket_type, opened_at=at, due_at=due,
                next_try_at=next_try_at((), at),
            )
        )  # fmt: skip


def open_missing(session: Session, now: datetime, *, limit: int = 500) -> int:
    """Tasks of matters in follow-up that have none, e.g. from before there were tasks; of how many matters."""
    this_round = Ticket.redo_count + Ticket.reopen_count
    known = exists().where(FollowUpTask.matter_id == Ticket.id, FollowUpTask.round == this_round)
    query = select(Ticket).where(Ticket.status == TicketStatus.CALLBACK, ~known.correlate(Ticket)).limit(limit)
    matters = list(session.scalars(query.order_by(Ticket.id)))
    for matter in matters:
        open_tasks(session, matter, now)
    return len(matters)


def find_task_of(session: Session, matter: Ticket, key: str | None) -> FollowUpTask | None:
    """This round's task of one citizen of the matter, named by his ticket's id or number; nobody named: its own."""
    ticket_id = get_ticket(session, key).id if key else matter.id
    query = select(FollowUpTask).where(FollowUpTask.ticket_id == ticket_id, FollowUpTask.round == matter.round)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def lock_task(session: Session, task_id: int) -> FollowUpTask | None:
    """The task, its matter locked before it: moves come that way round, too."""
    task = session.get(FollowUpTask, task_id)
    if task is None:
        return None
    get_ticket(session, task.matter_id, is_locked=True)
    return session.get(FollowUpTask, task_id, with_for_update=True)


def _open(session: Session, moved: Moved) -> None:
    open_tasks(session, moved.ticket, moved.at)


def _answer(session: Session, moved: Moved) -> None:
    task, given = find_task_of(session, moved.ticket, moved.given.get("of_ticket")), moved.given
    if task is None or task.status != FollowUpStatus.OPEN:
        return
    task.is_contacted, task.is_solved = given.get("is_contacted"), bool(given.get("is_solved"))
    task.satisfaction, task.reason = given["satisfaction"], given.get("reason") or ""
    task.is_unhappy = is_unhappy(task.is_solved, task.satisfaction)
    _settle(task, FollowUpStatus.ANSWERED, moved)


def _attempt(session: Session, moved: Moved) -> None:
    task = find_task_of(session, moved.ticket, moved.given.get("of_ticket"))
    if task is None or task.status != FollowUpStatus.OPEN:
        return
    task.tries += 1
    if task.tries >= MOST_ATTEMPTS:
        _settle(task, FollowUpStatus.UNREACHED, moved)
    else:
        task.next_try_at = next_try_at(parts_tried(session, task), moved.at)
    session.flush()


def _settle(task: FollowUpTask, status: FollowUpStatus, moved: Moved) -> None:
    task.status, task.settled_at, task.by = status, moved.at, moved.actor
    task.channel, task.token_hash = moved.given["channel"], None


def parts_tried(session: Session, task: FollowUpTask) -> frozenset[int]:
    """In which parts of the day nobody was reached in this round."""
    query = select(FollowUp.at).where(FollowUp.ticket_id == task.ticket_id, FollowUp.round == task.round)
    return frozenset(part_of_day(at) for at in session.scalars(query.where(FollowUp.is_reached.is_(False))))


def _drop(session: Session, moved: Moved) -> None:
    """Whoever was not asked yet need not be: his matter has left follow-up, or he his matter."""
    mine = or_(FollowUpTask.matter_id == moved.ticket.id, FollowUpTask.ticket_id == moved.ticket.id)
    session.execute(
        update(FollowUpTask)
        .where(mine, FollowUpTask.status == FollowUpStatus.OPEN)
        .values(status=FollowUpStatus.DROPPED, settled_at=moved.at, token_hash=None)
    )


_ACTS: Mapping[str, Callable[[Session, Moved], None]] = MappingProxyType(
    {
        "start_follow_up": _open, "note_answer": _answer, "note_attempt": _attempt, "rate": _drop,
        "finish_unreached": _drop, "follow_up_redo": _drop, "unmerge": _drop,
    }
)  # fmt: skip

listen(on_move)
