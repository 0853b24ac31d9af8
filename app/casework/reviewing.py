"""The audit desk (审核台): a reply beside what it answers, and everything that a judge of it asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.casework.case import Case
from app.casework.files import files_of_matter
from app.casework.materials import list_materials
from app.casework.models import CitizenFile, UnitReply
from app.casework.worklists import REPLIED, list_work
from app.deadlines.models import TicketClock
from app.deadlines.profile import ClockKind
from app.deadlines.service import list_clocks
from app.tickets.models import Ticket, TicketHistory
from app.tickets.moving import history
from app.tickets.states import BY_VERB

VERBS = ("audit_pass", "audit_redo")
TIMED = (ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.REPLY, ClockKind.REWORK, ClockKind.MILESTONE)
"""The unit's clocks."""
SENT_BACK = frozenset({BY_VERB["audit_redo"].action, BY_VERB["follow_up_redo"].action})


@dataclass(frozen=True)
class Waiting:
    """A ticket whose reply waits to be judged."""

    ticket: Ticket
    reply: UnitReply | None


@dataclass(frozen=True)
class Findings:
    """What stands beside the reply. `earlier` are the replies of rounds before, `sent_back` why they were no good."""

    materials: Sequence[tuple[datetime, str]]
    files: Sequence[CitizenFile]
    clocks: Sequence[TicketClock]
    earlier: Sequence[UnitReply]
    sent_back: Sequence[TicketHistory]


def list_waiting(session: Session, actor: Actor) -> list[Waiting]:
    """What this person may judge, the most pressing first."""
    tickets = list_work(session, actor, REPLIED)
    found = _replies(session, [ticket.id for ticket in tickets])
    return [Waiting(ticket, found.get((ticket.id, ticket.round))) for ticket in tickets]


def next_waiting(session: Session, actor: Actor, *, after: int) -> int | None:
    """The ticket to be judged next; None: nothing waits."""
    return next((ticket.id for ticket in list_work(session, actor, REPLIED) if ticket.id != after), None)


def findings_of(session: Session, case: Case) -> Findings:
    """A few indexed reads."""
    ticket = case.ticket
    replies = select(UnitReply).where(UnitReply.ticket_id == ticket.id, UnitReply.round < ticket.round)
    return Findings(
        materials=[one for citizen in case.citizens() for one in list_materials(session, citizen.id)],
        files=files_of_matter(session, ticket, case.actor),
        clocks=[clock for clock in list_clocks(session, ticket.id) if clock.kind in TIMED],
        earlier=list(session.scalars(replies.order_by(UnitReply.round.desc()))),
        sent_back=[row for row in reversed(history(session, ticket.id)) if row.action in SENT_BACK],
    )


def _replies(session: Session, ids: Sequence[int]) -> Mapping[tuple[int, int], UnitReply]:
    rows = session.scalars(select(UnitReply).where(UnitReply.ticket_id.in_(ids)))
    return {(row.ticket_id, row.round): row for row in rows}
