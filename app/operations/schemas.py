"""What the API of changes takes, and how it tells of a run. Plans and reports are those of `app.contract.changes`."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.contract import changes
from app.operations.runs import Run, RunKind, RunState

LARGEST_PLAN = 600_000
"""Characters. A plan of 500 lines and 1,000 seats has a fifth of it."""
PLAN_TEXT = Field(max_length=LARGEST_PLAN, description="the whole site plan, YAML")
WHY = Field(min_length=4, max_length=200, description="the reason, for those who read the history")


class PlanIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plan: str = PLAN_TEXT


class ProposalIn(PlanIn):
    why: str = WHY


class RejectionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = WHY


class ApplyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_dry_run: bool = Field(default=False, description="rehearse it on the scratch Asterisk, change nothing")
    overwrites_hand_edits: bool = Field(default=False, description="give up what was edited by hand; a copy is kept")


class RollbackIn(ApplyIn):
    version: int = Field(ge=1, description="the version to bring back; it must have been in force once")
    why: str = WHY


class ProposalSummary(BaseModel):
    """A proposal without its plan and differences."""

    id: str
    at: datetime
    by: str
    why: str
    status: changes.ProposalStatus
    base_version: int | None = Field(description="the applied version it was compared with")
    decided_by: str | None
    decided_at: datetime | None
    applied_as: int | None = Field(description="version under which it stands in the history")
    meaning: list[changes.MeaningChange]

    @classmethod
    def of(cls, proposal: changes.Proposal) -> Self:
        return cls(**proposal.model_dump(include=set(cls.model_fields)), meaning=proposal.change.meaning)


class ProposalSummaryList(BaseModel):
    items: list[ProposalSummary] = Field(description="the newest first")


class RunOut(BaseModel):
    """An apply, a rollback or a rehearsal that somebody asked for. Read it again until `is_over`."""

    id: str
    kind: RunKind
    target: str = Field(description="a proposal's id, or the number of the version to bring back")
    why: str
    by: str
    at: datetime
    is_dry_run: bool
    overwrites_hand_edits: bool
    state: RunState = Field(description="`lost`: its process is gone without a report; `expired`: no worker began it")
    is_over: bool
    steps: list[changes.Step]
    report: changes.ApplyReport | None = Field(description="none: it has not ended")

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(**run.request.model_dump(), state=run.state, is_over=run.is_over, steps=run.steps, report=run.report)
