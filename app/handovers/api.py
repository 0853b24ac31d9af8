"""JSON of hand-overs and referrals. Handing over itself is a command of the desk (app.desk)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AwareDatetime

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.accounts.scope import check_of_people
from app.contract.events import HandoverResult
from app.handovers import referrals, service, taking
from app.handovers.schemas import (
    EmergencyNumber,
    HandoverList,
    HandoverOut,
    ReferralIn,
    ReferralList,
    ReferralOut,
    TakeIn,
    TakenOut,
    TargetList,
    TargetOut,
    sees_referral,
)
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.errors import NotFound
from app.platform.http import ClockDep, Reading, SettingsDep, Writing
from app.tickets.reports import note_reading

router = APIRouter()

Reader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]
Referrer = Annotated[Actor, Depends(require(Permission.REFERRALS_WRITE))]
TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
Taker = Annotated[Actor, Depends(require(Permission.TICKETS_WRITE))]
PageSize = Annotated[int, Query(ge=1, le=200)]
PageCursor = Annotated[str | None, Query(max_length=200)]
Incident = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{4,40}$", description="警情编号")]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this id"}}


@router.get("/handovers", tags=["handovers"], summary="List hand-overs")
def list_handovers(
    actor: Reader,
    session: Reading,
    call_id: Annotated[str | None, Query(max_length=64)] = None,
    target: Annotated[str | None, Query(max_length=20)] = None,
    status: HandoverResult | None = None,
    agent: Annotated[str | None, Query(max_length=80)] = None,
    since: Annotated[AwareDatetime | None, Query(alias="from", description="offered at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="offered before")] = None,
    cursor: PageCursor = None,
    limit: PageSize = 50,
) -> HandoverList:
    """Attempts to hand calls over to 110/119/120/122 or a line, the latest first."""
    rows = service.list_handovers(
        session,
        call_id=call_id,
        target=target,
        status=status,
        agent=agent,
        since=since,
        until=until,
        before=read_cursor(cursor, read_moment) if cursor else None,
        limit=limit,
        seen_by=actor,
    )
    more = make_cursor(rows[-1].offered_at.isoformat(), rows[-1].id) if len(rows) == limit else None
    return HandoverList(items=[HandoverOut.of(row) for row in rows], next_cursor=more)


@router.get("/handovers/{handover_id}", tags=["handovers"], summary="Read a hand-over", responses=NOT_FOUND)
def read_handover(handover_id: int, actor: Reader, session: Reading) -> HandoverOut:
    """One attempt with its moments."""
    row = service.get_handover(session, handover_id)
    check_of_people(session, actor, row.agent, service.NO_HANDOVER)
    return HandoverOut.of(row)


@router.get("/handover-targets", tags=["handovers"], summary="List targets of hand-overs")
def list_handover_targets(_actor: DeskUser, session: Reading) -> TargetList:
    """Where a call can be handed over to: the emergency services first, then lines whose department can be rung."""
    return TargetList(items=[TargetOut.model_validate(line) for line in service.list_targets(session)])


@router.post(
    "/referrals",
    tags=["referrals"],
    summary="Refer a non-police matter",
    status_code=201,
    responses={
        200: {"description": "Received before, with the same content"},
        409: {"description": "Known incident number, other content"},
    },
)
def create_referral(
    body: ReferralIn, actor: Referrer, session: Writing, clock: ClockDep, settings: SettingsDep, response: Response
) -> ReferralOut:
    """110 hands us a matter that is not its own: a ticket with source 110 is opened, once per 警情编号.

    A matter that came with its call (`voice`) joins the ticket of that call. Ask for the result with the same number.
    """
    referral, is_new = referrals.receive(
        session, body, actor, region_code=settings.region_code, area_code=settings.area_code, now=clock()
    )
    if is_new:
        audit.record(
            session, actor, "referral_received", at=clock(), object_type="referral",
            object_id=f"{referral.source} {referral.incident_number}",
        )  # fmt: skip
    else:
        response.status_code = 200
    response.headers["Location"] = f"/api/v1/referrals/{referral.source}/{referral.incident_number}"
    return ReferralOut.of(*referrals.get_referral(session, referral.source, referral.incident_number))


@router.get("/referrals", tags=["referrals"], summary="List referrals")
def list_referrals(
    actor: TicketReader,
    session: Reading,
    source: EmergencyNumber | None = None,
    is_waiting: Annotated[bool | None, Query(alias="waiting", description="nobody has taken it yet")] = None,
    cursor: PageCursor = None,
    limit: PageSize = 50,
) -> ReferralList:
    """What emergency services referred to us, the newest first. A machine sees its own alone, a unit none."""
    before = read_cursor(cursor, read_moment) if cursor else None
    own = actor.name if actor.role is None else None
    rows = referrals.list_referrals(
        session, source=source, is_waiting=is_waiting, sent_by=own, before=before, limit=limit, seen_by=actor
    )
    more = make_cursor(rows[-1][0].received_at.isoformat(), rows[-1][0].id) if len(rows) == limit else None
    items = [ReferralOut.of(*row, is_listed=True) for row in rows if sees_referral(actor, row[0])]
    return ReferralList(items=items, next_cursor=more)


@router.get(
    "/referrals/{source}/{incident_number}", tags=["referrals"], summary="Read a referral's result", responses=NOT_FOUND
)
def read_referral(source: EmergencyNumber, incident_number: Incident, actor: Referrer, session: Reading) -> ReferralOut:
    """What has become of it (处置结果回传): ticket number, status, answer. A machine reads what it sent itself."""
    referral, ticket = referrals.get_referral(session, source, incident_number)
    if not sees_referral(actor, referral):
        raise NotFound("没有这个警情编号")
    note_reading(session, actor, ticket)
    return ReferralOut.of(referral, ticket)


@router.post(
    "/referrals/{source}/{incident_number}/take",
    tags=["referrals"],
    summary="Take a referral",
    responses={**NOT_FOUND, 409: {"description": "Somebody else has it: `referral-taken`"}},
)
def take_referral(
    source: EmergencyNumber, incident_number: Incident, body: TakeIn, actor: Taker, session: Writing, clock: ClockDep
) -> TakenOut:
    """Make a referred matter an agent's draft: one's own, or, for a supervisor, that of the agent named.

    Asked again by the same agent, nothing changes. In the audit log.
    """
    _, ticket = taking.take(session, source, incident_number, actor=actor, agent=body.agent, now=clock())
    return TakenOut(ticket_id=ticket.id, ticket_number=ticket.ticket_number, agent=ticket.accepted_by)
