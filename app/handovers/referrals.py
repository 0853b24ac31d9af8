"""Referrals (转来): what 110, 119, 120 and 122 find not to be theirs becomes a ticket of ours, once per incident."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, not_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.calls.models import Call
from app.calls.rules import normalize_number
from app.handovers.models import Referral
from app.handovers.rules import EMERGENCY_NUMBERS
from app.handovers.schemas import ReferralIn, TransferKind
from app.lines.models import Trunk
from app.lines.service import trunks_of_kind
from app.platform.errors import Conflict, NotAllowed, NotFound
from app.tickets.access import lies_in_region
from app.tickets.drafts import SYSTEM
from app.tickets.models import SourceChannel, Ticket, TicketHistory, TicketStatus, TicketType
from app.tickets.service import create_ticket, find_ticket_of_call
from app.tickets.states import OPEN

VOICE_WINDOW = timedelta(minutes=30)
"""A referral by voice belongs to a call of the same number that came over so shortly before."""
POLICE = "110"
IS_NOBODYS = and_(Ticket.accepted_by == "", Ticket.status == TicketStatus.DRAFT)
"""Nobody has taken the matter yet. One by voice has the agent of its call."""


class ReferralDiffers(Conflict):
    """The incident number is known, with another content: the sender has to say which one is right."""

    code = "referral-differs"
    title = "该警情编号已转来，内容与此前不一致"


def receive(
    session: Session, body: ReferralIn, actor: Actor, *, region_code: str, area_code: str, now: datetime
) -> tuple[Referral, bool]:
    """Keep a referral, open its ticket or find that of its call; whether it is new.

    Sent again it changes nothing. Raises ReferralDiffers, NotAllowed for a machine that speaks for another service.
    """
    if actor.line and actor.line != body.source:
        raise NotAllowed(f"该令牌只能以 {actor.line} 的名义转来事项")
    body = body.model_copy(update={"alarmed_at": body.alarmed_at.astimezone(UTC)})
    number = normalize_number(body.caller_number, area_code=area_code)
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    known = find_referral(session, body.source, body.incident_number)
    if known is None:
        try:
            with session.begin_nested():
                return _keep(session, body, actor, number=number, digest=digest, region_code=region_code, now=now), True
        except IntegrityError:  # the same incident, at the same time, was first
            known = find_referral(session, body.source, body.incident_number)
            if known is None:
                raise
    if known.digest != digest:
        raise ReferralDiffers(f"警情编号 {body.incident_number} 已于此前转来，请核对后以新的编号转来")
    return known, False


def find_referral(session: Session, source: str, incident_number: str) -> Referral | None:
    """The referral of this incident."""
    return session.scalar(select(Referral).filter_by(source=source, incident_number=incident_number))


def get_referral(session: Session, source: str, incident_number: str) -> tuple[Referral, Ticket]:
    """The referral with its ticket as it stands now. Raises NotFound."""
    referral = find_referral(session, source, incident_number)
    ticket = session.get(Ticket, referral.ticket_id) if referral else None
    if referral is None or ticket is None:
        raise NotFound("没有这个警情编号")
    while ticket.merged_into_id is not None:  # the result is that of the ticket it was merged into
        ticket = session.get_one(Ticket, ticket.merged_into_id)
    return referral, ticket


def list_referrals(
    session: Session,
    *,
    source: str | None = None,
    is_waiting: bool | None = None,
    sent_by: str | None = None,
    text: str = "",
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
    seen_by: Actor | None = None,
) -> list[tuple[Referral, Ticket]]:
    """Referrals of the region that `seen_by` is bound to (None: all) with their tickets, the newest first.

    `before` is (received_at, id) of the last of the page before.

    `is_waiting`: whether nobody has taken it yet; `text`: a part of incident number, category or place.
    """
    query = select(Referral, Ticket).join(Ticket, Ticket.id == Referral.ticket_id)
    if seen_by is not None:
        query = query.where(lies_in_region(seen_by))
    if source is not None:
        query = query.where(Referral.source == source)
    if sent_by is not None:
        query = query.where(Referral.sent_by == sent_by)
    if is_waiting is not None:
        query = query.where(IS_NOBODYS if is_waiting else not_(IS_NOBODYS))
    if text.strip():
        columns = (Referral.incident_number, Referral.category, Referral.address)
        query = query.where(or_(*(column.contains(text.strip(), autoescape=True) for column in columns)))
    if before is not None:
        at, row_id = before
        query = query.where((Referral.received_at < at) | ((Referral.received_at == at) & (Referral.id < row_id)))
    query = query.order_by(Referral.received_at.desc(), Referral.id.desc()).limit(limit)
    return [(referral, ticket) for referral, ticket in session.execute(query)]


def referrals_of_caller(session: Session, caller_number: str | None, *, now: datetime) -> list[Referral]:
    """What was referred to us of this number in the last day: the agent sees it beside the call. A matter that is known
    to be a report is read on its own page.
    """
    if not caller_number:
        return []
    recent = Referral.received_at > now - timedelta(days=1)
    is_plain = or_(Ticket.ticket_type.is_(None), Ticket.ticket_type != TicketType.REPORT)
    query = select(Referral).join(Ticket, Ticket.id == Referral.ticket_id)
    query = query.where(Referral.caller_number == caller_number, recent, is_plain).order_by(Referral.id.desc())
    return list(session.scalars(query.limit(3)))


def join_referrals(session: Session, calls: Iterable[Call], *, now: datetime) -> None:
    """Give calls that get their ticket now that of their referral by voice, if it was sent before they were answered.

    Only calls on an emergency trunk, and only a ticket that is open and has no call yet. Sets `call.ticket_id`.
    """
    waiting = [call for call in calls if call.ticket_id is None and call.trunk and call.caller_number is not None]
    names = trunks_of_kind(session, {call.trunk for call in waiting}, "emergency") if waiting else frozenset()
    for call in waiting:
        if call.trunk not in names:
            continue
        begin, end = call.arrived_at - VOICE_WINDOW, call.arrived_at + VOICE_WINDOW
        query = (
            select(Ticket)
            .join(Referral, Referral.ticket_id == Ticket.id)
            .where(Referral.caller_number == call.caller_number, Referral.transfer_kind == TransferKind.VOICE)
            .where(Referral.received_at > begin, Referral.received_at < end)
            .where(Ticket.call_id.is_(None), Ticket.status.in_(OPEN))
            .order_by(Referral.id.desc())
            .limit(1)
            .with_for_update(of=Ticket)
        )
        ticket = session.scalar(query)
        if ticket is not None:
            ticket.call_id, call.ticket_id = call.call_id, ticket.id
            note = {"call_id": [None, call.call_id]}
            session.add(
                TicketHistory(
                    ticket_id=ticket.id, at=now, actor=SYSTEM, action="attached", changes=note,
                    ticket_version=ticket.version,
                )
            )  # fmt: skip
            session.flush()


def mark_source(session: Session, calls: Iterable[Call]) -> None:
    """Tickets of calls that an emergency service put through say so (source 110). Asked again, nothing changes."""
    by_trunk = {call.trunk: call for call in calls if call.ticket_id is not None}
    if not by_trunk:
        return
    names = trunks_of_kind(session, by_trunk, "emergency")
    for call in calls:
        if call.trunk in names:
            own = select(Ticket).where(Ticket.call_id == call.call_id)
            ticket = session.scalar(own)
            if ticket is not None and ticket.source_channel == SourceChannel.PHONE:
                ticket.source_channel = service_of(call)


def service_of(call: Call) -> str:
    """Which service put the call through: by Diversion or line where one is named, else 110."""
    named = (call.diversion, call.original_line)
    return next((number for number in named if number in EMERGENCY_NUMBERS), POLICE)


def _keep(
    session: Session,
    body: ReferralIn,
    actor: Actor,
    *,
    number: str | None,
    digest: str,
    region_code: str,
    now: datetime,
) -> Referral:
    ticket = _ticket_of_voice(session, number, now) if body.transfer_kind is TransferKind.VOICE else None
    if ticket is None:
        values = {
            "source_channel": body.source, "original_line": body.source, "caller_number": number,
            "contact_number": number or "", "contact_name": body.caller_name, "address": body.address,
            "title": f"{body.source}转来：{body.category}"[:100], "content": body.content,
        }  # fmt: skip
        ticket = create_ticket(session, values, actor=actor.name, region_code=region_code, now=now)
        ticket.accepted_by = ""  # nobody's yet
    referral = Referral(
        source=body.source, incident_number=body.incident_number, alarmed_at=body.alarmed_at, address=body.address,
        caller_number=number, caller_name=body.caller_name, category=body.category, transfer_kind=body.transfer_kind,
        content=body.content, consultation=body.consultation, digest=digest, sent_by=actor.name, received_at=now,
        ticket_id=ticket.id,
    )  # fmt: skip
    session.add(referral)
    session.flush()
    return referral


def _ticket_of_voice(session: Session, number: str | None, now: datetime) -> Ticket | None:
    """The ticket of the call with which this matter came: one matter, one ticket.

    The calls are locked: one that is being answered just now has its ticket when this goes on, and one that is answered
    next finds the referral.
    """
    if number is None:
        return None
    emergency = select(Trunk.name).where(Trunk.kind == "emergency")
    came = (Call.caller_number == number) & (Call.arrived_at > now - VOICE_WINDOW) & Call.trunk.in_(emergency)
    query = select(Call).where(came).order_by(Call.call_id).with_for_update().execution_options(populate_existing=True)
    calls = [call for call in session.scalars(query) if call.ticket_id is not None]
    return find_ticket_of_call(session, max(calls, key=lambda call: call.id).call_id) if calls else None
