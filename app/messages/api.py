"""JSON of messages, and their audio. Listening is audited."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import FileResponse

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.messages import service
from app.messages.models import MessageKind
from app.messages.schemas import MessageList, MessageOut, TicketOfMessage
from app.platform.http import ClockDep, DatabaseDep, Reading, SettingsDep, Writing
from app.tickets.models import TicketStatus

router = APIRouter(tags=["messages"])

Reader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
Writer = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE))]
Agent = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE, Permission.DESK_USE))]
MessageId = Annotated[int, Path(ge=1, le=2**63 - 1)]
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such message, or its audio is gone"},
    409: {"description": "`message-handled`: somebody was quicker"},
}
AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {}}, "description": "WAV, 8 kHz"},
    206: {"content": {"audio/wav": {}}, "description": "the part that `Range` asks for"},
    404: REFUSALS[404],
}


@router.get("/messages", summary="List messages")
def list_messages(
    _actor: Reader,
    session: Reading,
    is_open: Annotated[bool | None, Query(alias="open", description="false: those that were dealt with")] = None,
    kind: MessageKind | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MessageList:
    """What citizens recorded: messages that wait for somebody, and reasons why they were not content."""
    rows = service.list_messages(session, is_open=is_open, kind=kind, before_id=before, limit=limit + 1)
    shown = rows[:limit]
    following = shown[-1].message.id if len(rows) > limit else None
    return MessageList(items=[MessageOut.of(row) for row in shown], next_before=following)


@router.get("/messages/{message_id}/audio", summary="Hear a message", responses=AUDIO, response_class=FileResponse)
def hear_message(
    message_id: MessageId,
    actor: Reader,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
    byte_range: Annotated[str, Header(alias="Range", max_length=100)] = "",
) -> FileResponse:
    """The recording, whole or in parts (`Range`). Who listened stands in the audit log, once for each beginning."""
    with database.reading() as session:
        message = service.get_message(session, message_id).message
        file = service.audio_of(settings.home, message)
    if not byte_range or byte_range.startswith("bytes=0-"):
        with database.transaction() as session:
            audit.record(
                session, actor, "message_heard", at=clock(), object_type="message", object_id=message_id,
                detail={"call_id": message.call_id},
            )  # fmt: skip
    return FileResponse(file, media_type="audio/wav", headers={"Cache-Control": "no-store"})


@router.post("/messages/{message_id}/handle", summary="A message was dealt with", responses=REFUSALS)
def handle_message(message_id: MessageId, actor: Writer, session: Writing, clock: ClockDep) -> MessageOut:
    """Nobody needs to listen to it again, nor to call back for it."""
    now = clock()
    heard = service.handle(session, message_id, by=actor.name, now=now)
    audit.record(session, actor, "message_handled", at=now, object_type="message", object_id=message_id)
    return MessageOut.of(heard)


@router.post("/messages/{message_id}/ticket", status_code=201, summary="A ticket of a message", responses=REFUSALS)
def make_ticket_of_message(
    message_id: MessageId, actor: Agent, session: Writing, settings: SettingsDep, clock: ClockDep
) -> TicketOfMessage:
    """A draft of the agent who asks, with the caller's number; a call that has a ticket keeps it."""
    now = clock()
    ticket = service.make_ticket(
        session, message_id, agent=actor.name, region_code=settings.region_code, now=now
    )  # fmt: skip
    audit.record(
        session, actor, "message_handled", at=now, object_type="message", object_id=message_id,
        detail={"is_ticket": True},
    )  # fmt: skip
    is_own = ticket.status == TicketStatus.DRAFT and ticket.accepted_by == actor.name
    return TicketOfMessage(ticket_id=ticket.id, ticket_number=ticket.ticket_number, is_own_draft=is_own)
