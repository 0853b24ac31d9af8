"""Objections to scores: a unit appeals an answer, or asks that a ticket does not count; another person decides."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.rules import OF_A_UNIT
from app.casework.forms import Satisfaction
from app.deadlines.access import seen_ticket
from app.evaluation.models import Ground, ObjectionKind, ObjectionStatus, ScoreObjection
from app.platform.errors import Conflict, NotAllowed, NotFound
from app.tickets.access import holding_of, visible
from app.tickets.duties import duties_done
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Ticket
from app.tickets.reports import note_reading
from app.tickets.states import DUTY_WORDS, Duty, separated_from

SHOWN = 100
GROUNDS: dict[ObjectionKind, dict[Ground, str]] = {
    ObjectionKind.APPEAL: {
        Ground.MISRECORDED: "回访记录与诉求人原意不符",
        Ground.NOT_OURS: "评价对象不是本单位的办理",
    },
    ObjectionKind.EXCLUDE: {
        Ground.UNREASONABLE: "诉求不合理",
        Ground.UNLAWFUL: "诉求不合法",
        Ground.IMPOSSIBLE: "客观条件限制，无法解决",
        Ground.STATUTORY: "行政调解、执法办案等法定程序事项",
    },
}
GROUND_WORDS = {ground: words for grounds in GROUNDS.values() for ground, words in grounds.items()}


class ObjectionRefused(Conflict):
    """Nothing to object to, or somebody has objected already."""

    code = "objection-refused"
    title = "不能提出申请"


class ObjectionDecided(Conflict):
    code = "objection-decided"
    title = "该申请已有审核结果"


@dataclass(frozen=True)
class Correction:
    """What counts from now on instead of what was recorded."""

    is_solved: bool
    satisfaction: Satisfaction


@dataclass(frozen=True)
class Verdict:
    """One citizen's answer about a unit, with the objection to it, if any."""

    task: FollowUpTask
    ticket: Ticket
    objection: ScoreObjection | None


def appeal(
    session: Session, task_id: int, *, ground: Ground, reason: str, evidence: str, actor: Actor, now: datetime
) -> ScoreObjection:
    """申诉: the unit says that an unhappy answer is recorded wrongly or about somebody else. Once for each answer.

    Raises NotFound, NotAllowed, ObjectionRefused.
    """
    task = session.get(FollowUpTask, task_id)
    if task is None:
        raise NotFound("没有这条评价")
    seen_ticket(session, str(task.matter_id), actor)
    _check_own(actor, task.unit_code)
    if task.status != FollowUpStatus.ANSWERED or not task.is_unhappy:
        raise ObjectionRefused("只能对不满意或未解决的评价提出申诉")
    if ground not in GROUNDS[ObjectionKind.APPEAL]:
        raise ObjectionRefused("请选择申诉事由")
    row = ScoreObjection(
        ticket_id=task.matter_id, task_id=task.id, unit_code=actor.unit, kind=ObjectionKind.APPEAL, ground=ground,
        reason=reason, evidence=evidence, asked_by=actor.name, asked_at=now,
    )  # fmt: skip
    return _keep(session, row)


def ask_exclusion(
    session: Session, ticket_key: str, *, ground: Ground, reason: str, evidence: str, actor: Actor, now: datetime
) -> ScoreObjection:
    """剔除: a ticket shall not count in adjusted figures. Raises NotFound, NotAllowed, ObjectionRefused."""
    ticket = seen_ticket(session, ticket_key, actor)
    _check_own(actor, ticket.lead_unit_code)
    if ground not in GROUNDS[ObjectionKind.EXCLUDE]:
        raise ObjectionRefused("请选择剔除事由")
    row = ScoreObjection(
        ticket_id=ticket.id, task_id=None, unit_code=actor.unit, kind=ObjectionKind.EXCLUDE, ground=ground,
        reason=reason, evidence=evidence, asked_by=actor.name, asked_at=now,
    )  # fmt: skip
    return _keep(session, row)


def decide(
    session: Session,
    objection_id: int,
    *,
    is_approved: bool,
    opinion: str,
    actor: Actor,
    now: datetime,
    correction: Correction | None = None,
) -> ScoreObjection:
    """Another person upholds the score or changes what counts. Raises NotFound, NotAllowed, ObjectionDecided.

    Nobody decides who asked, recorded the answer, or handled the ticket (R35).
    """
    row = session.get(ScoreObjection, objection_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条申请")
    ticket = seen_ticket(session, str(row.ticket_id), actor)
    if row.status != ObjectionStatus.PENDING:
        raise ObjectionDecided()
    task = session.get(FollowUpTask, row.task_id) if row.task_id else None
    _check_judge(session, row, task, ticket, actor)
    row.status = ObjectionStatus.APPROVED if is_approved else ObjectionStatus.REFUSED
    row.decided_by, row.decided_at, row.opinion = actor.name, now, opinion
    if is_approved and task is not None:
        if correction is None:
            raise ObjectionRefused("申诉成立时，请填写更正后的评价")
        task.adjusted_solved, task.adjusted_satisfaction = correction.is_solved, correction.satisfaction
    session.flush()
    return row


def list_verdicts(
    session: Session, *, actor: Actor, since: datetime, until: datetime, is_unhappy: bool = False
) -> list[Verdict]:
    """What citizens said of this person's unit, for the hotline's people of every unit; the newest first."""
    query = (
        select(FollowUpTask, Ticket, ScoreObjection)
        .join(Ticket, Ticket.id == FollowUpTask.matter_id)
        .outerjoin(ScoreObjection, ScoreObjection.task_id == FollowUpTask.id)
        .where(FollowUpTask.status == FollowUpStatus.ANSWERED, visible(actor, holding_of(session, actor)))
        .where(FollowUpTask.settled_at >= since, FollowUpTask.settled_at < until)
        .order_by(FollowUpTask.settled_at.desc(), FollowUpTask.id.desc())
        .limit(SHOWN)
    )
    if actor.role in OF_A_UNIT:
        query = query.where(FollowUpTask.unit_code == actor.unit)
    if is_unhappy:
        query = query.where(FollowUpTask.is_unhappy)
    return [Verdict(task, ticket, row) for task, ticket, row in session.execute(query)]


def list_objections(
    session: Session, *, actor: Actor, is_pending: bool | None = None
) -> list[tuple[ScoreObjection, Ticket, FollowUpTask | None]]:
    """What waits to be decided, the oldest first; all, the newest first. A unit's people see their own unit's.

    Reasons and evidence tell what the matter is: of reports, that is reading them.
    """
    query = (
        select(ScoreObjection, Ticket, FollowUpTask)
        .join(Ticket, Ticket.id == ScoreObjection.ticket_id)
        .outerjoin(FollowUpTask, FollowUpTask.id == ScoreObjection.task_id)
        .where(visible(actor, holding_of(session, actor)))
    )
    if actor.role in OF_A_UNIT:
        query = query.where(ScoreObjection.unit_code == actor.unit)
    if is_pending:
        query = query.where(ScoreObjection.status == ObjectionStatus.PENDING)
    order = ScoreObjection.id if is_pending else ScoreObjection.id.desc()
    found: list[tuple[ScoreObjection, Ticket, FollowUpTask | None]] = [
        (row, ticket, task) for row, ticket, task in session.execute(query.order_by(order).limit(SHOWN))
    ]
    note_reading(session, actor, *(ticket for _, ticket, _ in found))
    return found


def _check_own(actor: Actor, unit_code: str | None) -> None:
    if actor.role not in OF_A_UNIT or actor.unit != unit_code:
        raise NotAllowed("只有被评价的主办单位可以提出")


def _check_judge(
    session: Session, row: ScoreObjection, task: FollowUpTask | None, ticket: Ticket, actor: Actor
) -> None:
    if actor.role in OF_A_UNIT or actor.name == row.asked_by:
        raise NotAllowed("应由热线工作机构的其他人员审核")
    if task is not None and task.by == actor.name:
        raise NotAllowed("您记录了这次回访，应由他人复核")
    if shut_out := separated_from(Duty.AUDIT, duties_done(session, ticket, actor)):
        raise NotAllowed(f"您已参与本工单的{DUTY_WORDS[shut_out]}，应由他人审核")


def _keep(session: Session, row: ScoreObjection) -> ScoreObjection:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise ObjectionRefused("已提出过申请") from error
    return row
