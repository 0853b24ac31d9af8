"""JSON of calls and of the missed-call list."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.reveals import note_reveal
from app.accounts.rules import Permission
from app.calls import by_line, missed, ratings, service
from app.calls.models import CallOutcome, CallState
from app.calls.order import in_order
from app.calls.reconcile import list_reconciliations
from app.calls.rules import normalize_number
from app.calls.schemas import (
    AgentRatingsList,
    AgentRatingsOut,
    CallList,
    CallOut,
    CallSummary,
    FactList,
    FactOut,
    JoinedCallList,
    JoinedCallOut,
    LineVolumeList,
    LineVolumeOut,
    MissedCallList,
    MissedCallOut,
    ReconciliationList,
    ReconciliationOut,
    ResolveIn,
    RevealNumberIn,
    RevealNumberOut,
    StageOut,
)
from app.platform.clock import SHANGHAI, to_shanghai
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, Reading, SettingsDep, Writing

router = APIRouter()

Reader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
Revealer = Annotated[Actor, Depends(require(Permission.CALLS_READ, Permission.NUMBERS_REVEAL))]
MissedReader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
MissedWriter = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE))]
Operator = Annotated[Actor, Depends(require(Permission.OPERATIONS_READ))]
CallKey = Annotated[str, Path(max_length=64, description="HL_CALL_ID")]
PageSize = Annotated[int, Query(ge=1, le=200)]
PageCursor = Annotated[str | None, Query(max_length=200)]


class BadRange(HotlineError):
    """The last day lies before the first, or more than a year after it."""

    status = 422
    code = "bad-range"
    title = "日期范围应为一年以内，且截止日期不早于起始日期"


NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this id"}}


@router.get("/calls", tags=["calls"], summary="List calls")
def list_calls(
    actor: Reader,
    session: Reading,
    settings: SettingsDep,
    state: CallState | None = None,
    outcome: CallOutcome | None = None,
    agent: Annotated[str | None, Query(max_length=80)] = None,
    queue: Annotated[str | None, Query(max_length=80)] = None,
    caller: Annotated[str | None, Query(max_length=40, description="the caller's number, whole")] = None,
    line: Annotated[str | None, Query(pattern=r"^[0-9]{3,20}$", description="the hotline the citizen meant")] = None,
    tests: Annotated[bool, Query(description="test calls (拨测) instead of citizens' calls")] = False,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="arrived at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="arrived before")] = None,
    cursor: PageCursor = None,
    limit: PageSize = 50,
) -> CallList:
    """Calls, the latest arrival first; pages stay stable while calls come in."""
    calls = service.list_calls(
        session,
        state=state,
        outcome=outcome,
        agent=agent,
        queue=queue,
        caller_number=(normalize_number(caller, area_code=settings.area_code) or "none") if caller else None,
        line=line,
        is_test=tests,
        since=since,
        until=until,
        before=_before(cursor),
        limit=limit + 1,
        seen_by=actor,
    )
    shown = calls[:limit]
    held = service.held_call_id(session, actor.name)
    items = [CallSummary.of(call, is_full=held == call.call_id) for call in shown]
    last = shown[-1] if len(calls) > limit else None
    return CallList(items=items, next_cursor=make_cursor(last.arrived_at.isoformat(), last.id) if last else None)


def _before(cursor: str | None) -> tuple[datetime, int] | None:
    return read_cursor(cursor, read_moment) if cursor else None


@router.get("/calls/by-line", tags=["calls"], summary="Calls by line")
def count_calls_by_line(
    _actor: Reader,
    session: Reading,
    clock: ClockDep,
    since: Annotated[
        date | None, Query(alias="from", description="first day, Asia/Shanghai; today when left out")
    ] = None,
    until: Annotated[date | None, Query(alias="to", description="last day; today when left out")] = None,
    threshold: Annotated[int, Query(ge=1, le=100_000, description="calls a day below which R18 integrates")] = 200,
) -> LineVolumeList:
    """How many calls each hotline had, by the line that the citizens meant; at most 366 days. Numbers only."""
    today = to_shanghai(clock()).date()
    last = until or max(today, since or today)
    first = since or min(today, last)
    if not timedelta(0) <= last - first <= timedelta(days=365):
        raise BadRange()
    rows = by_line.volumes_by_line(session, first, last, threshold=threshold)
    return LineVolumeList(items=[LineVolumeOut.model_validate(row) for row in rows], first_day=first, last_day=last)


@router.get("/joined-calls", tags=["calls"], summary="List joined calls")
def list_joined_calls(_actor: Operator, session: Reading, limit: PageSize = 50) -> JoinedCallList:
    """Calls that a retained line's exchange reported and forwarded to us: each is one call with two records."""
    rows = service.list_joined_calls(session, limit=limit)
    return JoinedCallList(items=[JoinedCallOut.model_validate(row) for row in rows])


@router.get("/calls/ratings", tags=["calls"], summary="Ratings by agent")
def list_ratings(
    actor: Reader,
    session: Reading,
    clock: ClockDep,
    since: Annotated[
        date | None, Query(alias="from", description="first day, Asia/Shanghai; today when left out")
    ] = None,
    until: Annotated[date | None, Query(alias="to", description="last day; today when left out")] = None,
    agent: Annotated[str | None, Query(max_length=80)] = None,
) -> AgentRatingsList:
    """What callers keyed after their talks (满意度), per agent; at most 366 days. An agent sees his own alone."""
    today = to_shanghai(clock()).date()
    last = until or max(today, since or today)
    first = since or min(today, last)
    if not timedelta(0) <= last - first <= timedelta(days=365):
        raise BadRange()
    midnight = datetime.combine(first, time.min, SHANGHAI)
    whose = agent if actor.may(Permission.AGENTS_READ) or actor.role is None else actor.name
    end = midnight + timedelta(days=(last - first).days + 1)
    rows = ratings.ratings_by_agent(session, midnight, end, agent=whose, seen_by=actor)
    return AgentRatingsList(items=[AgentRatingsOut.model_validate(row) for row in rows], first_day=first, last_day=last)


@router.get("/calls/{call_id}", tags=["calls"], summary="Read a call", responses=NOT_FOUND)
def read_call(call_id: CallKey, actor: Reader, session: Reading) -> CallOut:
    """A call with its timeline: each stage with its milliseconds."""
    call = service.get_seen_call(session, call_id, actor)
    timeline = [StageOut.model_validate(stage) for stage in service.call_timeline(session, call_id)]
    out = CallOut.of(call, is_full=service.held_call_id(session, actor.name) == call_id)
    return out.model_copy(update={"timeline": timeline, "twin": service.twin_of(session, call)})


@router.get("/calls/{call_id}/events", tags=["calls"], summary="Facts of a call", responses=NOT_FOUND)
def list_facts(call_id: CallKey, actor: Reader, session: Reading) -> FactList:
    """Every fact that telephony reported of this call, in the order it happened."""
    service.get_seen_call(session, call_id, actor)
    events = in_order(service.events_of_calls(session, [call_id])[call_id])
    return FactList(items=[FactOut.of(event) for event in events])


@router.post("/calls/{call_id}/reveal", tags=["calls"], summary="Show the full number", responses=NOT_FOUND)
def reveal_number(
    call_id: CallKey, body: RevealNumberIn, actor: Revealer, session: Writing, clock: ClockDep, settings: SettingsDep
) -> RevealNumberOut:
    """The caller's full number, for a reason. Who asked, when and why is kept in the audit log."""
    call = service.get_seen_call(session, call_id, actor)
    note_reveal(
        session, actor, object_type="call", object_id=call_id, reason=body.reason, quota=settings.reveal_quota,
        at=clock(),
    )  # fmt: skip
    return RevealNumberOut(caller_number=call.caller_number or "")


@router.get("/missed-calls", tags=["missed calls"], summary="List missed calls")
def list_missed_calls(
    _actor: MissedReader,
    session: Reading,
    is_open: Annotated[bool | None, Query(alias="open", description="false: those resolved; left out: all")] = None,
    cursor: PageCursor = None,
    limit: PageSize = 50,
) -> MissedCallList:
    """Numbers that reached nobody, one open row per number, the newest first."""
    before_id = read_cursor(cursor, str)[1] if cursor else None
    rows = missed.list_missed_calls(session, is_open=is_open, before_id=before_id, limit=limit + 1)
    items = [MissedCallOut.of(row) for row in rows[:limit]]
    return MissedCallList(items=items, next_cursor=make_cursor("", items[-1].id) if len(rows) > limit else None)


@router.post(
    "/missed-calls/{missed_call_id}/resolve", tags=["missed calls"], summary="Close a row", responses=NOT_FOUND
)
def resolve_missed_call(
    missed_call_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    body: ResolveIn,
    actor: MissedWriter,
    session: Writing,
    clock: ClockDep,
) -> MissedCallOut:
    """Called back, or needs no call. 409 `already-resolved` when somebody was first."""
    row = missed.resolve_missed_call(session, missed_call_id, resolution=body.resolution, actor=actor.name, now=clock())
    audit.record(
        session, actor, "missed_call_resolved", at=clock(), object_type="missed_call", object_id=missed_call_id,
        detail={"resolution": body.resolution},
    )  # fmt: skip
    return MissedCallOut.of(row)


@router.post("/missed-calls/{missed_call_id}/reveal", tags=["missed calls"], responses=NOT_FOUND)
def reveal_missed_number(
    missed_call_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    body: RevealNumberIn,
    actor: Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE, Permission.NUMBERS_REVEAL))],
    session: Writing,
    clock: ClockDep,
    settings: SettingsDep,
) -> RevealNumberOut:
    """The full number, to call back. Who asked, when and why is kept in the audit log."""
    row = missed.get_missed_call(session, missed_call_id)
    note_reveal(
        session, actor, object_type="missed_call", object_id=missed_call_id, reason=body.reason,
        quota=settings.reveal_quota, at=clock(),
    )  # fmt: skip
    return RevealNumberOut(caller_number=row.caller_number or "")


@router.get("/reconciliations", tags=["lines"], summary="List reconciliations")
def list_line_reconciliations(
    _actor: Operator,
    session: Reading,
    line: Annotated[str | None, Query(max_length=20, description="the line's number")] = None,
    limit: PageSize = 50,
) -> ReconciliationList:
    """How complete the days of retained lines were (R13), the newest comparison first: `hotline lines reconcile`."""
    rows = list_reconciliations(session, line=line, limit=limit)
    return ReconciliationList(items=[ReconciliationOut.model_validate(row) for row in rows])
