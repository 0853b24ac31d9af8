"""Work lists: what waits for whom, the most pressing first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session, defer

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.casework.models import RequestStatus, UnitRequest
from app.tickets.access import holding_of, visible
from app.tickets.models import (
    Assignment,
    AssignmentKind,
    AssignmentStatus,
    Ticket,
    TicketHistory,
    TicketStatus,
    Urgency,
)
from app.tickets.states import DUTY_OF_ACTION, OPEN, SEPARATED_ON_A_TICKET, Duty

_S = TicketStatus
SHOWN = 100
NOT_BY_A_JUDGE = frozenset(
    action for action, duty in DUTY_OF_ACTION.items() if frozenset({duty, Duty.AUDIT}) in SEPARATED_ON_A_TICKET
)
"""What somebody may have done on a ticket so that he must not judge its reply."""

Condition = Callable[[Actor], ColumnElement[bool]]


@dataclass(frozen=True)
class WorkList:
    """One list. `empty` is what stands there when nothing waits."""

    key: str
    label: str
    condition: Condition
    empty: str
    page: str = ""
    """Where it is worked on, if it has a page of its own; empty: /work."""
    bulk: str = ""
    """The move that may be made for many of its tickets at once, and with one click for one of them."""


def _in(*statuses: TicketStatus) -> Condition:
    return lambda _actor: Ticket.status.in_(statuses)


def _own(*statuses: TicketStatus) -> Condition:
    return lambda actor: and_(Ticket.status.in_(statuses), Ticket.lead_unit_code == actor.unit)


def _asked(_actor: Actor) -> ColumnElement[bool]:
    pending = exists().where(UnitRequest.ticket_id == Ticket.id, UnitRequest.status == RequestStatus.PENDING)
    waiting = Ticket.status.in_((_S.RETURN_PENDING, _S.EXTENSION_PENDING))
    return or_(waiting, and_(Ticket.status == _S.HANDLING, pending.correlate(Ticket)))


def _supported(actor: Actor) -> ColumnElement[bool]:
    leg = exists().where(
        Assignment.ticket_id == Ticket.id,
        Assignment.unit_code == actor.unit,
        Assignment.kind == AssignmentKind.SUPPORTING,
        Assignment.ended_at.is_(None),
        Assignment.status != AssignmentStatus.REPORTED,
    )
    return leg.correlate(Ticket)


def _had_a_part(actor: Actor) -> ColumnElement[bool]:
    """Whether this person accepted, handled or signed it: nobody judges his own work (R35)."""
    did = exists().where(
        TicketHistory.ticket_id == Ticket.id,
        TicketHistory.actor == actor.name,
        TicketHistory.action.in_(NOT_BY_A_JUDGE),
    )
    return or_(Ticket.accepted_by == actor.name, did.correlate(Ticket))


def _to_be_judged(actor: Actor) -> ColumnElement[bool]:
    return and_(Ticket.status == _S.REPLIED, not_(_had_a_part(actor)))


def _accepted_by(actor: Actor) -> ColumnElement[bool]:
    return and_(Ticket.accepted_by == actor.name, Ticket.status.in_(OPEN - {_S.DRAFT}))


_DISPATCH = WorkList(
    "dispatch",
    "待派单",
    _in(_S.ACCEPTED, _S.PRE_AUDIT, _S.TO_DISPATCH, _S.REOPENED),
    "没有等待派单的工单",
    bulk="dispatch",
)
_ASKED = WorkList("requests", "单位申请", _asked, "没有等待审核的退单、延期、挂起、承诺或终止申请")
REPLIED = WorkList("replies", "答复审核", _to_be_judged, "没有等待您审核的答复", page="/reviews")
_DISPUTES = WorkList("disputes", "争议协调", _in(_S.DISPUTE), "没有争议工单")
_FOLLOW_UP = WorkList("follow-up", "待回访", _in(_S.AUDIT_OK, _S.CALLBACK), "没有等待回访的工单", page="/follow-ups")
_UNIT = (
    WorkList("sign", "待签收", _own(_S.DISPATCHED), "没有等待签收的工单", bulk="sign"),
    WorkList("redo", "重办", _own(_S.REDO), "没有退回重办的工单", bulk="take_up_redo"),
    WorkList(
        "work", "在办", _own(_S.SIGNED, _S.HANDLING, _S.SUSPENDED, _S.EXTENSION_PENDING, _S.RETURN_PENDING),
        "没有在办工单",
    ),
    WorkList("support", "协办", _supported, "没有需要本单位协办的工单"),
    WorkList("answered", "已答复", _own(_S.REPLIED, _S.AUDIT_OK, _S.CALLBACK), "没有等待审核或回访的工单"),
)  # fmt: skip

LISTS: Mapping[Role, tuple[WorkList, ...]] = MappingProxyType(
    {
        Role.DISPATCHER: (_DISPATCH,),
        Role.REVIEWER: (REPLIED, _ASKED),
        Role.FOLLOW_UP: (_FOLLOW_UP,),
        Role.SUPERVISOR: (_DISPATCH, REPLIED, _ASKED, _DISPUTES),
        Role.UNIT_STAFF: _UNIT,
        Role.UNIT_LEADER: _UNIT,
        Role.AGENT: (WorkList("mine", "我受理的在办工单", _accepted_by, "您受理的工单都已办结"),),
    }
)


def lists_of(actor: Actor) -> tuple[WorkList, ...]:
    """The lists of this person's office."""
    return LISTS.get(actor.role, ()) if actor.role else ()


def count_lists(session: Session, actor: Actor) -> dict[str, int]:
    """How much waits on each list, in one query: each list is counted by its own index, none reads every ticket."""
    lists = lists_of(actor)
    if not lists:
        return {}
    seen = visible(actor, holding_of(session, actor))
    counted = [
        select(func.count()).select_from(Ticket).where(seen, one.condition(actor)).scalar_subquery() for one in lists
    ]
    row = session.execute(select(*counted)).one()
    return {one.key: number for one, number in zip(lists, row, strict=True)}


def count_withheld(session: Session, actor: Actor) -> int:
    """Replies that somebody else must judge, because this person had a part in their tickets."""
    own = and_(Ticket.status == _S.REPLIED, _had_a_part(actor), visible(actor, holding_of(session, actor)))
    return session.scalar(select(func.count()).select_from(Ticket).where(own)) or 0


def list_work(session: Session, actor: Actor, worklist: WorkList) -> list[Ticket]:
    """The most pressing first: emergencies, then what is due soonest, then the oldest."""
    pressing = case((Ticket.urgency == Urgency.EMERGENCY, 0), (Ticket.urgency == Urgency.URGENT, 1), else_=2)
    query = (
        select(Ticket)
        .where(visible(actor, holding_of(session, actor)), worklist.condition(actor))
        .order_by(pressing, Ticket.next_due_at.is_(None), Ticket.next_due_at, Ticket.created_at, Ticket.id)
        .options(defer(Ticket.content), defer(Ticket.demand), defer(Ticket.answer))
        .limit(SHOWN)
    )
    return list(session.scalars(query))
