"""JSON of handling: what is possible, make a move, how a ticket is handled, who should lead."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework import legs, service, succession
from app.casework.duplicates import find_duplicates
from app.casework.proposals import propose_for
from app.casework.schemas import (
    CaseOut,
    Counts,
    DissolveIn,
    LikenessList,
    LikenessOut,
    MoveIn,
    MoveList,
    MoveOut,
    ProposalOut,
    ReportIn,
    SuccessionOut,
    UrgeIn,
)
from app.casework.urging import urge
from app.platform.http import ClockDep, Reading, Writing
from app.tickets.api import version_of
from app.tickets.models import TicketStatus

router = APIRouter(tags=["handling"])

Reader = Annotated[Actor, Depends(require(Permission.CASES_READ))]
Mover = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.CASES_MOVE))]
Writer = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.TICKETS_WRITE))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]
Verb = Annotated[str, Path(pattern=r"^[a-z_]{2,40}$", description="a verb of docs/ticket-states.md")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description='the ETag that was read, e.g. `"3"`')]
Keeper = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.CATALOGUE_WRITE))]
UnitKey = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="code of a unit")]
OnceKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=8, max_length=200, description="new for each move, e.g. a UUID"),
]

REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "Another role's duty, or one that you may not add to what you did on this ticket (R35)"},
    404: {"description": "No such ticket, not one that you may see, or no such verb"},
    409: {"description": "The status does not allow it, something must happen first, or somebody was quicker"},
    412: {"description": "Somebody changed it in between: `changes` says who and what"},
    422: {"description": "`errors` names the fields that are missing or wrong; or the key was used for something else"},
}
URGE: dict[int | str, dict[str, Any]] = {
    **{code: REFUSALS[code] for code in (403, 404)},
    409: {"description": "The ticket is a draft or over, or the call is another ticket's already"},
}
DISSOLVE: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such unit"},
    422: {"description": "The successor does not exist, is not active, or lies below the unit"},
}


@router.get("/tickets/{ticket}/moves", summary="List possible moves", responses={404: REFUSALS[404]})
def list_moves(ticket: TicketKey, actor: Reader, session: Reading, clock: ClockDep) -> MoveList:
    """What you may do with this ticket now, with the fields of each form."""
    case = service.open_case(session, ticket, actor, clock())
    items = [MoveOut.of(move) for move in service.list_possible(case)]
    return MoveList(status=TicketStatus(case.ticket.status), version=case.ticket.version, items=items)


@router.post("/tickets/{ticket}/moves/{verb}", summary="Make a move", responses=REFUSALS)
def make_move(
    *,
    ticket: TicketKey,
    verb: Verb,
    body: MoveIn,
    actor: Mover,
    session: Writing,
    clock: ClockDep,
    response: Response,
    if_match: IfMatch = None,
    key: OnceKey = None,
) -> CaseOut:
    """Move a ticket along the table of states.

    With an `Idempotency-Key` the same request again changes nothing and answers how the ticket stands now. Without one
    it is refused where the first has moved the ticket on, and else done again.
    """
    now = clock()
    moved = service.move_once(
        session, ticket, verb, body.given, actor=actor, now=now, version=version_of(if_match), key=key
    )
    response.headers["ETag"] = f'"{moved.version}"'
    return service.show(session, moved, actor, now)


@router.get("/tickets/{ticket}/case", summary="How a ticket is handled", responses={404: REFUSALS[404]})
def read_case(ticket: TicketKey, actor: Reader, session: Reading, clock: ClockDep, response: Response) -> CaseOut:
    """Units' legs, requests, contacts, the reply, follow-up, and what the citizen was told."""
    now = clock()
    case = service.open_case(session, ticket, actor, now)
    response.headers["ETag"] = f'"{case.ticket.version}"'
    return service.show_case(session, case)


@router.get("/tickets/{ticket}/proposal", summary="Who should lead", responses={404: REFUSALS[404]})
def read_proposal(ticket: TicketKey, actor: Reader, session: Reading, clock: ClockDep) -> ProposalOut:
    """The unit that the catalogue proposes, with the reasoning: territory, line department, rules, recusal."""
    return ProposalOut.of(propose_for(session, service.open_case(session, ticket, actor, clock())))


@router.get("/tickets/{ticket}/duplicates", summary="Tickets that may be the same", responses={404: REFUSALS[404]})
def list_duplicates(ticket: TicketKey, actor: Reader, session: Reading, clock: ClockDep) -> LikenessList:
    """Open tickets of the last 30 days with the same number or of the same place and subject, the most alike first."""
    found = find_duplicates(session, service.open_case(session, ticket, actor, clock()))
    return LikenessList(items=[LikenessOut.of(one) for one in found])


@router.post("/tickets/{ticket}/urge", summary="Urge for a citizen", responses=URGE)
def urge_ticket(ticket: TicketKey, body: UrgeIn, actor: Writer, session: Writing, clock: ClockDep) -> CaseOut:
    """诉求人催办: the citizen asks again for a matter that is under way. It is counted, and the unit is told.

    With `call_id` the call is attached too; the same call urges once.
    """
    now = clock()
    ticket_row = urge(session, ticket, actor=actor, reason=body.reason, call_id=body.call_id, now=now)
    return service.show(session, ticket_row, actor, now)


@router.post("/tickets/{ticket}/support/sign", summary="Sign a supporting leg", responses=REFUSALS)
def sign_support(ticket: TicketKey, actor: Mover, session: Writing, clock: ClockDep) -> CaseOut:
    """协办签收: your unit supports; the ticket itself does not move."""
    now = clock()
    case = service.open_case(session, ticket, actor, now, is_locked=True)
    legs.sign_support(session, case)
    return service.show(session, case.ticket, actor, now)


@router.post("/tickets/{ticket}/support/report", summary="Report as a supporting unit", responses=REFUSALS)
def report_support(ticket: TicketKey, body: ReportIn, actor: Mover, session: Writing, clock: ClockDep) -> CaseOut:
    """协办反馈: the lead unit may answer only when every supporting unit has reported."""
    now = clock()
    case = service.open_case(session, ticket, actor, now, is_locked=True)
    legs.report_support(session, case, body.report)
    return service.show(session, case.ticket, actor, now)


@router.post("/units/{code}/dissolve", summary="Dissolve a unit", responses=DISSOLVE, tags=["catalogue"])
def dissolve_unit(code: UnitKey, body: DissolveIn, actor: Keeper, session: Writing, clock: ClockDep) -> SuccessionOut:
    """撤并: the successor takes over what is open, units below it and dispatch rules; what was done keeps its name.

    Deadlines run on. Sent again, it answers that nothing is left to take over.
    """
    done = succession.dissolve_unit(session, code, body.successor_code, reason=body.reason, actor=actor, now=clock())
    return SuccessionOut.model_validate(done)


@router.get("/ticket-counts", summary="Count matters and citizens")
def read_counts(actor: Reader, session: Reading) -> Counts:
    """件 and 人次 of the tickets that you may see: a merged ticket is a citizen more, not a matter more."""
    matters, citizens = service.count(session, actor)
    return Counts(matters=matters, citizens=citizens)
