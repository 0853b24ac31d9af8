"""A person of the follow-up desk has the machine ask a citizen now, whether or not it rings by itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.casework.forms import Channel
from app.casework.refusals import NotNow
from app.casework.rules import next_try_at, part_of_day
from app.casework.service import check_move
from app.contract.commands import FollowUpCall
from app.contract.ids import follow_up_call_id
from app.evaluation.by_call import LINE, MOST_CALLS
from app.evaluation.desk import get_open_row
from app.evaluation.tasks import parts_tried
from app.platform.clock import to_shanghai
from app.platform.database import Database
from app.platform.errors import Conflict
from app.platform.switch import Switch


class NoNumberToRing(Conflict):
    """He left none, or one abroad, where only people call."""

    code = "no-number-to-ring"
    title = "诉求人没有留下系统可以拨打的号码，请人工回访"


class RungMeanwhile(Conflict):
    """Asked twice, or by two: the citizen is rung once."""

    code = "rung-meanwhile"
    title = "系统刚刚拨打过，请刷新后查看结果"


def ring(
    database: Database,
    switch: Switch,
    task_id: int,
    *,
    calls_placed: int,
    hours: tuple[int, int],
    actor: Actor,
    now: datetime,
) -> None:
    """Mark the task, then ask telephony; what the citizen keys comes home as facts of the call.

    `calls_placed` is what this person saw; `hours`, from and until which hour citizens are rung (Asia/Shanghai). Raises
    NotFound, TaskSettled, NotNow, RungMeanwhile, NoNumberToRing, what a duty refuses, SwitchNotReached, SwitchRefused.
    """
    with database.transaction() as session:
        command = _claim(session, task_id, calls_placed, hours, actor=actor, now=now)
        audit.record(session, actor, "follow_up_rung", at=now, object_type="follow_up", object_id=task_id)
    switch.send(command)


def _claim(
    session: Session, task_id: int, calls_placed: int, hours: tuple[int, int], *, actor: Actor, now: datetime
) -> FollowUpCall:
    row = get_open_row(session, task_id, actor)
    task, number = row.task, row.ticket.contact_number or row.ticket.caller_number or ""
    in_vain = {"channel": Channel.PHONE, "reason": "未接通", "of_ticket": str(task.ticket_id)}
    check_move(session, task.matter_id, "note_attempt", in_vain, actor=actor, now=now)
    if not hours[0] <= to_shanghai(now).hour < hours[1]:
        raise NotNow(f"回访电话只在{hours[0]}时至{hours[1]}时拨打")
    if task.calls_placed != calls_placed:
        raise RungMeanwhile()
    if task.calls_placed >= MOST_CALLS:
        raise NotNow(f"系统已拨打{MOST_CALLS}次，请人工回访")
    if not number.isdecimal():
        raise NoNumberToRing()
    task.calls_placed += 1
    task.next_try_at = next_try_at({*parts_tried(session, task), part_of_day(now)}, now)
    session.flush()
    return FollowUpCall(call_id=follow_up_call_id(task.id, task.calls_placed), number=number, line=LINE)
