"""JSON of test calls and of the alarms they raise."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.platform.cursors import MAX_ID, make_cursor, read_cursor
from app.platform.http import ClockDep, Reading, Writing
from app.probes import alarms, service
from app.probes.models import ProbeStatus
from app.probes.ordering import order_by_hand
from app.probes.pages import ProbeInterval
from app.probes.schemas import AlarmList, AlarmOut, LineHealth, LineHealthList, ProbeIn, ProbeList, ProbeOut
from app.probes.watch import watch_lines

router = APIRouter(tags=["probes"])

Reader = Annotated[Actor, Depends(require(Permission.OPERATIONS_READ))]
Watcher = Annotated[Actor, Depends(require(Permission.LINE_WATCH_READ))]
Operator = Annotated[Actor, Depends(require(Permission.OPERATIONS_WRITE))]
PageSize = Annotated[int, Query(ge=1, le=200)]
LineNumber = Annotated[str | None, Query(max_length=20, description="the line's number")]
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "`line-not-probed`: no test call may go there"}}


@router.post("/probes", status_code=202, responses=CONFLICT, summary="Order a test call")
def order_probe(body: ProbeIn, actor: Operator, session: Writing, clock: ClockDep) -> ProbeOut:
    """Have a line dialled soon; a test call that still waits is answered instead of a second one.

    It takes some ten seconds: read `/probes/{id}` until `status` is `passed` or `failed`.
    """
    return ProbeOut.model_validate(order_by_hand(session, actor, body.line, now=clock()))


@router.get("/probes", summary="List test calls")
def list_probes(
    _actor: Reader,
    session: Reading,
    line: LineNumber = None,
    status: ProbeStatus | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: PageSize = 50,
) -> ProbeList:
    """Test calls, the newest first."""
    before = read_cursor(cursor, str)[1] if cursor else None
    rows = service.list_probes(session, line=line, status=status, before_id=before, limit=limit + 1)
    more = make_cursor("", rows[limit - 1].id) if len(rows) > limit else None
    return ProbeList(items=[ProbeOut.model_validate(row) for row in rows[:limit]], next_cursor=more)


@router.get("/probes/{probe_id}", responses={404: {"description": "There is none of this id"}})
def read_probe(probe_id: Annotated[int, Path(ge=1, le=MAX_ID)], _actor: Reader, session: Reading) -> ProbeOut:
    """One test call."""
    return ProbeOut.model_validate(service.get_probe(session, probe_id))


@router.get("/line-health", summary="List lines with their last test call")
def list_line_health(_actor: Watcher, session: Reading, clock: ClockDep, every: ProbeInterval) -> LineHealthList:
    """Every line of the plan in force with what is known of it now, its last test call and its alarm.

    `verdict` is judged anew each time: a good result that is too old is `overdue`, even where nothing new came in.
    """
    watch = watch_lines(session, now=clock(), every=every)
    return LineHealthList(items=[LineHealth.of(one) for one in watch.lines])


@router.get("/line-alarms", summary="List alarms of lines")
def list_line_alarms(
    _actor: Watcher,
    session: Reading,
    is_open: Annotated[bool | None, Query(description="only open ones, or only those that are over")] = None,
    limit: PageSize = 50,
) -> AlarmList:
    """Lines whose test calls fail or failed, the newest alarm first."""
    found = alarms.list_alarms(session, is_open=is_open, limit=limit)
    return AlarmList(items=[AlarmOut.model_validate(alarm) for alarm in found])
