"""What citizens and units are told because of a move: each citizen of a merged matter in the name of his own ticket.

The rows here are what was said; the outbox carries it to a telephone, in working hours except in an emergency.
"""

import re
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.casework.models import CitizenNotice
from app.catalogue.models import Unit
from app.deadlines.notices import send_time
from app.deadlines.versions import load_calendar, load_rules
from app.outbox.service import put_message
from app.tickets.models import Ticket, Urgency
from app.tickets.moving import Moved

SOMEBODY = "承办单位"
_MOBILE = re.compile(r"1[3-9]\d{9}")
"""Only a mobile takes text messages."""
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
    "lapse_suspension": "工单{number}的挂起已到期，恢复计时，请继续办理。",
}  # fmt: skip
"""Verb → what the leading unit's contact is told. Nothing of the matter itself: the message leaves the house."""


def tell(session: Session, moved: Moved) -> None:
    """The citizens and the leading unit are told of this move, if the tables have words for it."""
    if not moved.move.notice and moved.move.verb not in TO_THE_UNIT:
        return
    ticket = moved.ticket
    lead = session.get(Unit, ticket.lead_unit_code) if ticket.lead_unit_code else None
    send_at = sending_moment(session, ticket.urgency, moved.at)
    if moved.move.notice:
        _tell_citizens(session, moved, lead, send_at)
    if lead is not None and moved.move.verb in TO_THE_UNIT:
        _tell_unit(session, moved, lead, send_at)


def sending_moment(session: Session, urgency: str, now: datetime) -> datetime:
    """When a message may leave: at once in an emergency, else in the working hours of the platform's rules."""
    if urgency == Urgency.EMERGENCY:
        return now
    return send_time(load_calendar(session), load_rules(session).profile, urgency, now)


def mobile_of(ticket: Ticket) -> str:
    """Where the citizen reads messages; empty: he gave no mobile number."""
    numbers = (ticket.contact_number, ticket.caller_number or "")
    return next((number for number in numbers if _MOBILE.fullmatch(number)), "")


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
    ticket = moved.ticket
    is_emergency = ticket.urgency == Urgency.EMERGENCY
    number = (lead.duty_phone if is_emergency else "") or lead.contact_phone
    if not _MOBILE.fullmatch(number):
        return
    words = TO_THE_UNIT[moved.move.verb].format(number=ticket.ticket_number)
    put_message(
        session, key=f"unit:{ticket.id}:{moved.move.verb}:{ticket.version}", recipient=number,
        text=f"【12345热线】{lead.name}：{words}", send_at=send_at, now=moved.at, ticket_id=ticket.id,
    )  # fmt: skip


def tell_unit_of_material(session: Session, ticket: Ticket, count: int, now: datetime) -> None:
    """The citizen has added something; what, the unit reads on the ticket."""
    lead = session.get(Unit, ticket.lead_unit_code) if ticket.lead_unit_code else None
    if lead is not None and _MOBILE.fullmatch(lead.contact_phone):
        put_message(
            session, key=f"material:{ticket.id}:{count}", recipient=lead.contact_phone,
            text=f"【12345热线】{lead.name}：工单{ticket.ticket_number}的诉求人补充了材料，请查看。",
            send_at=sending_moment(session, ticket.urgency, now), now=now, ticket_id=ticket.id,
        )  # fmt: skip
