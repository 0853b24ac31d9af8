"""What the API of test calls takes and gives."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from app.probes.models import ProbeFault, ProbeStatus
from app.probes.rules import FAULT_TEXTS, VERDICT_TEXTS, Verdict
from app.probes.watch import WatchedLine


class ProbeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    line: str = Field(pattern=r"^[0-9]{3,20}$", description="the line to dial; no emergency number")


class ProbeOut(BaseModel):
    """One test call (拨测). Times in UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    line: str
    status: ProbeStatus
    fault: ProbeFault | None = Field(description="of a failed one: the first thing that was wrong")
    ordered_by: str = Field(description="who asked; `schedule`: nobody, its turn had come")
    ordered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    sip_status: int | None = Field(description="final answer to the INVITE")
    answer_ms: int | None = Field(description="INVITE to answer")
    audio_ms: int | None = Field(description="length of the audio that came")
    loudness: int | None = Field(
        description="loudest tenth of a second, root mean square, 0 to 32767; silent below 200"
    )
    call_id: str | None = Field(description="the call's own record")
    found_line: str = Field(description="the original line that the record has")
    found_rule: str = Field(description="the rule that named it")

    @computed_field(description="the fault, Chinese, for people")  # type: ignore[prop-decorator]
    @property
    def fault_text(self) -> str:
        return FAULT_TEXTS[self.fault] if self.fault else ""


class ProbeList(BaseModel):
    items: list[ProbeOut] = Field(description="the newest first")
    next_cursor: str | None = None


class AlarmOut(BaseModel):
    """A line whose test calls fail, or failed for a while."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    line: str
    fault: ProbeFault = Field(description="of the last failure")
    failures: int
    raised_at: datetime
    last_failed_at: datetime
    recovered_at: datetime | None = Field(description="none: it still fails")
    last_probe_id: int

    @computed_field(description="the fault, Chinese, for people")  # type: ignore[prop-decorator]
    @property
    def fault_text(self) -> str:
        return FAULT_TEXTS[self.fault]


class AlarmList(BaseModel):
    items: list[AlarmOut] = Field(description="the newest first")


class LineHealth(BaseModel):
    """A line of the plan in force: what is known of it now, its last test call, its alarm."""

    line: str
    name: str
    verdict: Verdict = Field(description="`well` and `not_yet` need nobody; the others need somebody to look")
    heard_at: datetime | None = Field(description="when a test call last said anything of the line; none: never")
    last_probe: ProbeOut | None = Field(description="the last one that is over; none: not dialled yet")
    alarm: AlarmOut | None = Field(description="open alarm")

    @computed_field(description="the verdict, Chinese, for people")  # type: ignore[prop-decorator]
    @property
    def verdict_text(self) -> str:
        return VERDICT_TEXTS[self.verdict]

    @classmethod
    def of(cls, one: WatchedLine) -> Self:
        return cls(
            line=one.line.number,
            name=one.line.name,
            verdict=one.verdict,
            heard_at=one.heard_at,
            last_probe=ProbeOut.model_validate(one.last) if one.last else None,
            alarm=AlarmOut.model_validate(one.alarm) if one.alarm else None,
        )


class LineHealthList(BaseModel):
    items: list[LineHealth] = Field(description="by number")
