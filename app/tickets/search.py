"""Text search in tickets: one function, either database (docs/adr/0063-search-by-pairs-of-characters.md)."""

from sqlalchemy import ColumnElement, Text, and_, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.calls.rules import normalize_number
from app.catalogue.models import Region
from app.tickets.models import Ticket
from app.tickets.numbers import QUERY_CODE_LENGTH, is_ticket_number

SEARCHED = literal_column("(tickets.title || ' ' || tickets.address || ' ' || tickets.content)", Text)
"""Word for word what the PostgreSQL index is made of."""

MAX_WORDS = 8


def matches(
    session: Session, text: str, *, area_code: str, finds_people: bool = True, is_read_along: bool = False
) -> ColumnElement[bool]:
    """Tickets that hold every word of `text` in title, address or content.

    A whole ticket number finds its ticket, a telephone number the tickets of that caller (without area code a
    landline of `area_code`), a query code its ticket; the last two only for who
    `finds_people`. On PostgreSQL an index over pairs of characters answers; SQLite reads along, and so does whoever
    asks for it, among few tickets.
    """
    compact = text.strip().replace(" ", "")
    if is_ticket_number(compact):
        return Ticket.ticket_number == compact
    if finds_people and (found := _of_a_citizen(compact, area_code)) is not None:
        return found
    return _hold_all(session, text, is_read_along=is_read_along)


def is_of_words(text: str, *, area_code: str, finds_people: bool) -> bool:
    """Whether `text` is looked for in what citizens told, not as a number."""
    compact = text.strip().replace(" ", "")
    is_number = is_ticket_number(compact) or (finds_people and _of_a_citizen(compact, area_code) is not None)
    return bool(compact) and not is_number


def lies_at(session: Session, place: str) -> ColumnElement[bool]:
    """Tickets whose address holds these words, or that lie in a region of this name or below it."""
    words = place.split()[:MAX_WORDS]
    named = select(Region.code).where(*(Region.full_name.icontains(word, autoescape=True) for word in words))
    in_words = (Ticket.address.icontains(word, autoescape=True) for word in words)
    return or_(Ticket.region_code.in_(list(session.scalars(named))), and_(_hold_all(session, place), *in_words))


def _of_a_citizen(compact: str, area_code: str) -> ColumnElement[bool] | None:
    number = normalize_number(compact, area_code=area_code)
    is_code = len(compact) == QUERY_CODE_LENGTH and compact.isascii() and compact.isdigit()
    told = [Ticket.query_code == compact] if is_code else []
    if number is not None:
        told += [Ticket.caller_number == number, Ticket.contact_number == number]
    return or_(*told) if told else None


def _hold_all(session: Session, text: str, *, is_read_along: bool = False) -> ColumnElement[bool]:
    has_index = session.get_bind().dialect.name == "postgresql" and not is_read_along
    return and_(*(_holds(word, has_index=has_index) for word in text.lower().split()[:MAX_WORDS]))


def _holds(word: str, *, has_index: bool) -> ColumnElement[bool]:
    contains = SEARCHED.icontains(word, autoescape=True)
    if not has_index or len(word) < 2:
        return contains
    pairs = sorted({word[i : i + 2] for i in range(len(word) - 1)})
    indexed = func.hotline_bigrams(SEARCHED, type_=ARRAY(Text)).contains(pairs)
    return and_(indexed, contains)  # also of two letters: where rows are read in order, reading is quicker than pairing
