"""Tickets that may be about the same matter (R06): same person, place, subject, and words that mean the same."""

from dataclasses import dataclass
from datetime import timedelta

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.accounts.scope import lies_in
from app.casework.case import Case
from app.tickets.access import holding_of, visible
from app.tickets.models import Ticket, TicketStatus
from app.tickets.states import OPEN

LOOKED_BACK = timedelta(days=30)
COMPARED = 300
SHOWN = 5
LEAST = 60
"""Of 100; below it the words are too far apart to bother anybody."""
SAME_NUMBER, SAME_PLACE, SAME_SUBJECT = 25, 10, 10


@dataclass(frozen=True)
class Likeness:
    """One ticket that is like it. `score` 0 to 100; `reasons` are Chinese."""

    ticket: Ticket
    score: int
    reasons: tuple[str, ...]


def find_duplicates(session: Session, case: Case) -> list[Likeness]:
    """The most alike open tickets of the last 30 days that this person may see, the best first."""
    return find_alike(session, case.ticket, visible(case.actor, holding_of(session, case.actor)))


def find_alike(session: Session, ticket: Ticket, among: ColumnElement[bool]) -> list[Likeness]:
    """The same among tickets of this condition; what is shown of them is the caller's to decide."""
    alike = [_is_alike_by_number(ticket), _is_alike_by_matter(ticket)]
    wanted = [condition for condition in alike if condition is not None]
    if not wanted:
        return []
    query = (
        select(Ticket)
        .where(among, or_(*wanted))
        .where(Ticket.id != ticket.id, Ticket.status.in_(OPEN - {TicketStatus.DRAFT}))
        .where(Ticket.created_at > ticket.created_at - LOOKED_BACK)
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
        .limit(COMPARED)
    )
    found = (compare(ticket, other) for other in session.scalars(query))
    likely = sorted((one for one in found if one.score >= LEAST), key=lambda one: (-one.score, one.ticket.id))
    return likely[:SHOWN]


def compare(ticket: Ticket, other: Ticket) -> Likeness:
    """How alike two tickets are: their words by pairs of characters, then number, place and subject on top."""
    words = round(fuzz.token_set_ratio(_pairs(ticket), _pairs(other)))
    score, reasons = words, [f"内容相似{words}%"]
    for is_same, points, reason in (
        (bool(_numbers(ticket) & _numbers(other)), SAME_NUMBER, "同一电话"),
        (ticket.region_code is not None and ticket.region_code == other.region_code, SAME_PLACE, "同一区域"),
        (ticket.subject_code is not None and ticket.subject_code == other.subject_code, SAME_SUBJECT, "同一事项"),
    ):
        if is_same:
            score, reasons = score + points, [*reasons, reason]
    return Likeness(other, min(score, 100), tuple(reasons))


def _is_alike_by_number(ticket: Ticket) -> ColumnElement[bool] | None:
    numbers = _numbers(ticket)
    return or_(Ticket.caller_number.in_(numbers), Ticket.contact_number.in_(numbers)) if numbers else None


def _is_alike_by_matter(ticket: Ticket) -> ColumnElement[bool] | None:
    if not ticket.region_code or not ticket.subject_code:
        return None
    county, kind = ticket.region_code[:6], f"{ticket.subject_code[:4]}00"
    return and_(lies_in(Ticket.region_code, county), lies_in(Ticket.subject_code, kind))


def _numbers(ticket: Ticket) -> set[str]:
    return {number for number in (ticket.caller_number, ticket.contact_number) if number}


def _pairs(ticket: Ticket) -> str:
    """Chinese has no spaces: pairs of characters are its words here."""
    text = "".join(c for c in f"{ticket.title}{ticket.address}{ticket.content}" if c.isalnum())
    return " ".join(text[i : i + 2] for i in range(max(len(text) - 1, 0)))
