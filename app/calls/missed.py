"""The missed-call list: who called and reached nobody, to be called back. One open row per number.

A row counts the calls whose `missed_call_id` is its id; its times and ends are computed from them, so a call that turns
out to have been answered after all (a late fact) leaves the row as if it had never been there.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.models import Call, MissedCall
from app.platform.database import insert_ignore
from app.platform.errors import Conflict, NotFound

RESOLUTIONS = {"answered_again": "再次来电已接听", "called_back": "已回拨", "dismissed": "无需回拨"}
ANSWERED_AGAIN = "answered_again"


class AlreadyResolved(Conflict):
    """Somebody else has dealt with this row."""

    code = "already-resolved"
    title = "该未接来电已处理"


def list_missed_calls(
    session: Session, *, is_open: bool | None = True, before_id: int | None = None, limit: int = 50
) -> list[MissedCall]:
    """Rows, the newest first; `before_id` is the last id of the page before. `is_open` None: open and resolved."""
    query = select(MissedCall).order_by(MissedCall.id.desc()).limit(limit)
    if is_open is not None:
        query = query.where(MissedCall.resolved_at.is_(None) if is_open else MissedCall.resolved_at.is_not(None))
    if before_id is not None:
        query = query.where(MissedCall.id < before_id)
    return list(session.scalars(query))


def get_missed_call(session: Session, missed_call_id: int) -> MissedCall:
    """The row of this id. Raises NotFound."""
    row = session.get(MissedCall, missed_call_id)
    if row is None:
        raise NotFound("没有这条未接来电")
    return row


def resolve_missed_call(
    session: Session, missed_call_id: int, *, resolution: str, actor: str, now: datetime
) -> MissedCall:
    """Close a row by hand: `called_back` or `dismissed`. Raises NotFound, AlreadyResolved."""
    row = session.get(MissedCall, missed_call_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条未接来电")
    if row.resolved_at is not None:
        raise AlreadyResolved(f"{row.resolved_by} 已处理", resolution=row.resolution)
    row.resolved_at, row.resolution, row.resolved_by = now, resolution, actor
    session.flush()
    return row


def put_on_list(session: Session, call: Call, missed_at: datetime) -> None:
    """Count this call as missed, once: in the open row of its number, or in the one that a later answer has closed.

    A row that a person has closed for this very call stays its row, and closed, whatever a late fact says of the
    caller's number: he has dealt with the call. Only the number on the row is set right, so that the list says who
    called. A call that merely shared a row of another number goes to the row of its own number, open if need be.
    """
    if call.missed_call_id is not None:
        row = session.get(MissedCall, call.missed_call_id, with_for_update=True)
        if row is not None and row.caller_number == call.caller_number:
            _count(session, row)
            return
        take_off_list(session, call)
    row = _closed_by_person(session, call)
    if row is None:
        answered_at = _answered_after(session, call.caller_number, missed_at)
        row = _closed_by_answer(session, call, answered_at) if answered_at else _open_row(session, call, missed_at)
    call.missed_call_id = row.id
    session.flush()
    _count(session, row)


def take_off_list(session: Session, call: Call) -> None:
    """This call was not missed after all."""
    row = session.get(MissedCall, call.missed_call_id, with_for_update=True)
    call.missed_call_id = None
    session.flush()
    if row is not None:
        _count(session, row)


def close_by_answer(session: Session, caller_number: str, answered_at: datetime) -> None:
    """The number called again and was answered: nobody needs to call back for what it missed before."""
    row = session.scalar(
        select(MissedCall)
        .where(MissedCall.caller_number == caller_number, MissedCall.resolved_at.is_(None))
        .with_for_update()
    )
    if row is not None and row.last_missed_at < answered_at:
        row.resolved_at, row.resolution, row.resolved_by = answered_at, ANSWERED_AGAIN, "system"
        session.flush()


def resolve_by_callback(session: Session, caller_number: str, *, agent: str, at: datetime) -> None:
    """We have talked with him: what this number missed before is dealt with."""
    row = session.scalar(
        select(MissedCall)
        .where(MissedCall.caller_number == caller_number, MissedCall.resolved_at.is_(None))
        .with_for_update()
    )
    if row is not None and row.first_missed_at <= at:
        row.resolved_at, row.resolution, row.resolved_by = at, "called_back", agent
        session.flush()


def _answered_after(session: Session, caller_number: str | None, moment: datetime) -> datetime | None:
    if caller_number is None:
        return None
    query = select(Call.answered_at).where(Call.caller_number == caller_number, Call.answered_at > moment)
    return session.scalar(query.order_by(Call.answered_at).limit(1))


def _closed_by_person(session: Session, call: Call) -> MissedCall | None:
    """The row of this call that outlived it, now of the call's number. Rows without calls are kept only if closed so.

    `call_id` is unique: neither a new row nor an open one of the number could take this call as its first.
    """
    query = select(MissedCall).where(MissedCall.call_id == call.call_id, MissedCall.resolved_at.is_not(None))
    row = session.scalar(query.with_for_update())
    if row is not None:
        row.caller_number = call.caller_number
    return row


def _open_row(session: Session, call: Call, missed_at: datetime) -> MissedCall:
    values = _first_values(call, missed_at)
    session.execute(insert_ignore(session, MissedCall).values(**values))
    query = select(MissedCall).where(MissedCall.resolved_at.is_(None)).with_for_update()
    if call.caller_number is None:
        return session.scalars(query.where(MissedCall.call_id == call.call_id)).one()
    return session.scalars(query.where(MissedCall.caller_number == call.caller_number)).one()


def _closed_by_answer(session: Session, call: Call, answered_at: datetime) -> MissedCall:
    query = select(MissedCall).where(
        MissedCall.caller_number == call.caller_number, MissedCall.resolved_at == answered_at
    )
    row = session.scalars(query.with_for_update()).first()
    if row is None:
        row = MissedCall(**_first_values(call, answered_at))
        row.resolved_at, row.resolution, row.resolved_by = answered_at, ANSWERED_AGAIN, "system"
        session.add(row)
        session.flush()
    return row


def _first_values(call: Call, missed_at: datetime) -> dict[str, object]:
    return {
        "caller_number": call.caller_number,
        "call_id": call.call_id,
        "last_call_id": call.call_id,
        "reason": call.outcome,
        "original_line": call.original_line,
        "times": 1,
        "first_missed_at": missed_at,
        "last_missed_at": missed_at,
        "resolution": "",
        "resolved_by": "",
    }


def _count(session: Session, row: MissedCall) -> None:
    """Set the row to what its calls say; without calls it goes, unless a person has written on it."""
    query = select(Call).where(Call.missed_call_id == row.id).order_by(Call.missed_at, Call.call_id)
    calls = list(session.scalars(query))
    if calls:
        _set_counts(row, calls)
    elif row.resolved_at is None or row.resolution == ANSWERED_AGAIN:
        session.delete(row)
    session.flush()


def _set_counts(row: MissedCall, calls: Sequence[Call]) -> None:
    first, last = calls[0], calls[-1]
    row.times = len(calls)
    row.call_id, row.last_call_id = first.call_id, last.call_id
    row.first_missed_at = first.missed_at or first.arrived_at
    row.last_missed_at = last.missed_at or last.arrived_at
    row.reason = str(last.outcome)
    row.original_line = last.original_line
