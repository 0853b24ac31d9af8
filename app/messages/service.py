"""Use cases of messages: keep what facts tell, list, find the audio, deal with one, make a ticket of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls.missed import resolve_missed_call
from app.calls.models import Call, MissedCall
from app.contract.events import CallEvent, MessageLeft
from app.messages.models import MessageKind, VoiceMessage
from app.platform.database import insert_ignore
from app.platform.errors import Conflict, NotFound
from app.tickets.drafts import open_draft_for_call
from app.tickets.models import Ticket

RECORDINGS = Path("asterisk", "recordings")
"""Below the home folder; of calls too."""
ANSWER_OF_MESSAGE = "message"
"""What the flow `message` saves its recording as; recordings of other flows say why somebody was not content."""


class MessageHandled(Conflict):
    """Somebody was quicker."""

    code = "message-handled"
    title = "该留言已处理"


@dataclass(frozen=True)
class Heard:
    """A message with its call. `missed`: the call's row on the missed-call list."""

    message: VoiceMessage
    call: Call
    missed: MissedCall | None

    @property
    def is_open(self) -> bool:
        """Nobody has dealt with it, nor called the citizen back."""
        return self.message.handled_at is None and (self.missed is None or self.missed.resolved_at is None)


def keep_messages(session: Session, fresh: Iterable[CallEvent]) -> None:
    """A row for each message that facts tell of; told again, the same row."""
    rows = [
        {
            "call_id": event.call_id, "file": event.payload.file, "kind": kind_of(event.payload.file),
            "seconds": event.payload.seconds, "left_at": event.occurred_at, "handled_by": "",
        }
        for event in fresh
        if isinstance(event.payload, MessageLeft) and event.call_id
    ]  # fmt: skip
    if rows:
        session.execute(insert_ignore(session, VoiceMessage), rows)


def kind_of(file: str) -> MessageKind:
    """By its name, CALL-RUN-ANSWER.wav."""
    is_message = Path(file).stem.rpartition("-")[2] == ANSWER_OF_MESSAGE
    return MessageKind.MESSAGE if is_message else MessageKind.REASON


def list_messages(
    session: Session,
    *,
    is_open: bool | None = None,
    kind: MessageKind | None = None,
    call_ids: Iterable[str] | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Heard]:
    """Messages with their calls, the newest first; `before_id`: the last id of the page before."""
    query = (
        select(VoiceMessage, Call, MissedCall)
        .join(Call, Call.call_id == VoiceMessage.call_id)
        .outerjoin(MissedCall, MissedCall.id == Call.missed_call_id)
        .where(Call.is_test.is_(False))
        .order_by(VoiceMessage.id.desc())
        .limit(limit)
    )
    waits = VoiceMessage.handled_at.is_(None) & (MissedCall.id.is_(None) | MissedCall.resolved_at.is_(None))
    if is_open is not None:
        query = query.where(waits if is_open else ~waits)
    if kind is not None:
        query = query.where(VoiceMessage.kind == kind)
    if call_ids is not None:
        query = query.where(VoiceMessage.call_id.in_(list(call_ids)))
    if before_id is not None:
        query = query.where(VoiceMessage.id < before_id)
    return [Heard(*row) for row in session.execute(query)]


def get_message(session: Session, message_id: int, *, is_locked: bool = False) -> Heard:
    """The message of this id with its call. Raises NotFound."""
    row = session.get(VoiceMessage, message_id, with_for_update=is_locked)
    call = session.scalar(select(Call).where(Call.call_id == row.call_id)) if row else None
    if row is None or call is None:
        raise NotFound("没有这条留言")
    return Heard(row, call, session.get(MissedCall, call.missed_call_id) if call.missed_call_id else None)


def audio_of(home: Path, message: VoiceMessage) -> Path:
    """Its file; never a way out of the folder. NotFound: it is gone, or on another host."""
    folder = (home / RECORDINGS).resolve()
    file = (folder / message.file).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFound("这条留言的录音已不存在")
    return file


def handle(session: Session, message_id: int, *, by: str, now: datetime) -> Heard:
    """Somebody has dealt with it; nobody needs to call back for it. Raises NotFound, MessageHandled."""
    heard = get_message(session, message_id, is_locked=True)
    if heard.message.handled_at is not None:
        raise MessageHandled(f"{heard.message.handled_by} 已处理")
    heard.message.handled_at, heard.message.handled_by = now, by
    missed = heard.missed
    if missed is not None and missed.resolved_at is None and missed.times == 1:  # other calls of his may wait
        resolve_missed_call(session, missed.id, resolution="dismissed", actor=by, now=now)
    session.flush()
    return heard


def make_ticket(session: Session, message_id: int, *, agent: str, region_code: str, now: datetime) -> Ticket:
    """A draft of this agent for the call; a call that has a ticket keeps it. The message is dealt with.

    Raises NotFound, MessageHandled.
    """
    heard = handle(session, message_id, by=agent, now=now)
    if heard.call.ticket_id is not None:
        return session.get_one(Ticket, heard.call.ticket_id)
    ticket = open_draft_for_call(session, heard.call, region_code=region_code, now=now)
    ticket.accepted_by = agent
    session.flush()
    return ticket
