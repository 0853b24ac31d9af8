"""What supervisors do: order a supervision beside the ladder, read what was raised; and who has to answer for it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.deadlines import service
from app.deadlines.models import Notice, Supervision
from app.deadlines.notices import EMERGENCY, TOPIC, put_notice_of_ticket
from app.deadlines.profile import ClockKind, Step
from app.platform.errors import Conflict, NotAllowed
from app.platform.topics import publish
from app.tickets.duties import check_act
from app.tickets.models import Ticket, TicketStatus
from app.tickets.moving import note_change
from app.tickets.states import OPEN, Duty

REPEATED = "repeated"
"""The citizen asks again for what is under way (催办): raised by the agent who heard him, ordered by nobody."""


class OrderedStep(StrEnum):
    """What a person may order (R48, R49, R51, domain.md §2.4). Cards and reminders come from the clocks alone."""

    URGE = Step.URGE
    LISTED = Step.LISTED
    TALK = Step.TALK
    TRANSFER = Step.TRANSFER
    JOINT = "joint"
    ON_SITE = "on_site"
    CENSURE = "censure"
    INVESTIGATE = "investigate"
    MEDIA = "media"


ORDERED: Mapping[str, str] = MappingProxyType(
    {
        OrderedStep.URGE: "催办", OrderedStep.LISTED: "挂牌督办", OrderedStep.TALK: "约谈",
        OrderedStep.TRANSFER: "移交问责", OrderedStep.JOINT: "联合督办", OrderedStep.ON_SITE: "现场督办",
        OrderedStep.CENSURE: "通报批评", OrderedStep.INVESTIGATE: "调查问责", OrderedStep.MEDIA: "媒体曝光",
    }
)  # fmt: skip
STEP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        REPEATED: "诉求人催办", EMERGENCY: "特急通知", Step.REMIND: "提醒", Step.URGE: "催办", Step.YELLOW: "黄牌",
        Step.RED: "红牌", **ORDERED,
    }
)  # fmt: skip
"""In order: the higher step later."""


class NothingToAcknowledge(Conflict):
    """The ticket is no emergency, or its duty room has answered."""

    code = "nothing-to-acknowledge"
    title = "没有待值班室确认的事项"


class NothingToSupervise(Conflict):
    """Nobody handles this ticket any more, or not yet."""

    code = "nothing-to-supervise"
    title = "工单尚未受理或已经办结，不能督办"


class NothingToAnswer(Conflict):
    """No supervision waits for the unit's answer."""

    code = "nothing-to-answer"
    title = "没有待回应的督办"


def order_supervision(
    session: Session, ticket: Ticket, step: str, *, actor: Actor, reason: str, now: datetime
) -> Supervision:
    """A supervision by hand: the unit is told, its time to answer begins. Raises NothingToSupervise, NotAllowed."""
    check_act(session, ticket, actor, Duty.SUPERVISE)
    check_under_way(ticket)
    row = raise_by_hand(session, ticket, step, actor=actor, reason=reason, now=now)
    service.start_clock(session, ticket, ClockKind.SUPERVISION, actor=actor.name, at=now, cause=step)
    words = {"supervision": [None, STEP_WORDS[step]], "reason": [None, reason]}
    note_change(session, ticket, words, actor=actor.name, action="supervised", now=now)
    return row


def is_under_way(ticket: Ticket) -> bool:
    """Neither a draft nor over."""
    return ticket.status in OPEN - {TicketStatus.DRAFT}


def check_under_way(ticket: Ticket) -> None:
    """Raises NothingToSupervise."""
    if not is_under_way(ticket):
        raise NothingToSupervise()


def raise_by_hand(
    session: Session, ticket: Ticket, step: str, *, actor: Actor, reason: str, now: datetime
) -> Supervision:
    """The row, and the notice to whoever has the ticket."""
    row = Supervision(
        ticket_id=ticket.id, clock_id=None, step=step, raised_at=now, raised_by=actor.name, reason=reason,
        is_caught_up=False,
    )  # fmt: skip
    session.add(row)
    put_notice_of_ticket(session, ticket, step, now=now)
    return row


def answer_supervision(session: Session, ticket: Ticket, *, actor: Actor, answer: str, now: datetime) -> None:
    """The lead unit explains itself: its time to answer ends. Raises NothingToAnswer, NotAllowed."""
    if not actor.unit or actor.unit != ticket.lead_unit_code:
        raise NotAllowed("只有本工单的主办单位可以回应督办")
    check_act(session, ticket, actor, Duty.HANDLE)
    if not service.stop_clock(session, ticket, ClockKind.SUPERVISION, actor=actor.name, at=now):
        raise NothingToAnswer()
    told = {"supervision_answer": [None, answer]}
    note_change(session, ticket, told, actor=actor.name, action="supervision_answered", now=now)
    publish(session, TOPIC, f"ticket {ticket.id}")


def acknowledge(session: Session, ticket: Ticket, *, actor: str, now: datetime) -> None:
    """The duty room has the emergency matter (R45). Raises NothingToAcknowledge."""
    if not service.stop_clock(session, ticket, ClockKind.ACKNOWLEDGEMENT, actor=actor, at=now):
        raise NothingToAcknowledge()


def list_supervisions(session: Session, ticket_id: int) -> list[Supervision]:
    """Every step of a ticket, the oldest first."""
    return list(session.scalars(select(Supervision).where(Supervision.ticket_id == ticket_id).order_by(Supervision.id)))


def list_notices(session: Session, ticket_id: int) -> list[Notice]:
    """Everything somebody was or is to be told about a ticket, the oldest first."""
    return list(session.scalars(select(Notice).where(Notice.ticket_id == ticket_id).order_by(Notice.id)))
