"""JSON of tickets: list, read, open, save, move, history."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.reveals import note_reveal
from app.accounts.rules import Permission
from app.calls.rules import normalize_number
from app.platform.errors import PreconditionRequired
from app.platform.http import ClockDep, Reading, SettingsDep, Writing
from app.tickets import idempotency, service
from app.tickets.access import Holding, check_attaches, check_edits, check_sees, holding_of
from app.tickets.listing import LARGEST_PAGE, PAGE, TicketFilters
from app.tickets.models import Ticket, TicketStatus, TicketType
from app.tickets.schemas import (
    AttachIn,
    HistoryEntry,
    HistoryList,
    RevealIn,
    RevealOut,
    TicketChanges,
    TicketList,
    TicketOut,
    TicketSummary,
)
from app.tickets.shown import eyes_of

router = APIRouter(prefix="/tickets", tags=["tickets"])

Reader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
Writer = Annotated[Actor, Depends(require(Permission.TICKETS_WRITE))]
Revealer = Annotated[Actor, Depends(require(Permission.TICKETS_READ, Permission.NUMBERS_REVEAL))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description='the ETag that was read, e.g. `"3"`')]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "No such ticket, or not one that you may see"}}
EDIT: dict[int | str, dict[str, Any]] = {
    **NOT_FOUND,
    409: {"description": "The ticket's status does not allow it"},
    412: {"description": "Somebody saved in between: `changes` says who and which fields, `current_version` is new"},
    422: {"description": "`errors` names the fields that are missing or wrong"},
    428: {"description": "If-Match is missing"},
}
MOVE = {code: text for code, text in EDIT.items() if code != 428}
ATTACH = {**MOVE, 403: {"description": "Not allowed, another agent's call, or the CSRF token is missing or old"}}


def filters_of(
    settings: SettingsDep,
    status: Annotated[list[TicketStatus] | None, Query(description="any of these")] = None,
    ticket_type: Annotated[TicketType | None, Query(alias="type")] = None,
    subject: Annotated[str | None, Query(pattern=r"^\d{6}$", description="this subject and all below it")] = None,
    region: Annotated[str | None, Query(pattern=r"^\d{6,12}$", description="this region and all below it")] = None,
    agent: Annotated[str | None, Query(max_length=80, description="username of who accepted it")] = None,
    line: Annotated[str | None, Query(pattern=r"^[0-9]{3,20}$", description="the hotline the citizen meant")] = None,
    caller: Annotated[str | None, Query(max_length=40, description="the caller's number, whole")] = None,
    unit: Annotated[str | None, Query(max_length=40, description="code of the unit that leads now")] = None,
    place: Annotated[str, Query(max_length=60, description="words of the address, or the name of a region")] = "",
    text: Annotated[
        str, Query(max_length=100, description="words in title, address or content; a ticket or telephone number")
    ] = "",
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="created at or after (with time zone)")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="created before")] = None,
    due_before: Annotated[AwareDatetime | None, Query(description="its first clock ends before")] = None,
    sort: Annotated[
        Literal["newest", "due"], Query(description="`due`: those with a running clock, the first to end first")
    ] = "newest",
) -> TicketFilters:
    """The list's conditions. A number that cannot be one finds nothing."""
    return TicketFilters(
        statuses=tuple(status or ()),
        ticket_type=ticket_type,
        subject=subject,
        region=region,
        agent=agent,
        line=line,
        caller_number=(normalize_number(caller, area_code=settings.area_code) or "none") if caller else None,
        text=text.replace("\0", ""),
        unit=unit,
        place=place.replace("\0", ""),
        area_code=settings.area_code,
        since=since,
        until=until,
        due_before=due_before,
        is_by_due=sort == "due",
    )


def version_of(if_match: str | None) -> int | None:
    """The version that an If-Match header names. Raises PreconditionRequired for one that is no ETag of ours."""
    if if_match is None:
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise PreconditionRequired("If-Match 应为读取工单时得到的 ETag")
    return int(text)


def _answer(session: Session, ticket: Ticket, actor: Actor, holding: Holding, response: Response) -> TicketOut:
    response.headers["ETag"] = f'"{ticket.version}"'
    return TicketOut.seen(ticket, actor, eyes_of(session, actor, ticket, holding))


def _readable(session: Session, key: str, actor: Actor) -> tuple[Ticket, Holding]:
    ticket, holding = service.get_ticket(session, key), holding_of(session, actor)
    check_sees(session, actor, ticket, holding)
    return ticket, holding


def _editable(session: Session, key: str, actor: Actor) -> Holding:
    ticket, holding = service.get_ticket(session, key), holding_of(session, actor)
    check_edits(session, actor, ticket, holding)
    return holding


@router.get("", summary="List tickets")
def list_tickets(
    actor: Reader,
    session: Reading,
    filters: Annotated[TicketFilters, Depends(filters_of)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> TicketList:
    """Tickets that you may see, the newest (or the first due) first; pages stay stable while tickets are added.

    Agents see what they accepted and what the caller on their telephone has; supervisors and auditors see all.
    """
    holding = holding_of(session, actor)
    page = service.list_tickets(session, filters, cursor=cursor, limit=limit, actor=actor, holding=holding)
    items = [TicketSummary.of(ticket, actor, holding) for ticket in page.items]
    return TicketList(items=items, next_cursor=page.next_cursor)


@router.get("/{ticket}", summary="Read a ticket", responses=NOT_FOUND)
def read_ticket(ticket: TicketKey, actor: Reader, session: Reading, response: Response) -> TicketOut:
    """A whole ticket; its ETag is what If-Match wants."""
    found, holding = _readable(session, ticket, actor)
    return _answer(session, found, actor, holding, response)


@router.post("", summary="Open a ticket", status_code=201, responses={422: EDIT[422]})
def create_ticket(
    body: TicketChanges,
    actor: Writer,
    session: Writing,
    clock: ClockDep,
    settings: SettingsDep,
    response: Response,
    key: Annotated[
        str,
        Header(alias="Idempotency-Key", min_length=8, max_length=200, description="new for each ticket, e.g. a UUID"),
    ],
) -> TicketOut:
    """Open a draft without a call. Sent again with the same key, it answers with the same ticket."""
    ticket = idempotency.create_once(
        session, key, body.given(), actor=actor.name, region_code=settings.region_code, now=clock()
    )
    response.headers["Location"] = f"/api/v1/tickets/{ticket.id}"
    return _answer(session, ticket, actor, holding_of(session, actor), response)


@router.patch("/{ticket}", summary="Save fields", responses=EDIT)
def save_ticket(
    ticket: TicketKey,
    body: TicketChanges,
    actor: Writer,
    session: Writing,
    clock: ClockDep,
    response: Response,
    if_match: IfMatch = None,
) -> TicketOut:
    """Save the fields that are sent. `If-Match` is needed: an edit made on an older version is refused with 412."""
    version = version_of(if_match)
    if version is None:
        raise PreconditionRequired("请先读取工单，再带 If-Match 保存")
    holding = _editable(session, ticket, actor)
    saved = service.save_ticket(session, ticket, body.given(), version=version, actor=actor.name, now=clock())
    return _answer(session, saved, actor, holding, response)


@router.post("/{ticket}/accept", summary="Accept (受理)", responses=MOVE)
def accept_ticket(
    ticket: TicketKey, actor: Writer, session: Writing, clock: ClockDep, response: Response, if_match: IfMatch = None
) -> TicketOut:
    """DRAFT → ACCEPTED. Needs type, subject, region of county level, ten characters of content, and a contact."""
    holding = _editable(session, ticket, actor)
    version = version_of(if_match)
    moved = service.accept_ticket(session, ticket, actor=actor.name, now=clock(), version=version)
    return _answer(session, moved, actor, holding, response)


@router.post("/{ticket}/finish", summary="Finish at once (直办)", responses=MOVE)
def finish_ticket(
    ticket: TicketKey, actor: Writer, session: Writing, clock: ClockDep, response: Response, if_match: IfMatch = None
) -> TicketOut:
    """DRAFT → FINISHED. Only for a consultation, with its answer."""
    holding = _editable(session, ticket, actor)
    version = version_of(if_match)
    moved = service.finish_ticket(session, ticket, actor=actor.name, now=clock(), version=version)
    return _answer(session, moved, actor, holding, response)


@router.post("/{ticket}/attach-call", summary="Attach a call", responses=ATTACH)
def attach_call(
    ticket: TicketKey, body: AttachIn, actor: Writer, session: Writing, clock: ClockDep, response: Response
) -> TicketOut:
    """The call is about this older ticket: the call's own draft is merged into it. Asked again, it changes nothing.

    An agent attaches the calls that he answered or holds; a supervisor any call.
    """
    holding = _editable(session, ticket, actor)
    check_attaches(session, actor, body.call_id, holding)
    target = service.attach_call(session, body.call_id, ticket, actor=actor.name, now=clock())
    return _answer(session, target, actor, holding, response)


@router.get("/{ticket}/history", summary="History of a ticket", responses=NOT_FOUND)
def read_history(ticket: TicketKey, actor: Reader, session: Reading) -> HistoryList:
    """Every change, the oldest first."""
    found, holding = _readable(session, ticket, actor)
    eyes = replace(eyes_of(session, actor, found, holding), is_full=False)
    return HistoryList(items=[HistoryEntry.of(entry, eyes) for entry in service.history(session, found.id)])


@router.post("/{ticket}/reveal", summary="Show full numbers", responses=NOT_FOUND)
def reveal_numbers(
    ticket: TicketKey, body: RevealIn, actor: Revealer, session: Writing, clock: ClockDep, settings: SettingsDep
) -> RevealOut:
    """The full numbers of one ticket, for a reason. Who asked, when and why is kept in the audit log."""
    found, _ = _readable(session, ticket, actor)
    note_reveal(
        session, actor, object_type="ticket", object_id=found.id, reason=body.reason, quota=settings.reveal_quota,
        at=clock(),
    )  # fmt: skip
    return RevealOut(caller_number=found.caller_number or "", contact_number=found.contact_number)
