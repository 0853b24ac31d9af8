"""The one door for call facts, and the lookup that AGI makes before the queue.

These two are asked several times per call, so they go to a thread once, not once per dependency
(ADR 0064); in the process that keeps facts alone they are done in line (ADR 0065).
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.calls.schemas import JoinedCallList, JoinedCallOut, PartIn
from app.contract.events import BatchResult, Cursor, EventBatch
from app.contract.lookup import CallerCard, FlowLookup, FlowLookupAnswer, LookupRequest
from app.ingest import flow_lookups, parked, service, twins
from app.ingest import lookup as lookup_service
from app.ingest.effects import Terms, tell_anew
from app.ingest.schemas import ParkedEventList, ParkedEventOut, RetriedOut, SenderList, SenderOut
from app.ingest.senders import refuse_foreign_node
from app.platform.http import ClockDep, DatabaseDep, Reading, RunBlockingDep, SettingsDep, Writing

router = APIRouter()

Reporter = Annotated[Actor, Depends(require(Permission.CALL_EVENTS_WRITE))]
Asker = Annotated[Actor, Depends(require(Permission.LOOKUP_READ))]
Operator = Annotated[Actor, Depends(require(Permission.OPERATIONS_READ))]
Keeper = Annotated[Actor, Depends(require(Permission.OPERATIONS_WRITE))]


async def terms_of(settings: SettingsDep) -> Terms:
    return Terms(
        region_code=settings.region_code,
        area_code=settings.area_code,
        wrap_up_seconds=settings.wrap_up_seconds,
        callback_missed=settings.callback_reasons,
    )


TermsDep = Annotated[Terms, Depends(terms_of)]


@router.post("/call-events", tags=["call events"])
async def report_call_events(
    batch: EventBatch, actor: Reporter, database: DatabaseDep, run: RunBlockingDep, clock: ClockDep, terms: TermsDep
) -> BatchResult:
    """Keep a batch of call facts, in order, in one transaction. Scope: `call-events:write`.

    Tell it again whenever no answer came: every `event_id` is kept once. A malformed event is parked with its reason
    and counted in `parked`; it never blocks the rest, and there is no use in telling it again.

    A token bound to a node reports as that node alone (403 `foreign-node`). One bound to a line as well is that of a
    retained hotline's own exchange: its `event_id`, `call_id` and recordings begin with `NODE-`, its agents with
    `NODE.`, and its calls are of that line; a call that names no line gets it. Anything else is parked. Its trunks
    are kept as `NODE.TRUNK`.
    """
    refuse_foreign_node(actor, batch.node)

    def store() -> BatchResult:
        with database.transaction() as session:
            return service.store_batch(session, batch, terms, clock(), actor)

    return await run(store)


@router.get("/call-events/cursor", tags=["call events"])
def read_cursor(
    actor: Reporter,
    session: Reading,
    node: Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$", description="the sender, e.g. node1.ami")],
) -> Cursor:
    """Where a sender goes on: the highest `seq` that is kept. Scope: `call-events:write`."""
    refuse_foreign_node(actor, node)
    return service.get_cursor(session, node)


@router.post("/lookup", tags=["lookup"])
async def look_up_caller(
    request: LookupRequest, _actor: Asker, database: DatabaseDep, run: RunBlockingDep, clock: ClockDep, terms: TermsDep
) -> CallerCard:
    """Who is calling, and for which line? Answers from indexed reads alone. Scope: `lookup:read`."""

    def look_up() -> CallerCard:
        with database.reading() as session:
            return lookup_service.look_up(session, request, area_code=terms.area_code, now=clock())

    return await run(look_up)


@router.post("/flow-lookups/{what}", tags=["lookup"], summary="Ask in the middle of a flow")
async def answer_flow(
    what: Annotated[
        str, Path(pattern=r"^[a-z][a-z-]{0,39}$", description="wait, progress, broadcast, follow-broadcast")
    ],
    request: FlowLookup,
    _actor: Asker,
    database: DatabaseDep,
    run: RunBlockingDep,
    clock: ClockDep,
    terms: TermsDep,
) -> FlowLookupAnswer:
    """What a flow asks: the expected wait, how a ticket stands, what is broadcast. Scope: `lookup:read`.

    `found` false is the answer to a wrong code, another's number, too many tries and an unknown kind alike. Of a
    ticket only its status and due day are told.
    """

    def find() -> FlowLookupAnswer:
        opened = database.transaction if what in flow_lookups.KEEPING else database.reading
        with opened() as session:
            return flow_lookups.answer(
                session, what, request, area_code=terms.area_code, now=clock(), wrap_up_seconds=terms.wrap_up_seconds
            )

    return await run(find)


@router.get("/call-events/parked", tags=["operations"])
def list_parked_events(
    _actor: Operator,
    session: Reading,
    is_open: Annotated[bool | None, Query(alias="open", description="false: kept by now; left out: all")] = None,
    node: Annotated[str, Query(max_length=64, description="of this sender alone")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ParkedEventList:
    """Events that could not be read or applied, with the reason. Permission: `operations:read`."""
    rows = parked.list_parked(session, limit=limit, is_open=is_open, node=node)
    return ParkedEventList(items=[ParkedEventOut.model_validate(row) for row in rows])


@router.post("/call-events/parked/{parked_id}/retry", tags=["operations"], summary="Try a parked event again")
def retry_parked_event(
    parked_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    actor: Keeper,
    session: Writing,
    clock: ClockDep,
    terms: TermsDep,
) -> RetriedOut:
    """Judge it as if its sender told it now: kept, or parked with the reason of today. In the audit log.

    409 `already-kept` when it was kept before. Permission: `operations:write`.
    """
    tried = parked.retry(session, parked_id, terms, actor=actor, now=clock())
    return RetriedOut(event=ParkedEventOut.model_validate(tried.row), is_kept=tried.is_kept)


@router.post("/calls/{call_id}/part", tags=["calls"], summary="Part two calls")
def part_calls(
    call_id: Annotated[str, Path(max_length=64, description="either record")],
    body: PartIn,
    actor: Keeper,
    session: Writing,
    clock: ClockDep,
    terms: TermsDep,
) -> JoinedCallList:
    """Two records were joined, and are two calls: both count again, and they are never joined any more.

    404 for a call without another record. In the audit log. Permission: `operations:write`.
    """
    moved = twins.part(session, call_id, actor=actor, reason=body.reason, now=clock())
    tell_anew(session, moved, area_code=terms.area_code)
    return JoinedCallList(items=[JoinedCallOut.model_validate(row) for row in twins.rows_of(session, call_id)])


@router.get("/call-events/senders", tags=["operations"])
def list_senders(_actor: Operator, session: Reading) -> SenderList:
    """How far every sender's journal is stored. Permission: `operations:read`."""
    return SenderList(items=[SenderOut.model_validate(row) for row in service.list_senders(session)])
