"""What a phone and the case store must have seen in the end."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from app.contract.events import PAYLOADS, EventType, LineRule
from sipp_scenarios.words import ActorName, Part


class ExpectedEvent(Part):
    """An event type, and the payload fields that must have these values (`agent` is an actor's name). A list: nodes
    of a flow that must be on the `path`."""

    type: EventType
    fields: dict[str, str | int | bool | dict[str, str] | list[str]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """`CallEnded` or `CallerQueued: {queue: general}`."""
        if isinstance(data, str):
            return {"type": data}
        if isinstance(data, dict) and len(data) == 1 and "type" not in data:
            ((name, fields),) = data.items()
            return {"type": name, "fields": fields}
        return data

    @model_validator(mode="after")
    def _fields_exist(self) -> Self:
        known = PAYLOADS[self.type].model_fields
        for name in self.fields:
            if name not in known:
                raise ValueError(f"{self.type} has no field {name!r}; it has {', '.join(known)}")
        return self


class ExpectedTicket(Part):
    status: Literal["draft", "accepted", "finished", "merged", "rated"] = "draft"
    opened_by: ActorName | None = Field(default=None, description="the agent who has it; none: a department answered")
    source: str | None = Field(default=None, description="phone, or 110 and the like: who put it through")


class ExpectedFollowUp(Part):
    """What a citizen said when he was asked about the ticket of his call."""

    status: Literal["open", "answered", "unreached"] = "answered"
    is_solved: bool | None = None
    satisfaction: Literal["", "satisfied", "fairly", "dissatisfied"] = ""


class ExpectedMissedCall(Part):
    """The entry of this number on the missed-call list."""

    reason: Literal["abandoned", "overflow", "no_agent", "left_before_queue", "message"]
    is_resolved: bool = False


class ExpectedLine(Part):
    """Which hotline the call was for, and how that was found out. What is not named is not compared."""

    number: str | None = None
    rule: LineRule | None = None
    mode: str | None = None
    diversion: str | None = None


class ExpectedCall(Part):
    """The record of one caller's call. What is not named is not compared."""

    outcome: Literal[
        "answered", "abandoned", "overflow", "no_agent", "left_before_queue", "forwarded", "callback", "message",
        "self_served", "not_reached",
    ]  # fmt: skip
    state: Literal["arrived", "queued", "ringing", "talking", "after_talk", "ended"] = "ended"
    agent: ActorName | None = None
    line: ExpectedLine = ExpectedLine()
    has_number: bool = Field(default=True, description="the store knows the caller's own number")
    events: list[ExpectedEvent] = Field(min_length=1, description="in this order; others may lie between")
    also: list[ExpectedEvent] = Field(
        default_factory=list, description="in any place: Asterisk tells the end of a call in no fixed order"
    )
    never: list[EventType] = Field(default_factory=list)
    ticket: ExpectedTicket | Literal["none"]
    missed_call: ExpectedMissedCall | Literal["none"]
    recording: Literal["both_voices", "caller_and_exchange", "three_voices", "any", "none"] = "any"
    is_reconstructed: bool | None = Field(default=None, description="some fact was rebuilt after a gap")


class Expectation(Part):
    people: dict[ActorName, list[str]] = Field(default_factory=dict, description="what each phone saw, in order")
    calls: dict[ActorName, ExpectedCall] = Field(default_factory=dict)
    received: dict[ActorName, dict[str, str]] = Field(
        default_factory=dict,
        description="exchange: SIP header of the last INVITE and what it holds; {citizen}: a number",
    )
    records: dict[ActorName, int] = Field(
        default_factory=dict, description="how many calls of this caller's number the run left in the store"
    )
    follow_ups: dict[ActorName, ExpectedFollowUp] = Field(default_factory=dict)
    agents: dict[ActorName, Literal["offline", "ready", "paused", "wrap_up"]] = Field(default_factory=dict)
    parked_events: int = Field(default=0, ge=0, description="how many events the store could not read during the run")
