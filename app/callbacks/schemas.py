"""What the API of call-backs takes and gives."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.callbacks import wording
from app.callbacks.models import Callback, CallbackSource, CallbackStatus
from app.contract.masks import mask_number


class CallbackIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    missed_call_id: int = Field(ge=1, le=2**63 - 1, description="the row of the missed-call list to be called back")


class CallbackOut(BaseModel):
    """One request. Times in UTC; the number is masked."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str = Field(description="138****5678")
    status: CallbackStatus
    status_text: str = Field(description="as people read it, with the reason")
    source: CallbackSource
    queue: str
    original_line: str
    queued_at: datetime = Field(description="when the citizen joined the queue: his place in the line")
    requested_at: datetime
    requested_by: str = Field(description="username; empty: the citizen, or the system")
    next_try_at: datetime
    tries: int = Field(description="how often the citizen's phone has rung, of three")
    call_id: str | None = Field(description="of the newest offer to the agents")
    agent: str = Field(description="who took it")
    ticket_id: int | None
    settled_at: datetime | None
    settled_by: str

    @classmethod
    def of(cls, row: Callback) -> Self:
        """The request with its number masked."""
        named = {"number": mask_number(row.number), "status_text": wording.explain(row.status, row.cause)}
        values = {name: getattr(row, name) for name in CallbackOut.model_fields if name not in named}
        return cls.model_validate({**values, **named})


class TryOut(BaseModel):
    """One offer to the agents, and how far it came."""

    model_config = ConfigDict(from_attributes=True)

    offer: int
    call_id: str
    offered_at: datetime
    rang_at: datetime | None = Field(description="when the citizen's phone began to ring")
    talked_at: datetime | None
    ended_at: datetime | None
    agent: str
    cause: str = Field(description="busy, no_answer, rejected, trunk_down, withdrawn, no_agent or lost")


class CallbackDetail(CallbackOut):
    """A request with its tries."""

    offered: list[TryOut] = []


class CallbackList(BaseModel):
    items: list[CallbackOut] = Field(description="the newest first")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null on the last one")
