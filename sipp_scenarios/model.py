"""What a `scenario.yaml` may say. Read it with `loading.load`, which turns each mistake into one exact sentence."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from app.contract.events import PAYLOADS, EventType
from sipp_scenarios.templates import TEMPLATES, Parameter, Role

ActorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Process = Literal["redis", "asterisk", "agi", "bridge", "web", "worker"]
WITHIN_MS = 15_000


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Actor(Part):
    """A person in the scenario: who, and how he or she behaves."""

    template: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    number: str = Field(default="own", description="own: unique per run; none: hidden; else another caller's name")
    agent: int = Field(default=0, ge=0, le=9, description="which agent of the stack sits at this seat; 0: no agent")

    @property
    def role(self) -> Role:
        return TEMPLATES[self.template].role

    @field_validator("template")
    @classmethod
    def _template_exists(cls, name: str) -> str:
        if name not in TEMPLATES:
            raise ValueError(f"no template {name!r}; there are {', '.join(TEMPLATES)}")
        return name

    @model_validator(mode="after")
    def _fits_template(self) -> Self:
        known = TEMPLATES[self.template].parameters
        for name, value in self.parameters.items():
            if name not in known:
                raise ValueError(f"{self.template} has no parameter {name!r}; it has {', '.join(known)}")
            if type(value) is not type(known[name]):
                raise ValueError(f"parameter {name!r} takes {type(known[name]).__name__}, not {type(value).__name__}")
        if (self.role is Role.AGENT) != (self.agent > 0):
            raise ValueError("a seat needs `agent: 1` or higher" if self.role is Role.AGENT else "a caller is no agent")
        return self


class SignIn(Part):
    """The agent's phone registers, the agent signs in to the queues; goes on when the store says ready."""

    sign_in: list[ActorName] = Field(min_length=1)


class SignOut(Part):
    sign_out: list[ActorName] = Field(min_length=1)


class Dial(Part):
    """Callers dial, all at once."""

    dial: list[ActorName] = Field(min_length=1)


class HangUp(Part):
    """The caller hangs up now."""

    hang_up: list[ActorName] = Field(min_length=1)


class Finish(Part):
    """Wait until the caller's phone is done."""

    finish: list[ActorName] = Field(min_length=1)


class AwaitEvent(Part):
    """Wait until the case store has an event of this caller's call."""

    await_event: EventType
    of: ActorName
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class AwaitSip(Part):
    """Wait until a phone has seen something (rang, answered, was_hung_up …); works while the store is down."""

    await_sip: Literal["rang", "answered", "hung_up", "was_hung_up", "cancelled", "refused"]
    of: ActorName
    times: int = Field(default=1, ge=1, description="of several calls to one phone: the how-manieth")
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class Talk(Part):
    """The conversation goes on for so long."""

    talk_ms: int = Field(ge=1, le=60_000)


class Stop(Part):
    stop: Process


class Start(Part):
    start: Process


class Kill(Part):
    """kill -9; it stays down until `start`, or is started by its keeper when `is_kept`."""

    kill: Process
    is_kept: bool = Field(default=False, description="the stack's keeper restarts it at once")


class Break(Part):
    """Something breaks until `mend` or the end of the run."""

    break_: Literal["agi-hangs", "prompt-missing", "database-locked"] = Field(alias="break")


class Mend(Part):
    mend: Literal["agi-hangs", "prompt-missing", "database-locked"]


class Pop(Part):
    """The agent's page is told of this call, and shows what it must."""

    pop: ActorName
    to: ActorName
    not_to: ActorName | None = Field(default=None, description="this agent's page is told nothing")
    open_ticket_of: ActorName | None = Field(default=None, description="shows the ticket of this earlier caller")
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class AcceptTicket(Part):
    """The agent fills in the ticket of this call and accepts it, so that the citizen has an open ticket."""

    accept_ticket_of: ActorName
    by: ActorName


STEPS: dict[str, type[Part]] = {
    "sign_in": SignIn, "sign_out": SignOut, "dial": Dial, "hang_up": HangUp, "finish": Finish,
    "await_event": AwaitEvent, "await_sip": AwaitSip, "talk_ms": Talk, "stop": Stop, "start": Start, "kill": Kill,
    "break": Break, "mend": Mend, "pop": Pop, "accept_ticket_of": AcceptTicket,
}  # fmt: skip


def _step_kind(step: Any) -> str | None:
    if isinstance(step, dict):
        return next((kind for kind in STEPS if kind in step), None)
    return next((kind for kind, cls in STEPS.items() if isinstance(step, cls)), None)


Step = Annotated[
    Annotated[SignIn, Tag("sign_in")]
    | Annotated[SignOut, Tag("sign_out")]
    | Annotated[Dial, Tag("dial")]
    | Annotated[HangUp, Tag("hang_up")]
    | Annotated[Finish, Tag("finish")]
    | Annotated[AwaitEvent, Tag("await_event")]
    | Annotated[AwaitSip, Tag("await_sip")]
    | Annotated[Talk, Tag("talk_ms")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[Start, Tag("start")]
    | Annotated[Kill, Tag("kill")]
    | Annotated[Break, Tag("break")]
    | Annotated[Mend, Tag("mend")]
    | Annotated[Pop, Tag("pop")]
    | Annotated[AcceptTicket, Tag("accept_ticket_of")],
    Discriminator(
        _step_kind, custom_error_type="unknown_step", custom_error_message=f"a step is one of {', '.join(STEPS)}"
    ),
]

FAULTS = (Stop, Kill, Break)
"""Steps that break something: they need a stack that allows it."""


class ExpectedEvent(Part):
    """An event type, and the payload fields that must have these values (`agent` is an actor's name)."""

    type: EventType
    fields: dict[str, str | int | bool] = Field(default_factory=dict)

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
    status: Literal["draft", "accepted", "finished", "merged"] = "draft"
    opened_by: ActorName = Field(description="the agent whose answer opened it")


class ExpectedMissedCall(Part):
    """The entry of this number on the missed-call list."""

    reason: Literal["abandoned", "overflow", "no_agent", "left_before_queue"]
    is_resolved: bool = False


class ExpectedCall(Part):
    """The record of one caller's call. What is not named is not compared."""

    outcome: Literal["answered", "abandoned", "overflow", "no_agent", "left_before_queue"]
    state: Literal["arrived", "queued", "ringing", "talking", "after_talk", "ended"] = "ended"
    agent: ActorName | None = None
    has_number: bool = Field(default=True, description="the store knows the caller's own number")
    events: list[ExpectedEvent] = Field(min_length=1, description="in this order; others may lie between")
    also: list[ExpectedEvent] = Field(
        default_factory=list, description="in any place: Asterisk tells the end of a call in no fixed order"
    )
    never: list[EventType] = Field(default_factory=list)
    ticket: ExpectedTicket | Literal["none"]
    missed_call: ExpectedMissedCall | Literal["none"]
    recording: Literal["both_voices", "any", "none"] = "any"
    is_reconstructed: bool | None = Field(default=None, description="some fact was rebuilt after a gap")


class Expectation(Part):
    people: dict[ActorName, list[str]] = Field(default_factory=dict, description="what each phone saw, in order")
    calls: dict[ActorName, ExpectedCall] = Field(default_factory=dict)
    agents: dict[ActorName, Literal["offline", "ready", "paused", "wrap_up"]] = Field(default_factory=dict)
    parked_events: int = Field(default=0, ge=0, description="how many events the store could not read during the run")


class Scenario(Part):
    """One scenario: what it proves, who takes part, what happens, what must be true afterwards."""

    summary: str = Field(min_length=40, description="prose: what this proves and why it matters")
    actors: dict[ActorName, Actor] = Field(min_length=1)
    steps: list[Step] = Field(min_length=1)
    expect: Expectation

    @property
    def is_destructive(self) -> bool:
        """Whether it stops, kills or breaks a part of the stack."""
        return any(isinstance(step, FAULTS) for step in self.steps)

    def actors_of(self, role: Role) -> dict[str, Actor]:
        return {name: actor for name, actor in self.actors.items() if actor.role is role}
