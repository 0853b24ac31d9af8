"""What supervisors do: order a supervision beside the ladder, read what was raised, answer for the duty room."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deadlines import service
from app.deadlines.models import Notice, Supervision
from app.deadlines.notices import TOPIC
from app.deadlines.profile import ClockKind, Step
from app.platform.errors import Conflict
from app.platform.topics import publish
from app.tickets.models import Ticket


class OrderedStep(StrEnum):
    """What a person may order (R48, R49, domain.md §2.4). Cards and reminders come from the clocks alone."""

    URGE = Step.URGE
    LISTED = Step.LISTED
    TALK = Step.TALK
    TRANSFER = Step.TRANSFER
    JOINT = "joint"
    ON_SITE = "on_site"


ORDERED: Mapping[str, str] = MappingProxyType(
    {
        OrderedStep.URGE: "催办", OrderedStep.LISTED: "挂牌督办", OrderedStep.TALK: "约谈",
        OrderedStep.TRANSFER: "移交问责", OrderedStep.JOINT: "联合督办", OrderedStep.ON_SITE: "现场督办",
    }
)  # fmt: skip
STEP_WORDS: Mapping[str, str] = MappingProxyType(
    {Step.REMIND: "提醒", Step.YELLOW: "黄牌", Step.RED: "红牌", "emergency": "特急通知", **ORDERED}
)


class NothingToAcknowledge(Conflict):
    """The ticket is no emergency, or its duty room has answered."""

    code = "nothing-to-acknowledge"
    title = "没有待值班室确认的事项"


def order_supervision(
    session: Session, ticket: Ticket, step: str, *, actor: str, reason: str, now: datetime
) -> Supervision:
    """A supervision by hand; the unit's time to answer for itself begins."""
    row = Supervision(
        ticket_id=ticket.id, clock_id=None, step=step, raised_at=now, raised_by=actor, reason=reason, is_caught_up=False
    )
    session.add(row)
    service.start_clock(session, ticket, ClockKind.SUPERVISION, actor=actor, at=now, cause=step)
    session.flush()
    publish(session, TOPIC, f"ticket {ticket.id}")
    return row


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
