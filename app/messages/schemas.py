"""What the API of messages gives."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from app.contract.masks import mask_number
from app.messages.models import MessageKind
from app.messages.service import Heard


class MessageOut(BaseModel):
    """One recording of a citizen. Times in UTC."""

    id: int
    call_id: str
    kind: MessageKind = Field(description="message: a matter; reason: why somebody was not content")
    caller_number: str | None = Field(description="138****5678; null: withheld")
    line: str = Field(description="the hotline that he meant")
    seconds: int
    left_at: datetime
    handled_at: datetime | None
    handled_by: str
    is_open: bool = Field(description="nobody has dealt with it, nor called back")
    ticket_id: int | None = Field(description="of its call")

    @classmethod
    def of(cls, heard: Heard) -> Self:
        row, call = heard.message, heard.call
        return cls(
            id=row.id, call_id=row.call_id, kind=MessageKind(row.kind), seconds=row.seconds, left_at=row.left_at,
            handled_at=row.handled_at, handled_by=row.handled_by, is_open=heard.is_open, ticket_id=call.ticket_id,
            caller_number=mask_number(call.caller_number) if call.caller_number else None, line=call.original_line,
        )  # fmt: skip


class MessageList(BaseModel):
    items: list[MessageOut] = Field(description="the newest first")
    next_before: int | None = Field(description="`before` of the next page; null: this was the last one")


class TicketOfMessage(BaseModel):
    """Where the matter of a message goes on."""

    ticket_id: int
    ticket_number: str
    is_own_draft: bool = Field(description="to be filled in at the desk: /desk?ticket_id=…")
