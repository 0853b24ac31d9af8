"""Use cases of tickets: open, read, save, accept, finish, attach a call; every change stands in the history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.calls.models import Call
from app.catalogue.models import Region, Subject, Unit
from app.contract.masks import restore_masked
from app.platform.errors import HotlineError, NotFound
from app.tickets import rules
from app.tickets.drafts import SYSTEM, open_draft_for_call
from app.tickets.listing import TicketFilters, TicketPage, list_tickets
from app.tickets.models import Ticket, TicketStatus, Urgency
from app.tickets.moving import (
    TransitionRefused,
    change_ticket,
    check_version,
    find_move,
    history,
    move_ticket,
    note_change,
)
from app.tickets.numbers import draw_numbers, is_ticket_number, make_query_code
from app.tickets.states import EDITABLE, OPEN

__all__ = [
    "TicketFilters", "TicketIncomplete", "TicketPage", "TransitionRefused", "accept_ticket", "attach_call",
    "create_ticket", "find_ticket_of_call", "finish_ticket", "get_ticket", "history", "list_tickets",
    "open_draft_for_call", "open_tickets_of_number", "save_ticket",
]  # fmt: skip


class TicketIncomplete(HotlineError):
    """Something is missing before the ticket may move on; `errors` names each field."""

    status = 422
    code = "ticket-incomplete"
    title = "工单内容不完整"

    def __init__(self, missing: Mapping[str, str]) -> None:
        errors = [{"field": name, "message": message} for name, message in missing.items()]
        super().__init__("；".join(missing.values()), errors=errors)


def get_ticket(session: Session, ticket: int | str, *, is_locked: bool = False) -> Ticket:
    """The ticket of this id or ticket number. Raises NotFound."""
    text = str(ticket)
    query = select(Ticket).where(Ticket.ticket_number == text if is_ticket_number(text) else Ticket.id == int(text))
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query) if is_ticket_number(text) or int(text) < 2**63 else None
    if found is None:
        raise NotFound("没有这张工单")
    return found


def find_ticket_of_call(session: Session, call_id: str) -> Ticket | None:
    """The ticket that a call belongs to: its own, or the older one that it was attached to."""
    return session.scalar(select(Ticket).join(Call, Call.ticket_id == Ticket.id).where(Call.call_id == call_id))


def open_tickets_of_number(
    session: Session, number: str, *, except_call_id: str | None = None, limit: int = 9
) -> list[Ticket]:
    """A caller's tickets that are not at an end, the newest first; without the draft of the call itself."""
    query = select(Ticket).where(
        or_(Ticket.caller_number == number, Ticket.contact_number == number), Ticket.status.in_(OPEN)
    )
    if except_call_id is not None:
        query = query.where(or_(Ticket.call_id.is_(None), Ticket.call_id != except_call_id))
    return list(session.scalars(query.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(limit)))


def create_ticket(
    session: Session, values: Mapping[str, Any], *, actor: str, region_code: str, now: datetime
) -> Ticket:
    """A draft without a call, e.g. for a caller whom the telephone lost. Raises TicketIncomplete (unknown codes)."""
    _check_codes(session, values)
    ticket = Ticket(
        ticket_number=draw_numbers(session, region_code, now, 1)[0],
        query_code=make_query_code(),
        accepted_by=actor,
        created_at=now,
        updated_at=now,
        version=1,
        status=TicketStatus.DRAFT,
        **values,
    )
    session.add(ticket)
    session.flush()
    given = {name: [None, value] for name, value in values.items()}
    note_change(session, ticket, given, actor=actor, action="opened", now=now)
    return ticket


def save_ticket(
    session: Session,
    ticket_id: int | str,
    changes: Mapping[str, Any],
    *,
    version: int | None,
    actor: str,
    now: datetime,
) -> Ticket:
    """Save some fields. `version` is the one the changes were made on (None: whatever it is now).

    Raises PreconditionFailed when somebody saved in between (it says who and what), TransitionRefused for a ticket at
    its end, TicketIncomplete for a code that does not exist. Saving what is there already changes nothing.
    """
    ticket = get_ticket(session, ticket_id, is_locked=True)
    check_version(session, ticket, version)
    if ticket.status not in EDITABLE:
        raise TransitionRefused("工单已办结或已合并，不能再修改")
    unknown = changes.keys() - set(rules.EDITED_FIELDS)
    if unknown:
        raise ValueError(f"not a field of the form: {sorted(unknown)}")
    meant = {name: _unmasked(value, getattr(ticket, name)) for name, value in changes.items()}
    changed = {name: [getattr(ticket, name), value] for name, value in meant.items() if getattr(ticket, name) != value}
    if changed:
        _check_codes(session, {name: after for name, (_, after) in changed.items()})
        change_ticket(session, ticket, changed, actor=actor, action="edited", now=now)
    return ticket


def _unmasked(value: Any, before: Any) -> Any:
    """What was sent, with the numbers that its writer was shown masked."""
    return restore_masked(value, before) if isinstance(value, str) and isinstance(before, str) else value


def accept_ticket(
    session: Session, ticket_id: int | str, *, actor: str, now: datetime, version: int | None = None
) -> Ticket:
    """受理: the draft is complete. Raises TransitionRefused, TicketIncomplete, PreconditionFailed.

    An urgent matter does not wait for the look-over: it stands ready for dispatch at once (the lane of two hours).
    """
    ticket = _leave_draft(session, ticket_id, "accept", actor=actor, now=now, version=version)
    if ticket.urgency != Urgency.NORMAL:
        move_ticket(session, ticket, "release", actor=SYSTEM, now=now)
    return ticket


def finish_ticket(
    session: Session, ticket_id: int | str, *, actor: str, now: datetime, version: int | None = None
) -> Ticket:
    """直办: a consultation answered at once. Raises TransitionRefused, TicketIncomplete, PreconditionFailed."""
    return _leave_draft(session, ticket_id, "finish", actor=actor, now=now, version=version)


def attach_call(session: Session, call_id: str, ticket_id: int | str, *, actor: str, now: datetime) -> Ticket:
    """The call is about an older ticket: its own draft is merged into that one. Asked again, it changes nothing.

    Whose call it is, `access.check_attaches` asks first. Raises NotFound, TransitionRefused when the older ticket is at
    its end or the call's own has left DRAFT.
    """
    call = session.scalar(select(Call).where(Call.call_id == call_id).with_for_update())
    if call is None:
        raise NotFound(f"没有通话 {call_id}")
    target = get_ticket(session, ticket_id, is_locked=True)
    if call.ticket_id == target.id:
        return target
    if target.status not in OPEN:
        raise TransitionRefused("目标工单已办结或已合并，不能再关联来电")
    own = session.scalar(select(Ticket).where(Ticket.call_id == call_id).with_for_update())
    if own is not None:
        if own.status != TicketStatus.DRAFT:
            raise TransitionRefused("本次来电的工单已受理、办结或合并，不能再关联到其他工单")
        move_ticket(session, own, "attach", actor=actor, now=now, changed={"merged_into_id": target.id})
    call.ticket_id = target.id
    change_ticket(session, target, {}, actor=actor, action="attached", now=now, noted={"call_id": [None, call_id]})
    return target


def _leave_draft(
    session: Session, ticket_id: int | str, verb: str, *, actor: str, now: datetime, version: int | None
) -> Ticket:
    ticket = get_ticket(session, ticket_id, is_locked=True)
    check_version(session, ticket, version)
    find_move(ticket, verb)
    is_finish = verb == "finish"
    missing = rules.missing_for_finish(ticket) if is_finish else rules.missing_for_acceptance(ticket)
    if missing:
        raise TicketIncomplete(missing)
    ticket.accepted_at = now
    if is_finish:
        ticket.ended_at = now
    changed = {} if ticket.accepted_by else {"accepted_by": actor}
    move_ticket(session, ticket, verb, actor=actor, now=now, changed=changed)
    return ticket


def _check_codes(session: Session, values: Mapping[str, Any]) -> None:
    missing = {}
    subject, region = values.get("subject_code"), values.get("region_code")
    complained = values.get("complained_unit_code")
    if subject is not None:
        found = session.get(Subject, subject)
        if found is None or not found.is_active:
            missing["subject_code"] = "该事项分类已停用" if found else "没有这个事项分类"
    if region is not None and session.get(Region, region) is None:
        missing["region_code"] = "没有这个区划"
    if complained is not None and session.get(Unit, complained) is None:
        missing["complained_unit_code"] = "没有这个单位"
    if missing:
        raise TicketIncomplete(missing)
