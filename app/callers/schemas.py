"""What the API of priority callers takes and gives. Numbers are masked in every answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.callers.models import PriorityCaller
from app.callers.number_file import MAX_BYTES
from app.callers.rules import KIND_WORDS, PriorityKind
from app.contract.masks import mask_number, mask_text

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]


class PriorityIn(BaseModel):
    """A number to be put through first."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(max_length=40, description="as people write it")
    kind: PriorityKind = Field(description="vulnerability or an unsolved matter, never standing")
    reason: Reason = Field(description="why; kept in the audit log")


class ClearIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="why the flag goes; kept in the audit log")


class PriorityOut(BaseModel):
    """A flag of a number."""

    id: int
    caller_number: str = Field(description="138****5678")
    kind: PriorityKind
    kind_text: str = Field(description="the same for people, in Chinese")
    reason: str
    set_at: datetime
    set_by: str
    cleared_at: datetime | None
    cleared_by: str
    clear_reason: str

    @classmethod
    def of(cls, row: PriorityCaller) -> "PriorityOut":
        """The row with its number masked."""
        names = cls.model_fields.keys() - {"caller_number", "kind_text", "reason", "clear_reason"}
        return cls(
            **{name: getattr(row, name) for name in names},
            caller_number=mask_number(row.caller_number),
            reason=mask_text(row.reason),
            clear_reason=mask_text(row.clear_reason),
            kind_text=KIND_WORDS[PriorityKind(row.kind)],
        )


class PriorityList(BaseModel):
    items: list[PriorityOut] = Field(description="the latest first")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null on the last one")


class ImportIn(BaseModel):
    """A file of numbers, as text."""

    model_config = ConfigDict(extra="forbid")

    csv: str = Field(max_length=MAX_BYTES, description="with a heading; number 号码 and kind 类别 must be there")
    reason: Reason | Literal[""] = Field(default="", description="that of rows that give none")


class BrokenRowOut(BaseModel):
    """A row that was left out."""

    model_config = ConfigDict(from_attributes=True)

    row: int = Field(description="line of the file, the heading being line 1")
    reason: str = Field(description="in Chinese; no number stands in it")


class ImportOut(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(from_attributes=True)

    flagged: int
    known: int = Field(description="flagged before; their flags stay as they are")
    broken: list[BrokenRowOut]
