"""What the API of test calls takes and gives."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from app.lines.models import Line
from app.probes.models import Fault, LineAlarm, Probe, ProbeStatus
from app.probes.rules import FAULT_TEXTS


class ProbeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    line: str = Field(pattern=r"^[0-9]{3,20}$", description="the line to dial; no emergency number")


class ProbeOut(BaseModel):
    """One test call (拨测). Times in UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    line: str
    status: ProbeStatus
    fault: Fault | None = Field(description="of a failed one: the first thing that was wrong")
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
    fault: Fault = Field(description="of the last failure")
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
    """A line that is dialled: how its last test call went, and its alarm."""

    line: str
    name: str
    last_probe: ProbeOut | None = Field(description="the last one that is over; none: not dialled yet")
    alarm: AlarmOut | None = Field(description="open alarm")

    @classmethod
    def of(cls, line: Line, probe: Probe | None, alarm: LineAlarm | None) -> Self:
        return cls(
            line=line.number,
            name=line.name,
            last_probe=ProbeOut.model_validate(probe) if probe else None,
            alarm=AlarmOut.model_validate(alarm) if alarm else None,
        )


class LineHealthList(BaseModel):
    items: list[LineHealth] = Field(description="by number")
