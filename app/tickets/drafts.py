"""Draft tickets of answered calls: one per call, whoever asks first; filled as facts arrive."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.played import title_of
from app.calls.ratings import WORDS
from app.contract.events import FlowPlayed
from app.platform.database import insert_ignore
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.numbers import draw_numbers, make_query_code

SYSTEM = "system"


def open_draft_for_call(session: Session, call: Call, *, region_code: str, now: datetime) -> Ticket:
    """The ticket that this call opened; asked again, the same one."""
    open_drafts(session, [call], region_code=region_code, now=now)
    return session.scalars(select(Ticket).where(Ticket.call_id == call.call_id)).one()


def open_drafts(session: Session, calls: Sequence[Call], *, region_code: str, now: datetime) -> None:
    """A draft for each answered call without a ticket; the database allows one per call. Sets `call.ticket_id`."""
    waiting = sorted((call for call in calls if call.ticket_id is None), key=lambda call: call.call_id)
    if not waiting:
        return
    numbers = draw_numbers(session, region_code, now, len(waiting))
    rows = [
        {
            "ticket_number": number,
            "query_code": make_query_code(),
            "call_id": call.call_id,
            "original_line": call.original_line,
            "caller_number": call.caller_number,
            "contact_number": call.caller_number or "",
            "accepted_by": call.agent or "",
            "created_at": now,
            "updated_at": now,
        }
        for call, number in zip(waiting, numbers, strict=True)
    ]
    made = session.execute(insert_ignore(session, Ticket).returning(Ticket.id, Ticket.call_id), rows).all()
    history = [
        {"ticket_id": ticket_id, "at": now, "actor": SYSTEM, "action": "opened", "ticket_version": 1}
        for ticket_id, _ in made
    ]
    if history:
        session.execute(insert_ignore(session, TicketHistory), history)
    ids = {call_id: ticket_id for ticket_id, call_id in made}
    if others := [call.call_id for call in waiting if call.call_id not in ids]:  # somebody else was first
        ids |= dict(session.execute(select(Ticket.call_id, Ticket.id).where(Ticket.call_id.in_(others))).all())
    for call in waiting:
        call.ticket_id = ids[call.call_id]


def fill_drafts(session: Session, calls: Sequence[Call], *, now: datetime) -> None:
    """Give drafts what later facts say: the caller's number, the line, and who has the call after a transfer.

    The version stays: what an agent is writing is not refused because a late fact came in.
    """
    by_id = {call.call_id: call for call in calls}
    query = select(Ticket).where(Ticket.call_id.in_(sorted(by_id)), Ticket.status == TicketStatus.DRAFT)
    for ticket in session.scalars(query.order_by(Ticket.id).with_for_update()):
        call = by_id[ticket.call_id or ""]
        ticket.original_line = call.original_line
        if ticket.caller_number != call.caller_number:
            if ticket.contact_number == (ticket.caller_number or ""):
                ticket.contact_number = call.caller_number or ""
            ticket.caller_number = call.caller_number
        agent = call.agent or ""
        if ticket.accepted_by != agent:
            changes = {"accepted_by": [ticket.accepted_by, agent]}
            ticket.accepted_by = agent
            session.add(
                TicketHistory(
                    ticket_id=ticket.id, at=now, actor=SYSTEM, action="taken_over", changes=changes,
                    ticket_version=ticket.version,
                )
            )  # fmt: skip
    session.flush()


def note_rating(session: Session, call: Call, *, now: datetime) -> None:
    """What the caller said of the talk stands in the ticket's history too; the ticket's version stays."""
    ticket = session.get(Ticket, call.ticket_id)
    if ticket is not None and call.rating is not None:
        said = WORDS.get(call.rating, str(call.rating))
        session.add(
            TicketHistory(
                ticket_id=ticket.id, at=now, actor=SYSTEM, action="talk_rated", changes={"rating": ["", said]},
                ticket_version=ticket.version,
            )
        )  # fmt: skip
        session.flush()


def note_played(session: Session, call: Call, fact: FlowPlayed, *, at: datetime) -> None:
    """What the agent played to the citizen stands in the ticket's history too; the ticket's version stays."""
    ticket = session.get(Ticket, call.ticket_id)
    if ticket is not None:
        session.add(
            TicketHistory(
                ticket_id=ticket.id, at=at, actor=fact.agent or SYSTEM, action="flow_played",
                changes={"flow": ["", title_of(fact.flow)]}, ticket_version=ticket.version,
            )
        )  # fmt: skip
        session.flush()
