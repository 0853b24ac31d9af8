"""The lines of an applied plan, as the store takes them over: parsed once from the plan's JSON."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.contract.line_rules import PlannedLine, StagedMode
from app.platform.plan_words import PlanWords, WordKind


class Planned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class PeriodIn(Planned):
    begins_on: date = Field(alias="from")
    mode: str = Field(max_length=20)
    direction: str = Field(default="in", max_length=3)
    trunk: str | None = Field(default=None, max_length=80)
    seats: list[str] = []
    ring_order: str = Field(default="", alias="order", max_length=20)
    own_ring_seconds: int = 0
    hotline_ring_seconds: int = 0


class AliasIn(Planned):
    number: str = Field(max_length=20)
    valid_from: date | None = None
    valid_until: date | None = None


class LineIn(Planned):
    number: str = Field(max_length=20)
    name: str = Field(alias="label", max_length=80)
    queue: str = Field(max_length=80)
    unit_name: str | None = Field(default=None, alias="unit", max_length=80)
    category: str = Field(default="12345", max_length=20)
    access_code: str | None = Field(default=None, max_length=6)
    aliases: list[AliasIn] = []
    periods: list[PeriodIn] = []
    reason: str | None = Field(default=None, max_length=80)
    approved_by: str | None = Field(default=None, max_length=80)

    def as_planned(self, *, is_new: bool) -> PlannedLine:
        """What the rules of state look at."""
        return PlannedLine(
            number=self.number,
            category=self.category,
            stages=[StagedMode(period.begins_on, period.mode) for period in self.periods],
            aliases=[alias.number for alias in self.aliases],
            reason=self.reason or "",
            approved_by=self.approved_by or "",
            is_new=is_new,
        )


class TrunkIn(Planned):
    name: str = Field(max_length=80)
    label: str = Field(max_length=80)
    kind: str = Field(default="carrier", max_length=20)
    line: str | None = Field(default=None, max_length=20)
    outbound: dict[str, Any] | None = None


class QueueIn(Planned):
    name: str = Field(max_length=80)
    label: str = Field(max_length=80)


class PauseReasonIn(Planned):
    code: str = Field(max_length=80)
    label: str = Field(max_length=80)


class PlanIn(Planned):
    """`PlanIn.model_validate(plan.model_dump(mode="json", by_alias=True))`."""

    name: str = Field(max_length=40)
    lines: list[LineIn] = Field(max_length=1000)
    trunks: list[TrunkIn] = Field(default=[], max_length=200)
    queues: list[QueueIn] = Field(default=[], max_length=1000)
    pause_reasons: list[PauseReasonIn] = Field(default=[], max_length=200)

    @property
    def words(self) -> PlanWords:
        """What pages call its queues and pause reasons."""
        return {
            WordKind.QUEUE: [(queue.name, queue.label) for queue in self.queues],
            WordKind.PAUSE_REASON: [(reason.code, reason.label) for reason in self.pause_reasons],
        }
