"""The site plan: what a telephony node has, in words of the trade. Everything rendered for Asterisk comes from here.

Whatever can reach Asterisk's configuration has a strict pattern, so no name can end a line or open a section.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from dialplan.cross_reference import contradictions
from dialplan.line_plan import Category, Digits, Label, Line, Name, Part
from dialplan.seat_range import expand, expand_agents


class Strategy(StrEnum):
    """Who is asked first. `leastrecent` and `fewestcalls` ask an agent who does not answer again and again, as such an
    agent stays the least recent, so they are not offered."""

    ROUND_ROBIN = "rrmemory"
    RANDOM = "random"
    RING_ALL = "ringall"
    LINEAR = "linear"


class Did(Part):
    """A number delivered by a trunk, digit by digit as the carrier sends it, and the line it belongs to."""

    number: Digits
    line: Digits


class TrunkKind(StrEnum):
    CARRIER = "carrier"
    DEPARTMENT = "department"
    EMERGENCY = "emergency"
    PROBE = "probe"
    """The platform's own test calls: never shown to an agent, never on the missed-call list."""


class Outbound(Part):
    """Where we may send calls on a trunk. Without it nothing goes out there."""

    host: IPv4Address
    port: int = Field(default=5060, ge=1, le=65_535)
    ring_seconds: int = Field(default=30, ge=1, le=120)


class Trunk(Part):
    """A SIP link to a carrier or department, known by its addresses alone."""

    name: Name
    label: Label
    addresses: list[IPv4Network] = Field(min_length=1, max_length=50)
    dids: list[Did] = Field(default_factory=list, max_length=1000, description="a probe needs none: it may dial all")
    flow: Name
    max_calls: int = Field(ge=1, le=10_000)
    trusts_identity: bool = Field(default=False, description="believe P-Asserted-Identity of this trunk")
    kind: TrunkKind = TrunkKind.CARRIER
    line: Digits | None = Field(default=None, description="the line of its calls to 12345: a department's own trunk")
    trusts_diversion: bool = Field(default=False, description="believe Diversion and History-Info of this trunk")
    outbound: Outbound | None = None
    silence_limit_seconds: int = Field(default=120, ge=0, le=3600, description="hang up without media; 0: never")


class SideDoors(Part):
    """What a key opens for a caller who waits."""

    flow: Name = "waiting"
    after_seconds: int = Field(default=60, ge=20, le=3600, description="told to who would wait longer than this")


class Queue(Part):
    """A line of waiting callers. An agent with all its skills is put into it."""

    name: Name
    label: Label
    skills: list[Name] = Field(min_length=1, max_length=20)
    strategy: Strategy = Strategy.ROUND_ROBIN
    ring_seconds: int = Field(default=15, ge=1, le=120)
    retry_seconds: int = Field(default=1, ge=1, le=60)
    max_wait_seconds: int = Field(default=300, ge=1, le=3600)
    max_callers: int = Field(default=0, ge=0, le=10_000, description="0: no limit")
    wrap_up_seconds: int = Field(default=0, ge=0, le=600)
    weight: int = Field(default=0, ge=0, le=100, description="the heavier queue gets a shared agent first")
    service_level_seconds: int = Field(default=15, ge=1, le=600)
    announce_every_seconds: int = Field(default=0, ge=0, le=600, description="long-wait prompt; 0: never")
    pauses_who_misses: bool = Field(default=False, description="an agent who does not answer is paused")
    falls_to: Name | None = Field(default=None, description="where who was not answered here waits on; none: nowhere")
    side_doors: SideDoors | None = Field(default=None, description="what a key opens while one waits; none: nothing")
    music: Literal["waiting"] = "waiting"


class EmergencyService(Part):
    """110, 119, 120 or 122: never merged; calls are handed over on its trunk, with the citizen's number."""

    number: Annotated[str, StringConstraints(pattern=r"^1(10|19|20|22)$")]
    label: Label
    trunk: Name


class Callbacks(Part):
    """Where call-backs go out. Without it nobody is called back by the machine."""

    trunk: Name
    ring_seconds: int = Field(default=30, ge=5, le=90, description="how long the citizen's phone rings")


class ChangeControl(Part):
    """Who must agree before a change of the plan takes effect."""

    approval: Literal["none", "second_person"] = "none"


class Destination(Part):
    """What a seat may dial: other seats, or the echo test. Never a trunk."""

    name: Name
    kind: Literal["seats", "echo"]
    numbers: str = Field(pattern=r"^[0-9]{3,8}(-[0-9]{3,8})?$", description="one number, or first-last")


class SeatGroup(Part):
    """Desks with a phone. `range` names them: `8001` or `8001-8020`."""

    name: Name
    range: str = Field(pattern=r"^[0-9]{3,8}(-[0-9]{3,8})?$")
    may_dial: list[Name] = Field(default_factory=list, max_length=20)

    @property
    def seats(self) -> list[str]:
        return expand(self.range)


class PauseReason(Part):
    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    label: Label


class Agent(Part):
    """A demo agent. `skills` maps each skill to a penalty: 0 is asked first."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    label: Label
    seat: Digits
    skills: dict[Name, Annotated[int, Field(ge=0, le=20)]] = Field(min_length=1)


class SitePlan(Part):
    """One telephony node. Read it with `dialplan.plan_file.load_plan`, which explains every fault."""

    name: Name
    label: Label
    area_code: Annotated[str, StringConstraints(pattern=r"^0[0-9]{2,3}$")] | None = Field(
        default=None, description="of the city, e.g. 0375: Diversion may name 12315 as 037512315 or +8637512315"
    )
    general_queue: Name
    max_call_seconds: int = Field(default=7200, ge=60, le=86_400)
    seat_networks: list[IPv4Network] = Field(min_length=1, max_length=50)
    trunks: list[Trunk] = Field(min_length=1, max_length=200)
    lines: list[Line] = Field(min_length=1, max_length=1000)
    queues: list[Queue] = Field(min_length=1, max_length=200)
    emergency: list[EmergencyService] = Field(default_factory=list, max_length=10)
    change_control: ChangeControl = ChangeControl()
    known_agent_ring_seconds: int = Field(
        default=8, ge=1, le=30, description="how long the agent of the last 24 hours rings alone for a known caller"
    )
    rating_flow: Name | None = Field(default=None, description="where a caller goes on when the agent has hung up")
    callbacks: Callbacks | None = Field(default=None, description="how citizens are called back; none: by hand alone")
    seats: list[SeatGroup] = Field(min_length=1, max_length=200)
    destinations: list[Destination] = Field(default_factory=list, max_length=200)
    pause_reasons: list[PauseReason] = Field(min_length=1, max_length=50)
    agents: Annotated[list[Agent], BeforeValidator(expand_agents)] = Field(default_factory=list, max_length=5000)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if found := contradictions(self):
            raise ValueError("\n".join(found))
        return self

    @property
    def main_line(self) -> Line:
        """The hotline's own number: 12345, else the first line of that category."""
        own = [line for line in self.lines if line.category == Category.MAIN and not line.periods]
        return next((line for line in self.lines if line.number == "12345"), (own or self.lines)[0])

    @property
    def all_seats(self) -> list[str]:
        return [seat for group in self.seats for seat in group.seats]

    def queues_of(self, agent: Agent) -> dict[str, int]:
        """Queue name -> penalty, for every queue whose skills the agent has; the weakest skill sets the penalty."""
        return {
            queue.name: max(agent.skills[skill] for skill in queue.skills)
            for queue in self.queues
            if set(queue.skills) <= set(agent.skills)
        }
