"""What citizens and units are told because of a move: each citizen of a merged matter in the name of his own ticket.

The rows here are what was said; the outbox carries it to a telephone, in working hours except in an emergency.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.calls.rules import is_mobile
from app.casework.models import CitizenNotice
from app.catalogue.models import Unit
from app.deadlines.notices import send_time
from app.deadlines.versions import load_calendar, load_rules
from app.outbox.recipients import mobile_of_unit
from app.outbox.service import put_message
from app.platform.clock import to_shanghai
from app.tickets.models import Assignment, AssignmentKind, Ticket, Urgency
from app.tickets.moving import Moved

SOMEBODY = "承办单位"
DISPATCHES = frozenset({"dispatch", "designate"})
TO_SUPPORT = "请协办工单{number}，并按时向主办单位反馈。"
SUPPORT_DUE = "请于{day}前就协办工单{number}向主办单位反馈。"
SUPPORT_LATE = "协办工单{number}应于{day}前反馈，现已超期，请尽快向主办单位反馈。"
AT_ONCE = "有特急工单{number}，请值班室立即签收确认，并按应急预案{plan}处置。"
"""In place of the words for a dispatch, where the matter is an emergency (R45)."""
TO_THE_UNIT = {
    "dispatch": "有新派工单{number}，请及时签收办理。",
    "designate": "工单{number}已指定您单位办理，不得退回，请及时签收。",
    "audit_redo": "工单{number}经审核退回重办，请尽快处理。",
    "follow_up_redo": "工单{number}经回访退回重办，请尽快处理。",
    "refuse_return": "工单{number}的退单申请未获同意，请继续办理。",
    "approve_extension": "工单{number}的延期申请已同意。",
    "refuse_extension": "工单{number}的延期申请未获同意，请按原期限办结。",
    "suspend": "工单{number}已同意挂起，暂停计时。",
    "end_suspension": "工单{number}的挂起已结束，恢复计时。",
    "refuse_suspension": "工单{number}的挂起申请未获同意，请继续办理。",
    "approve_commitment": "工单{number}已同意承诺办理，请按阶段目标推进并报告。",
    "refuse_commitment": "工单{number}的承诺办理申请未获同意，请按原期限办结。",
    "terminate": "工单{number}的终止申请已同意，办理结束。",
    "refuse_termination": "工单{number}的终止申请未获同意，请继续办理。",
    "withdraw": "工单{number}的诉求人已撤回，请停止办理。",
    "lapse_suspension": "工单{number}的挂起已到期，恢复计时，请继续办理。",
}  # fmt: skip
"""Verb → what the leading unit is told. Nothing of the matter itself: the message leaves the house."""


def tell(session: Session, moved: Moved) -> None:
    """The citizens and the leading unit are told of this move, if the tables have words for it."""
    if not moved.move.notice and moved.move.verb not in TO_THE_UNIT.keys() | {"assign_support"}:
        return
    ticket = moved.ticket
    lead = session.get(Unit, ticket.lead_unit_code) if ticket.lead_unit_code else None
    send_at = sending_moment(session, ticket.urgency, moved.at)
    if moved.move.notice:
        _tell_citizens(session, moved, lead, send_at)
    if lead is not None and moved.move.verb in TO_THE_UNIT:
        _tell_unit(session, moved, lead, send_at)
    if moved.move.verb in DISPATCHES | {"assign_support"}:
        _tell_supporting(session, moved, send_at)


def sending_moment(session: Session, urgency: str, now: datetime) -> datetime:
    """When a message may leave: at once in an emergency, else in the working hours of the platform's rules."""
    if urgency == Urgency.EMERGENCY:
        return now
    return send_time(load_calendar(session), load_rules(session).profile, urgency, now)


def mobile_of(ticket: Ticket) -> str:
    """Where the citizen reads messages; empty: he gave no mobile number."""
    numbers = (ticket.contact_number, ticket.caller_number or "")
    return next((number for number in numbers if is_mobile(number)), "")


def _tell_citizens(session: Session, moved: Moved, lead: Unit | None, send_at: datetime) -> None:
    ticket = moved.ticket
    whose = select(Ticket).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id)).order_by(Ticket.id)
    for one in session.scalars(whose).all():
        text = moved.move.notice.format(number=one.ticket_number, unit=lead.name if lead else SOMEBODY)
        notice = CitizenNotice(ticket_id=one.id, at=moved.at, action=moved.move.action, text=text)
        session.add(notice)
        session.flush()
        if one.needs_reply and (mobile := mobile_of(one)):
            put_message(
                session, key=f"notice:{notice.id}", recipient=mobile, text=f"【12345热线】{text}", send_at=send_at,
                now=moved.at, ticket_id=one.id,
            )  # fmt: skip


def _tell_unit(session: Session, moved: Moved, lead: Unit, send_at: datetime) -> None:
    ticket, words = moved.ticket, TO_THE_UNIT[moved.move.verb]
    if ticket.urgency == Urgency.EMERGENCY and moved.move.verb in DISPATCHES:
        words = AT_ONCE
    _put(session, moved, lead, words, send_at)


def _tell_supporting(session: Session, moved: Moved, send_at: datetime) -> None:
    """Units that have been asked by this move, whoever asked them."""
    asked = select(Unit).join(Assignment, Assignment.unit_code == Unit.code)
    asked = asked.where(
        Assignment.ticket_id == moved.ticket.id, Assignment.kind == AssignmentKind.SUPPORTING,
        Assignment.assigned_at == moved.at, Assignment.ended_at.is_(None),
    )  # fmt: skip
    for unit in session.scalars(asked.order_by(Unit.code)):
        _put(session, moved, unit, TO_SUPPORT, send_at)


def remind_supporting(session: Session, legs: Iterable[Assignment], now: datetime) -> None:
    """Each supporting unit is told that the lead unit's day is near, or over; once each, however often this runs."""
    today = to_shanghai(now).date()
    send_at = cache(lambda urgency: sending_moment(session, urgency, now))
    for leg in legs:
        if leg.due_on is None:
            continue
        ticket, unit = session.get_one(Ticket, leg.ticket_id), session.get_one(Unit, leg.unit_code)
        kind, words = ("late", SUPPORT_LATE) if leg.due_on < today else ("due", SUPPORT_DUE)
        words = words.format(number=ticket.ticket_number, day=f"{leg.due_on.month}月{leg.due_on.day}日")
        key = f"support-{kind}:{leg.id}:{leg.due_on}"
        _put_to_unit(session, ticket, unit, key=key, words=words, send_at=send_at(ticket.urgency), now=now)


def _put(session: Session, moved: Moved, unit: Unit, words: str, send_at: datetime) -> None:
    ticket = moved.ticket
    is_emergency = ticket.urgency == Urgency.EMERGENCY
    plan = load_rules(session).profile.emergency_plan if is_emergency else ""
    _put_to_unit(
        session, ticket, unit, key=f"unit:{unit.code}:{ticket.id}:{moved.move.verb}:{ticket.version}",
        words=words.format(number=ticket.ticket_number, plan=plan), send_at=send_at, now=moved.at,
        is_emergency=is_emergency,
    )  # fmt: skip


def tell_unit_of_material(session: Session, ticket: Ticket, count: int, now: datetime) -> None:
    """The citizen has added something; what, the unit reads on the ticket."""
    lead = session.get(Unit, ticket.lead_unit_code) if ticket.lead_unit_code else None
    if lead is not None:
        _put_to_unit(
            session, ticket, lead, key=f"material:{ticket.id}:{count}", now=now,
            words=f"工单{ticket.ticket_number}的诉求人补充了材料，请查看。",
            send_at=sending_moment(session, ticket.urgency, now),
        )  # fmt: skip


def _put_to_unit(
    session: Session, ticket: Ticket, unit: Unit, *, key: str, words: str, send_at: datetime, now: datetime,
    is_emergency: bool = False,
) -> None:  # fmt: skip
    """A unit without a mobile number is told by its pages and by people."""
    if mobile := mobile_of_unit(unit, is_emergency=is_emergency):
        put_message(
            session, key=key, recipient=mobile, text=f"【12345热线】{unit.name}：{words}", send_at=send_at, now=now,
            ticket_id=ticket.id,
        )  # fmt: skip
