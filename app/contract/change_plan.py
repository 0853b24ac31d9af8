"""What a new plan would change on a node: its faults, its meaning, its files. A part of app.contract.changes."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Fault(Message):
    """One thing that is wrong: where, what, what to do."""

    where: str
    what: str
    advice: str = ""
    code: str = Field(default="", description="which rule is broken; stays the same whatever the words are")
    text_zh: str = Field(default="", description="what is wrong and what to do, in Chinese, for pages")


class CheckReport(Message):
    """Everything that can be found before Asterisk, or a caller, finds it."""

    is_good: bool
    faults: list[Fault] = []


class Area(StrEnum):
    """What part of the plan a change of meaning is about."""

    LINE = "line"
    TRUNK = "trunk"
    QUEUE = "queue"
    AGENT = "agent"
    SEAT = "seat"
    EMERGENCY = "emergency"
    SITE = "site"


class Effect(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class MeaningChange(Message):
    """One sentence about what will be different, e.g. `line 12333 changes to direct_merge on 2026-12-01`."""

    area: Area
    effect: Effect
    subject: str = Field(description="number or name; empty for several things at once")
    text: str = Field(description="English, whole, readable alone")
    text_zh: str = Field(description="the same in Chinese, for pages")
    on: date | None = Field(default=None, description="the day from which it holds; none: at once")
    needs_care: bool = Field(default=False, description="callers may be handled otherwise than they are used to")


class FileChange(Message):
    """One rendered file that differs. Passwords are masked in the diff."""

    name: str
    effect: Effect
    lines_added: int = 0
    lines_removed: int = 0
    diff: str = Field(default="", description="unified diff; cut at 400 lines")


class ChangePlan(Message):
    """What an apply would do: a diff of meaning and of files."""

    is_empty: bool
    base_version: int | None = Field(description="the applied version it was compared with; none: nothing was applied")
    plan_digest: str = Field(description="SHA-256 of the plan's text, hexadecimal")
    meaning: list[MeaningChange] = []
    files: list[FileChange] = []
    reloads: list[str] = Field(default=[], description="console commands by which Asterisk takes it over")
    restart_for: list[str] = Field(default=[], description="files that Asterisk reads only when it starts")
    restart_for_zh: list[str] = Field(default=[], description="the same in Chinese, for pages")
    hand_edits: list[FileChange] = Field(default=[], description="files on the node that are not as they were applied")
    needs_approval: bool = False
    clock_offset_seconds: int = Field(default=0, description="a coming day is rehearsed on this node: an apply ends it")
    faults: list[Fault] = Field(default=[], description="why the plan cannot be applied; then nothing else is filled")
