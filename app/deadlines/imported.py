"""Clocks of tickets that came with a former system's records: they were accepted there, and are timed from here on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.deadlines.models import TicketClock
from app.deadlines.profile import ClockKind
from app.deadlines.running import make_clock, told
from app.deadlines.service import ACTION, SYSTEM, refresh_next_due
from app.deadlines.versions import load_calendar, load_rules
from app.tickets.models import Ticket, TicketHistory

CAUSE = "import"


def time_imported(session: Session, tickets: Sequence[Ticket], at: datetime) -> None:
    """Each has to be dispatched within the time that begins now: their own would be over before anybody saw them."""
    rules, calendar = load_rules(session), load_calendar(session)
    made: list[tuple[Ticket, TicketClock]] = []
    for ticket in tickets:
        if clock := make_clock(ticket, ClockKind.DISPATCH, rules, calendar, started_at=at, cause=CAUSE):
            made.append((ticket, clock))
    if not made:
        return
    session.add_all(clock for _, clock in made)
    session.add_all(
        TicketHistory(
            ticket_id=ticket.id, at=at, actor=SYSTEM, action=ACTION, ticket_version=ticket.version,
            changes={f"clock_{clock.kind}": [None, told(clock)]},
        )
        for ticket, clock in made
    )  # fmt: skip
    session.flush()
    refresh_next_due(session, {ticket.id for ticket, _ in made})
