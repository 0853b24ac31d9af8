"""What a `scenario.yaml` may say. Read it with `loading.load`, which turns each mistake into one exact sentence."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from sipp_scenarios.expectation import Expectation
from sipp_scenarios.steps import FAULTS, Step
from sipp_scenarios.templates import TEMPLATES, Parameter, Role
from sipp_scenarios.words import ActorName, Part, TrunkName


class Actor(Part):
    """A person in the scenario: who, and how he or she behaves."""

    template: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    number: str = Field(
        default="own",
        description="own: unique per run; landline: that, no mobile; none: hidden; else another caller's name",
    )
    trunk: TrunkName | None = Field(default=None, description="where it calls from or answers; none: the carrier's")
    seat: str = Field(default="", pattern=r"^([0-9]{3,8})?$", description="a line's own seat, where no agent signs in")
    agent: int = Field(default=0, ge=0, le=9, description="which agent of the stack sits at this seat; 0: no agent")

    @property
    def role(self) -> Role:
        role = TEMPLATES[self.template].role
        return Role.OWN_SEAT if role is Role.AGENT and self.seat else role

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
            raise ValueError(
                "a seat needs `agent: 1` or higher, or `seat`"
                if self.role is Role.AGENT
                else f"a {self.role} is no agent"
            )
        if self.role is Role.EXCHANGE and not self.trunk:
            raise ValueError("an exchange needs the `trunk` at whose far end it is")
        if self.seat and self.role is not Role.OWN_SEAT:
            raise ValueError(f"a {self.role} has no seat")
        return self


class Scenario(Part):
    """One scenario: what it proves, who takes part, what happens, what must be true afterwards."""

    summary: str = Field(min_length=40, description="prose: what this proves and why it matters")
    actors: dict[ActorName, Actor] = Field(min_length=1)
    steps: list[Step] = Field(min_length=1)
    expect: Expectation
    or_expect: list[Expectation] = Field(default_factory=list, description="other endings that are all right as well")

    @property
    def endings(self) -> list[Expectation]:
        """What may be true in the end: one of these as a whole."""
        return [self.expect, *self.or_expect]

    @property
    def is_destructive(self) -> bool:
        """Whether it stops, kills, breaks or changes a part of the stack."""
        return any(isinstance(step, FAULTS) for step in self.steps)

    def actors_of(self, role: Role) -> dict[str, Actor]:
        return {name: actor for name, actor in self.actors.items() if actor.role is role}
