"""What citizens add to their matters: it stands in the history of their own ticket, and of the one that leads."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.casework.files import Shelf, Upload, keep_files
from app.casework.notices import tell_unit_of_material
from app.platform.errors import Conflict, HotlineError
from app.tickets import service as tickets
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.moving import note_change
from app.tickets.states import OPEN

ACTION, FIELD, CITIZEN = "material_added", "material", "citizen"
LEAST, MOST = 5, 1000
MOST_A_DAY = 5
FILES_ALONE = "（见附件）"


class MaterialRefused(HotlineError):
    status = 422
    code = "material-refused"
    title = f"补充内容应为{LEAST}至{MOST}个字"


class MatterClosed(Conflict):
    code = "matter-closed"
    title = "该事项已办结，如有新情况请再次拨打12345反映"


class EnoughForToday(Conflict):
    code = "enough-for-today"
    title = f"一天最多补充{MOST_A_DAY}次，请明天再来，或拨打12345"


def list_materials(session: Session, ticket_id: int) -> list[tuple[datetime, str]]:
    """When what was added, the newest first."""
    query = select(TicketHistory).where(TicketHistory.ticket_id == ticket_id, TicketHistory.action == ACTION)
    return [(row.at, str(row.changes[FIELD][1])) for row in session.scalars(query.order_by(TicketHistory.id.desc()))]


def add_material(
    session: Session,
    ticket_id: int,
    text: str,
    now: datetime,
    *,
    uploads: Sequence[Upload] = (),
    shelf: Shelf | None = None,
) -> None:
    """Keep what the citizen adds, and tell the unit that there is something. The same again changes nothing.

    Files may come without words; they need a shelf to be put on. Raises MaterialRefused, MatterClosed, EnoughForToday,
    EnoughFiles, FilesUnavailable.
    """
    text = text.replace("\0", "").strip()
    if (text or not uploads) and not LEAST <= len(text) <= MOST:
        raise MaterialRefused()
    ticket = tickets.get_ticket(session, ticket_id, is_locked=True)
    matter = tickets.get_ticket(session, ticket.merged_into_id, is_locked=True) if ticket.merged_into_id else ticket
    if matter.status not in OPEN or matter.status == TicketStatus.DRAFT:
        raise MatterClosed()
    lately = [told for at, told in list_materials(session, ticket.id) if at > now - timedelta(days=1)]
    fresh = keep_files(session, ticket, uploads, shelf=shelf, now=now) if shelf and uploads else 0
    if not fresh and (not text or text in lately):
        return
    if len(lately) >= MOST_A_DAY:
        raise EnoughForToday()
    told = text or FILES_ALONE
    _keep(session, ticket, told, now)
    if matter is not ticket:
        _keep(session, matter, f"（并入工单{ticket.ticket_number}）{told}", now)
    tell_unit_of_material(session, matter, len(list_materials(session, matter.id)), now)


def _keep(session: Session, ticket: Ticket, text: str, now: datetime) -> None:
    note_change(session, ticket, {FIELD: [None, text]}, actor=CITIZEN, action=ACTION, now=now)
