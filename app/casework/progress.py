"""What a citizen is told of his own matter, by query code and number: plain words, and nothing of a secret ticket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.accounts.lockout import Limit
from app.accounts.login import reserve_attempt
from app.accounts.models import LoginFailure
from app.calls.rules import normalize_number
from app.casework.files import list_files
from app.casework.materials import MOST_A_DAY, list_materials
from app.casework.models import CitizenFile, CitizenNotice, UnitReply
from app.catalogue.models import Unit
from app.deadlines.service import due_at
from app.platform.clock import to_shanghai
from app.tickets.models import Assignment, AssignmentKind, Secrecy, Ticket, TicketStatus
from app.tickets.numbers import is_ticket_number
from app.tickets.states import OPEN, Clock

_S = TicketStatus
TRIES_OF_NUMBER = Limit(free_failures=5)
TRIES_OF_CODE = Limit(free_failures=5)
TRIES_OF_ADDRESS = Limit(free_failures=30)
"""Beyond these each further try doubles a wait, as with passwords; a whole village may stand behind one address."""

STAGES = ("已受理", "已转办", "办理中", "已答复", "已办结")
ANSWERED = frozenset({_S.AUDIT_OK, _S.CALLBACK, _S.RATED, _S.FINISHED, _S.ARCHIVED})
WORDS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        _S.DRAFT: (-1, "话务员正在登记"), _S.ACCEPTED: (0, "已受理，正在审核"), _S.PRE_AUDIT: (0, "已受理，正在审核"),
        _S.TO_DISPATCH: (0, "已受理，正在确定承办单位"), _S.REOPENED: (0, "已重新启动，正在确定承办单位"),
        _S.RETURN_PENDING: (1, "正在核定承办单位"), _S.DISPUTE: (1, "正在核定承办单位"),
        _S.DISPATCHED: (1, "已转承办单位，等待签收"), _S.SIGNED: (2, "承办单位已签收，将与您联系"),
        _S.HANDLING: (2, "承办单位正在办理"), _S.EXTENSION_PENDING: (2, "承办单位正在办理，已申请延期"),
        _S.SUSPENDED: (2, "正在等待材料、鉴定或司法程序，暂停计时"), _S.REDO: (2, "答复未通过审核，正在重新办理"),
        _S.REPLIED: (2, "承办单位已办理，答复正在审核"), _S.AUDIT_OK: (3, "已答复，我们将回访核实"),
        _S.CALLBACK: (3, "已答复，正在回访核实"), _S.RATED: (4, "已办结"), _S.FINISHED: (4, "已办结"),
        _S.ARCHIVED: (4, "已办结"), _S.MERGED: (0, "与同一事项合并办理"),
        _S.REJECTED: (4, "不属于热线受理范围，话务员已告知反映渠道"),
        _S.GUIDED: (4, "不属于热线受理范围，话务员已告知反映渠道"), _S.TERMINATED: (4, "已终止办理"),
    }
)  # fmt: skip
"""Status → how far the matter is, and what it is called to a citizen."""


@dataclass(frozen=True)
class Progress:
    """One matter as its citizen sees it. A secret one shows no title, unit, words or files."""

    number: str
    opened_at: datetime
    stage: int
    words: str
    due_on: date | None
    is_secret: bool
    title: str
    unit: str
    told: list[CitizenNotice]
    reply: str
    materials: list[tuple[datetime, str]]
    files: list[CitizenFile]
    may_add: bool


def count_attempt(session: Session, number: str, code: str, address: str, now: datetime) -> timedelta | None:
    """Count this look-up as a wrong guess until it proves right; or say how long number, code or address must wait."""
    return reserve_attempt(session, _keys(number, code, address), now)


def forgive_attempt(session: Session, number: str, code: str, address: str) -> None:
    """It was no guess."""
    keys = list(_keys(number, code, address))
    counted = update(LoginFailure).where(LoginFailure.key.in_(keys), LoginFailure.failures > 0)
    session.execute(counted.values(failures=LoginFailure.failures - 1, locked_until=None))


def _keys(number: str, code: str, address: str) -> dict[str, Limit]:
    return {
        f"progress-number:{number[:40]}": TRIES_OF_NUMBER,
        f"progress-code:{code[:20]}": TRIES_OF_CODE,
        f"progress-address:{address[:64]}": TRIES_OF_ADDRESS,
    }


def find_ticket(session: Session, number: str, code: str, *, area_code: str) -> Ticket | None:
    """The ticket with this query code and this ticket number, or telephone number that was left with it."""
    wanted = select(Ticket).where(Ticket.query_code == code)
    if is_ticket_number(number):
        return session.scalar(wanted.where(Ticket.ticket_number == number))
    telephone = normalize_number(number, area_code=area_code)
    if telephone is None:
        return None
    theirs = or_(Ticket.caller_number == telephone, Ticket.contact_number == telephone)
    return session.scalars(wanted.where(theirs).order_by(Ticket.id.desc()).limit(1)).first()


def read_progress(session: Session, ticket: Ticket, now: datetime) -> Progress:
    """Where the matter stands. A merged ticket goes with its master, whose own content is another citizen's."""
    matter = session.get_one(Ticket, ticket.merged_into_id) if ticket.merged_into_id else ticket
    stage, words = WORDS[matter.status]
    is_secret = any(one.secrecy != Secrecy.PUBLIC for one in (ticket, matter))
    due = due_at(session, matter.id, Clock.REWORK) or due_at(session, matter.id, Clock.REPLY)
    materials = list_materials(session, ticket.id)
    lately = [one for one in materials if one[0] > now - timedelta(days=1)]
    return Progress(
        number=ticket.ticket_number,
        opened_at=ticket.created_at,
        stage=stage,
        words=words if matter is ticket else f"与同一事项合并办理：{words}",
        due_on=to_shanghai(due).date() if due else None,
        is_secret=is_secret,
        title="" if is_secret else ticket.title,
        unit="" if is_secret else _unit_of(session, matter),
        told=[] if is_secret else _told(session, ticket),
        reply="" if is_secret else _reply_of(session, ticket, matter),
        materials=[] if is_secret else materials,
        files=[] if is_secret else list_files(session, [ticket.id]),
        may_add=matter.status in OPEN - {_S.DRAFT} and len(lately) < MOST_A_DAY,
    )


def _unit_of(session: Session, matter: Ticket) -> str:
    lead = select(Unit.name).join(Assignment, Assignment.unit_code == Unit.code)
    lead = lead.where(Assignment.ticket_id == matter.id, Assignment.kind == AssignmentKind.LEAD)
    return session.scalars(lead.order_by(Assignment.id.desc()).limit(1)).first() or ""


def _told(session: Session, ticket: Ticket) -> list[CitizenNotice]:
    query = select(CitizenNotice).where(CitizenNotice.ticket_id == ticket.id)
    return list(session.scalars(query.order_by(CitizenNotice.id.desc())))


def _reply_of(session: Session, ticket: Ticket, matter: Ticket) -> str:
    """What was answered: only once the hotline has looked it over."""
    if matter.status not in ANSWERED:
        return ""
    replies = select(UnitReply.to_citizen).where(UnitReply.ticket_id == matter.id, UnitReply.approved_at.is_not(None))
    return session.scalars(replies.order_by(UnitReply.round.desc()).limit(1)).first() or ticket.answer
