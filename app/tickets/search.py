"""Text search in tickets: one function, either database (docs/adr/0063-search-by-pairs-of-characters.md)."""

from sqlalchemy import ColumnElement, Text, and_, func, literal_column, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.calls.rules import normalize_number
from app.tickets.models import Ticket
from app.tickets.numbers import is_ticket_number

SEARCHED = literal_column("(tickets.title || ' ' || tickets.address || ' ' || tickets.content)", Text)
"""Word for word what the PostgreSQL index is made of."""

MAX_WORDS = 8


def matches(session: Session, text: str, *, area_code: str) -> ColumnElement[bool]:
    """Tickets that hold every word of `text` in title, address or content.

    A whole ticket number finds its ticket, a telephone number the tickets of that caller (without area code a
    landline of `area_code`). On PostgreSQL an index over pairs of characters answers; SQLite reads along.
    """
    compact = text.strip().replace(" ", "")
    if is_ticket_number(compact):
        return Ticket.ticket_number == compact
    number = normalize_number(compact, area_code=area_code)
    if number is not None:
        return or_(Ticket.caller_number == number, Ticket.contact_number == number)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    words = text.lower().split()[:MAX_WORDS]
    return and_(*(_holds(word, is_postgresql=is_postgresql) for word in words))


def _holds(word: str, *, is_postgresql: bool) -> ColumnElement[bool]:
    contains = SEARCHED.icontains(word, autoescape=True)
    if not is_postgresql or len(word) < 2:
        return contains
    pairs = sorted({word[i : i + 2] for i in range(len(word) - 1)})
    indexed = func.hotline_bigrams(SEARCHED, type_=ARRAY(Text)).contains(pairs)
    return indexed if len(word) == 2 else and_(indexed, contains)
