"""What ingest's API gives beside the contract's own models."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ParkedEventOut(BaseModel):
    """An event that was put aside."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    node: str = Field(description="the sender")
    seq: int = Field(description="its journal sequence; 0 where none could be read")
    reason: str
    parked_at: datetime
    tried_at: datetime | None = Field(description="when it was last tried again")
    tried_by: str
    kept_at: datetime | None = Field(description="tried again, it was kept; null: still parked")


class ParkedEventList(BaseModel):
    items: list[ParkedEventOut] = Field(description="the newest first")


class RetriedOut(BaseModel):
    """What became of a parked event that was tried again."""

    event: ParkedEventOut
    is_kept: bool


class SenderOut(BaseModel):
    """How far one sender's journal is stored."""

    model_config = ConfigDict(from_attributes=True)

    node: str
    cursor: int
    last_seen_at: datetime


class SenderList(BaseModel):
    items: list[SenderOut]
