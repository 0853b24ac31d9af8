"""JSON of priority callers: flag a number or a file of them, list the flags, take one away."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.callers import service
from app.callers.number_file import NumberFileUnreadable, read_number_file
from app.callers.rules import PriorityKind
from app.callers.schemas import ClearIn, ImportIn, ImportOut, PriorityIn, PriorityList, PriorityOut
from app.calls.rules import normalize_number
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.http import ClockDep, Reading, SettingsDep, Writing

router = APIRouter(tags=["priority callers"])

Flagger = Annotated[Actor, Depends(require(Permission.CALLERS_FLAG))]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
KNOWN: dict[int | str, dict[str, Any]] = {200: {"description": "Flagged already; the flag stays as it is"}}
UNREADABLE: dict[int | str, dict[str, Any]] = {422: {"description": "No such file; nothing was flagged"}}
GONE: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is none of this id"},
    409: {"description": "Cleared before"},
}


@router.get("/priority-callers", summary="List priority callers")
def list_priority_callers(
    _actor: Flagger,
    session: Reading,
    settings: SettingsDep,
    is_in_force: Annotated[bool, Query(alias="in_force", description="false: those that were cleared")] = True,
    kind: PriorityKind | None = None,
    caller: Annotated[str | None, Query(max_length=40, description="the caller's number, whole")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PriorityList:
    """Numbers that are put through first (P03), the latest flag first."""
    rows = service.list_priority(
        session,
        is_in_force=is_in_force,
        kind=kind,
        caller_number=(normalize_number(caller, area_code=settings.area_code) or "none") if caller else None,
        before=read_cursor(cursor, read_moment) if cursor else None,
        limit=limit + 1,
    )
    shown = rows[:limit]
    more = make_cursor(shown[-1].set_at.isoformat(), shown[-1].id) if len(rows) > limit else None
    return PriorityList(items=[PriorityOut.of(row) for row in shown], next_cursor=more)


@router.post("/priority-callers", summary="Flag a priority caller", status_code=201, responses=KNOWN)
def set_priority_caller(
    body: PriorityIn, actor: Flagger, session: Writing, clock: ClockDep, settings: SettingsDep, response: Response
) -> PriorityOut:
    """From the next call on this number goes straight to a person, before others who wait. In the audit log."""
    row, is_new = service.set_priority(
        session, body.number, kind=body.kind, reason=body.reason, actor=actor, area_code=settings.area_code, now=clock()
    )
    if not is_new:
        response.status_code = 200
    return PriorityOut.of(row)


@router.post("/priority-callers/import", summary="Import priority callers", responses=UNREADABLE)
def import_priority_callers(
    body: ImportIn, actor: Flagger, session: Writing, clock: ClockDep, settings: SettingsDep
) -> ImportOut:
    """Flag every number of a CSV file: columns number 号码, kind 类别, reason 原因. In the audit log, each.

    A broken row is told in `broken` and left out; the same file again flags none.
    """
    try:
        rows = list(read_number_file(body.csv.encode(), reason=body.reason))
    except NumberFileUnreadable as error:
        raise service.FileRefused(str(error)) from error
    report = service.import_numbers(session, rows, actor=actor, area_code=settings.area_code, now=clock())
    return ImportOut.model_validate(report)


@router.post("/priority-callers/{row_id}/clear", summary="Clear a priority caller", responses=GONE)
def clear_priority_caller(
    row_id: RowId, body: ClearIn, actor: Flagger, session: Writing, clock: ClockDep
) -> PriorityOut:
    """The number waits like others again. In the audit log."""
    return PriorityOut.of(service.clear_priority(session, row_id, reason=body.reason, actor=actor, now=clock()))
