"""What citizens are told because of a move: each citizen of a merged matter in the name of his own ticket."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.casework.models import CitizenNotice
from app.catalogue.models import Unit
from app.tickets.models import Ticket
from app.tickets.moving import Moved

SOMEBODY = "承办单位"


def tell_citizens(session: Session, moved: Moved) -> None:
    """Keep the notice of this move, if the table has one. Adapters for SMS and the citizen's page read these rows."""
    if not moved.move.notice:
        return
    ticket = moved.ticket
    lead = session.get(Unit, ticket.lead_unit_code) if ticket.lead_unit_code else None
    whose = select(Ticket).where(or_(Ticket.id == ticket.id, Ticket.merged_into_id == ticket.id)).order_by(Ticket.id)
    for one in session.scalars(whose):
        text = moved.move.notice.format(number=one.ticket_number, unit=lead.name if lead else SOMEBODY)
        session.add(CitizenNotice(ticket_id=one.id, at=moved.at, action=moved.move.action, text=text))
    session.flush()
