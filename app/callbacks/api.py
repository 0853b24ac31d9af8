"""JSON of call-backs: list, read, ask for one, cancel."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.callbacks import jobs, rules, service
from app.callbacks.models import CallbackSource, CallbackStatus
from app.callbacks.schemas import CallbackDetail, CallbackIn, CallbackList, CallbackOut, TryOut
from app.calls.missed import AlreadyResolved, get_missed_call
from app.calls.rules import normalize_number
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.http import ClockDep, Reading, SettingsDep, Writing
from app.platform.job_queue import enqueue
from app.tickets.access import check_sees, holding_of
from app.tickets.service import get_ticket

router = APIRouter(tags=["call-backs"])

Reader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
Writer = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE))]
CallbackId = Annotated[int, Path(ge=1, le=2**63 - 1)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this id"}}

RING: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such ticket, or not one that you may see"},
    409: {"description": "`number-not-diallable`: none, or abroad; `no-queue`: nobody's agents could ring"},
}


@router.get("/callbacks", summary="List call-backs")
def list_callbacks(
    _actor: Reader,
    session: Reading,
    settings: SettingsDep,
    is_open: Annotated[bool | None, Query(alias="open", description="false: those that are over")] = None,
    status: CallbackStatus | None = None,
    source: CallbackSource | None = None,
    number: Annotated[str | None, Query(max_length=40, description="the citizen's number, whole")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CallbackList:
    """Requests to be called back, the newest first."""
    rows = service.list_callbacks(
        session,
        is_open=is_open,
        status=status,
        source=source,
        number=(normalize_number(number, area_code=settings.area_code) or "none") if number else None,
        before=read_cursor(cursor, read_moment) if cursor else None,
        limit=limit + 1,
    )
    shown = rows[:limit]
    more = make_cursor(shown[-1].requested_at.isoformat(), shown[-1].id) if len(rows) > limit else None
    return CallbackList(items=[CallbackOut.of(row) for row in shown], next_cursor=more)


@router.get("/callbacks/{callback_id}", summary="Read a call-back", responses=NOT_FOUND)
def read_callback(callback_id: CallbackId, _actor: Reader, session: Reading) -> CallbackDetail:
    """One request with every try."""
    row = service.get_callback(session, callback_id)
    tries = [TryOut.model_validate(one) for one in service.list_tries(session, callback_id)]
    return CallbackDetail.of(row).model_copy(update={"offered": tries})


@router.post("/callbacks", status_code=201, summary="Ask for a call-back", responses=NOT_FOUND)
def create_callback(body: CallbackIn, actor: Writer, session: Writing, clock: ClockDep) -> CallbackOut:
    """Have a missed call called back: it takes the place in the queue that the citizen had, and an agent who is free
    takes it. A number that is to be called back already keeps its one request.

    409 `already-resolved`: somebody has dealt with it; `number-not-diallable`: anonymous, or abroad.
    """
    missed = get_missed_call(session, body.missed_call_id)
    if missed.resolved_at is not None:
        raise AlreadyResolved(f"{missed.resolved_by} 已处理", resolution=missed.resolution)
    row = service.request_for_missed_call(session, missed, by=actor.name, now=clock())
    audit.record(
        session, actor, "callback_requested", at=clock(), object_type="callback", object_id=row.id,
        detail={"missed_call_id": missed.id},
    )  # fmt: skip
    enqueue(session, jobs.offer_due)
    return CallbackOut.of(row)


@router.post("/tickets/{ticket}/ring", status_code=201, summary="Have the citizen rung", responses=RING)
def ring_citizen(
    ticket: Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")],
    actor: Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.NUMBERS_REVEAL))],
    session: Writing,
    clock: ClockDep,
) -> CallbackOut:
    """Call the citizen of a ticket without being shown the number: an agent of its queue who is free takes it, has the
    ticket before him, and the citizen's telephone rings. In the audit log. A number that is to be called already keeps
    its one request.
    """
    found = get_ticket(session, ticket)
    check_sees(session, actor, found, holding_of(session, actor))
    row = service.request_for_ticket(session, found, by=actor.name, now=clock())
    audit.record(
        session, actor, "citizen_rung", at=clock(), object_type="ticket", object_id=found.id,
        detail={"callback": row.id},
    )  # fmt: skip
    enqueue(session, jobs.offer_due)
    return CallbackOut.of(row)


@router.post("/callbacks/{callback_id}/cancel", summary="Cancel a call-back", responses=NOT_FOUND)
def cancel_callback(callback_id: CallbackId, actor: Writer, session: Writing, clock: ClockDep) -> CallbackOut:
    """Nobody calls back any more; one that waits or rings is taken back. 409 `callback-settled` once it is over."""
    was_under_way = service.get_callback(session, callback_id).status in rules.UNDER_WAY
    row = service.cancel_callback(session, callback_id, by=actor.name, cause="by_person", now=clock())
    audit.record(session, actor, "callback_cancelled", at=clock(), object_type="callback", object_id=row.id)
    if was_under_way and row.call_id:
        enqueue(session, jobs.withdraw, row.call_id)
    return CallbackOut.of(row)
