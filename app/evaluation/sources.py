"""What rates count: rows of one kind, each with its moment, its ticket, and whose it is."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, true

from app.accounts.auth import Actor
from app.accounts.rules import OF_A_UNIT
from app.calls.models import Call
from app.casework.models import UnitReply
from app.catalogue.models import Unit
from app.deadlines.models import TicketClock
from app.evaluation.models import ObjectionKind, ObjectionStatus, ScoreObjection
from app.tickets.access import Holding, visible
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Assignment, AssignmentKind, Ticket

COUNTY_DIGITS = 6


@dataclass(frozen=True, eq=False)
class Source:
    """Rows of one table in a month: `moment` says in which. Regions are told by county.

    `region` None: the ticket's. No `ticket_id`: calls, which belong to no unit.
    """

    key: str
    model: Any
    moment: Any
    ticket_id: Any = None
    unit: Any = None
    region: Any = None
    only: ColumnElement[bool] | None = None

    @property
    def county(self) -> ColumnElement[str]:
        """Six digits of the region's code."""
        return func.substr(Ticket.region_code if self.region is None else self.region, 1, COUNTY_DIGITS)

    @property
    def is_of_tickets(self) -> bool:
        return self.ticket_id is not None

    def scope(self, actor: Actor, holding: Holding) -> ColumnElement[bool]:
        """What this person may have counted: what he sees; people of a unit what is their unit's or right below.

        A unit's figures are the same for itself and for its judges: what it has returned counts, though it sees it
        no more (lists name such a row without its ticket).
        """
        if not self.is_of_tickets:
            return true()
        if actor.role not in OF_A_UNIT:
            return visible(actor, holding)
        below = select(Unit.code).where(Unit.parent_code == actor.unit)
        return or_(self.unit == actor.unit, self.unit.in_(below)) if actor.unit else false()

    def kept(self) -> ColumnElement[bool]:
        """Rows of tickets that were not excluded (剔除) with evidence and another person's approval."""
        if not self.is_of_tickets:
            return true()
        left_out = select(ScoreObjection.ticket_id).where(
            ScoreObjection.kind == ObjectionKind.EXCLUDE, ScoreObjection.status == ObjectionStatus.APPROVED
        )
        kept: ColumnElement[bool] = self.ticket_id.not_in(left_out)
        return kept


CALLS = Source("calls", Call, Call.arrived_at, only=Call.is_test.is_(False) & Call.same_as.is_(None))
CLOCKS = Source(
    "clocks", TicketClock, TicketClock.due_at, TicketClock.ticket_id, TicketClock.unit_code, TicketClock.region_code,
    only=TicketClock.kind.in_(("sign", "first_contact", "reply")),
)  # fmt: skip
LEGS = Source(
    "legs", Assignment, Assignment.assigned_at, Assignment.ticket_id, Assignment.unit_code,
    only=Assignment.kind == AssignmentKind.LEAD,
)  # fmt: skip
REPLIES = Source("replies", UnitReply, UnitReply.approved_at, UnitReply.ticket_id, UnitReply.unit_code)
OPENED = Source(
    "opened", FollowUpTask, FollowUpTask.opened_at, FollowUpTask.matter_id, FollowUpTask.unit_code,
    FollowUpTask.region_code,
)  # fmt: skip
SETTLED = Source(
    "settled", FollowUpTask, FollowUpTask.settled_at, FollowUpTask.matter_id, FollowUpTask.unit_code,
    FollowUpTask.region_code,
)  # fmt: skip
SOURCES = (CALLS, CLOCKS, LEGS, REPLIES, OPENED, SETTLED)
