"""The question AGI may ask before the queue: who is calling, and for which line? (budget 300 ms)"""

from pydantic import BaseModel, ConfigDict, Field


class LookupRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    call_id: str = Field(max_length=64)
    trunk: str = Field(max_length=80)
    dnis: str = Field(default="", max_length=64)
    ani: str = Field(default="", max_length=64)
    original_line: str = Field(default="", max_length=64, description="as the dialplan resolved it; empty: by dnis")


class CallerCard(BaseModel):
    """What the flow may know of a caller. Nothing here identifies the citizen to the telephony host."""

    model_config = ConfigDict(frozen=True)

    is_known: bool = False
    is_priority: bool = Field(default=False, description="flagged number: straight to a person, first in the queue")
    original_line: str = Field(default="", max_length=64, description="the hotline the citizen meant")
    queue: str = Field(default="", max_length=80, description="queue of that line; empty: the flow's own")
    open_tickets: int = Field(default=0, ge=0)
    last_agent: str = Field(default="", max_length=80, description="whom the caller spoke with in the last 24 hours")
    last_agent_seat: str = Field(
        default="", max_length=80, description="where that agent sits, if free now; empty: not free, or nobody"
    )
    has_broadcast: bool = Field(default=False, description="something is announced now to callers of that line")
    day: str = Field(default="", max_length=20, description="workday, rest_day or holiday; empty: not known")


class FlowLookup(BaseModel):
    """What a flow asks in the middle of a call: how a ticket stands, what is broadcast, how long the wait is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call_id: str = Field(max_length=64)
    line: str = Field(default="", max_length=64)
    ani: str = Field(default="", max_length=64)
    arguments: dict[str, str] = Field(default_factory=dict, max_length=10)


class FlowLookupAnswer(BaseModel):
    """`found` decides the flow's way; what the values mean is the matter of the look-up and of the flow."""

    model_config = ConfigDict(frozen=True)

    found: bool = False
    values: dict[str, str | int | bool] = Field(default_factory=dict, max_length=50)
