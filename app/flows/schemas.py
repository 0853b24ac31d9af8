"""What the API of flows and prompts takes and gives; the rest is told as `app.contract.flows` has it."""

import re
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from app.contract.flows import BuildReport, PromptDetail, Traffic
from app.flows.builds import Build, BuildState

LARGEST_FLOW = 200_000
"""Characters. The largest flow that ships has a fortieth of it."""
LINE = Field(
    default="", pattern=r"^([0-9]{3,20})?$", description="for callers of this line alone; empty: of every line"
)
NOTE = Field(min_length=4, max_length=200, description="the reason, for those who read the history")
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f<>{}]*$")]


class FlowTextIn(BaseModel):
    """A flow's file, and where it shall hold."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LARGEST_FLOW, description="the whole file, YAML")
    line: str = LINE
    since: date | None = Field(default=None, description="first day, Asia/Shanghai; null: at once")


class PublishIn(FlowTextIn):
    note: str = NOTE


class RollBackIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: str = NOTE
    line: str = LINE
    version: int | None = Field(default=None, ge=1, description="this one; null: the one before")


class SwitchIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool
    note: str = NOTE


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: str = NOTE


class PromptTextIn(BaseModel):
    """A text in the shipped one's place, or a prompt of one's own."""

    model_config = ConfigDict(extra="forbid")

    text: Words = Field(min_length=1, description="as people read it")
    spoken: Words = Field(
        default="", validate_default=True, description="as the voice reads it, figures written out; empty: the text"
    )
    is_slow: bool = Field(default=False, description="more slowly, for those who hear badly")
    note: str = NOTE

    @field_validator("spoken")
    @classmethod
    def _figures_are_written_out(cls, spoken: str, known: ValidationInfo) -> str:
        if re.search("[0-9]", spoken or known.data.get("text", "")):
            raise ValueError("朗读文本里的数字须写成汉字：否则 12345 会读成一万二千……")
        return spoken


class BuildOut(BaseModel):
    """Prompts being spoken. Read it again until `is_over`."""

    id: str
    by: str
    at: datetime
    state: BuildState = Field(description="`failed`: no worker began it within ten minutes, or the command refused")
    is_over: bool
    done: int = Field(description="prompts looked at, of `total`")
    total: int
    report: BuildReport | None

    @classmethod
    def of(cls, build: Build) -> Self:
        return cls(**build.request.model_dump(), **build.model_dump(exclude={"request"}), is_over=build.is_over)


class PromptChangedOut(PromptDetail):
    """The prompt as it is now; `build` speaks it."""

    build: str = Field(description="id of a prompt build")


class FlowStatistics(BaseModel):
    """How callers went through a flow in some days up to today."""

    flow: str
    days: int
    counted_at: datetime | None = Field(description="calls of the last minute are not in it; null: never counted")
    runs: dict[str, int] = Field(description="route → runs that ended so, as the call's own flow")
    traffic: Traffic = Field(description="by node, inside other flows too")
