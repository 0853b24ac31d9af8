"""What one person is shown of what is written on a ticket: numbers masked, and of who asked for secrecy no name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.rules import OF_A_UNIT
from app.contract.masks import mask_text
from app.tickets.access import Holding, sees_full_number, shown_number
from app.tickets.models import LEAST_NAME, PROTECTED, REPORT_TITLE, Secrecy, Ticket, TicketHistory, TicketType


def hides_citizen(actor: Actor, ticket: Ticket) -> bool:
    """Whether this person is not told who spoke: a unit, of who asked for secrecy (R43)."""
    return actor.role in OF_A_UNIT and ticket.is_protected


LISTED_TITLE = case(
    (Ticket.ticket_type == TicketType.REPORT, REPORT_TITLE),
    (
        and_(Ticket.secrecy != Secrecy.PUBLIC, func.length(Ticket.contact_name) >= LEAST_NAME),
        func.replace(Ticket.title, Ticket.contact_name, PROTECTED),
    ),
    else_=Ticket.title,
)
"""`Ticket.listed_title` for queries that read columns alone."""


@dataclass(frozen=True)
class Eyes:
    """How one person sees what is written on one ticket."""

    is_full: bool
    """Numbers whole."""
    hides_citizen: bool = False
    names: frozenset[str] = frozenset()
    """What the citizen is or was called: blotted out wherever it stands."""

    def words(self, text: str) -> str:
        """Free text: numbers that people wrote into it are masked like the others."""
        for name in sorted(self.names, key=len, reverse=True):
            text = text.replace(name, PROTECTED)
        return text if self.is_full else mask_text(text)

    def value(self, value: Any) -> Any:
        """The same for whatever JSON holds."""
        if isinstance(value, str):
            return self.words(value)
        if isinstance(value, Mapping):
            return {key: self.value(inner) for key, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list | tuple) else value

    def name(self, name: str) -> str:
        return PROTECTED if self.hides_citizen else name

    def number(self, number: str | None) -> str:
        """A number as this person sees it; an empty string for none, and of whom he must not know."""
        return "" if self.hides_citizen else shown_number(number, is_full=self.is_full)

    def change(self, field: str, change: list[Any]) -> list[Any]:
        """What a field was and became, as the history keeps it."""
        if field == "contact_name":
            return [name and self.name(name) for name in change]
        if field in {"contact_number", "caller_number"}:
            return [self.number(number) for number in change]
        shown: list[Any] = self.value(change)
        return shown


def eyes_of(session: Session, actor: Actor, ticket: Ticket, holding: Holding) -> Eyes:
    """How this person sees what is written on the ticket. One read more where the citizen is hidden from him."""
    if not hides_citizen(actor, ticket):
        return Eyes(sees_full_number(actor, ticket, holding))
    changes = session.scalars(select(TicketHistory.changes).where(TicketHistory.ticket_id == ticket.id))
    called = {str(name) for change in changes for name in change.get("contact_name", ()) if name}
    return Eyes(False, True, frozenset(name for name in called | {ticket.contact_name} if len(name) >= LEAST_NAME))


def eyes_for_many(actor: Actor, ticket: Ticket) -> Eyes:
    """The same for one of many tickets, without a read: never a whole number; what the citizen is called now."""
    hides = hides_citizen(actor, ticket)
    is_named = hides and len(ticket.contact_name) >= LEAST_NAME
    return Eyes(False, hides, frozenset({ticket.contact_name}) if is_named else frozenset())
