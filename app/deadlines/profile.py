"""The rules of a region (时限规则): how long each clock runs for which ticket, and what happens when it is late.

Profiles are data: YAML in sql/reference/sla, versions in the database. Everything in them may be edited; nothing of it
is a constant in code (domain.md §2.3, §2.4, R55, R56).
"""

from datetime import time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from app.deadlines.arithmetic import Hours
from app.deadlines.faults import RuleFault, RulesUnreadable
from app.deadlines.terms import Term, TimeUnit, parse_term
from app.platform.validation import chinese_errors


class ClockKind(StrEnum):
    """What is timed. Each runs on its own."""

    ACKNOWLEDGEMENT = "acknowledgement"
    """The duty room says that it has an emergency matter (R45)."""
    DISPATCH = "dispatch"
    SIGN = "sign"
    FIRST_CONTACT = "first_contact"
    REPLY = "reply"
    EXTENSION = "extension"
    """A request for more time is decided."""
    REWORK = "rework"
    FOLLOW_UP = "follow_up"
    SUPERVISION = "supervision"
    """A unit answers to a supervision."""
    MILESTONE = "milestone"
    """The next promised step of a long-term commitment (承诺办理): its day is promised, not computed."""


class Urgency(StrEnum):
    """一般, 紧急, 特急 (domain.md §3.2)."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class Step(StrEnum):
    """The ladder (督办), in order: 提醒, 催办, 黄牌, 红牌, 挂牌督办, 约谈, 移交."""

    REMIND = "remind"
    URGE = "urge"
    YELLOW = "yellow"
    RED = "red"
    LISTED = "listed"
    TALK = "talk"
    TRANSFER = "transfer"


LADDER = tuple(Step)
DEFAULT = "default"
TICKET_TYPES = ("consult", "help", "complaint", "report", "suggest", "praise", "other", "invalid")
_KEYS = frozenset({DEFAULT, *TICKET_TYPES, Urgency.URGENT, Urgency.EMERGENCY})


def _read_term(value: Any) -> Any:
    return parse_term(value) if isinstance(value, str) else value


TermText = Annotated[Term, BeforeValidator(_read_term), PlainSerializer(str)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Rework(_Strict):
    """A part of the reply's time, but not too little (domain.md §2.4 重办)."""

    percent: int = Field(ge=1, le=100)
    at_least: TermText


class Extension(_Strict):
    """How often and by how much a reply may be put off (延期)."""

    times: int = Field(ge=0, le=5)
    at_most: TermText


class NearDue(_Strict):
    """临期: this part of the time left, or this much time."""

    percent: int = Field(ge=1, le=90)
    at_least: TermText

    @model_validator(mode="after")
    def _is_plain_time(self) -> "NearDue":
        if self.at_least.unit is not TimeUnit.NATURAL_MINUTES:
            raise RuleFault("at_least must be plain hours or minutes", "at_least 应为小时或分钟")
        return self


class NoticeHours(_Strict):
    """When notices that can wait are given, on working days."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _is_a_day(self) -> "NoticeHours":
        if self.opens >= self.closes:
            raise RuleFault("opens must be before closes", "开始时间应早于结束时间")
        return self

    @property
    def hours(self) -> Hours:
        return Hours(self.opens, self.closes)


class Profile(_Strict):
    """One version of a region's rules. `is_verified` false: shown as 待核实."""

    code: str = Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")
    name: str = Field(min_length=1, max_length=60)
    region_code: str = Field(pattern=r"^\d{6}$")
    source: str = Field(min_length=1, max_length=300)
    is_verified: bool
    clocks: dict[ClockKind, dict[str, TermText]]
    classes: dict[str, str] = Field(default_factory=dict)
    rework: Rework
    extension: Extension
    near_due: NearDue
    ladder: dict[Step, TermText]
    rework_steps: dict[int, Step] = Field(default_factory=dict)
    notice_hours: NoticeHours
    emergency_plan: str = Field(default="", max_length=40)

    @model_validator(mode="after")
    def _is_whole(self) -> "Profile":
        for kind in (ClockKind.DISPATCH, ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.REPLY, ClockKind.FOLLOW_UP):
            if DEFAULT not in self.clocks.get(kind, {}):
                raise RuleFault(f"clocks.{kind} has no {DEFAULT}", f"clocks.{kind} 缺少默认时限 {DEFAULT}")
        for kind, terms in self.clocks.items():
            if unknown := sorted(terms.keys() - _KEYS):
                raise _not_a_key(f"clocks.{kind}.{unknown[0]}")
        if unknown := sorted(self.classes.keys() - _KEYS):
            raise _not_a_key(f"classes.{unknown[0]}")
        self._check_ladder()
        return self

    def _check_ladder(self) -> None:
        late = [(step, self.ladder[step]) for step in LADDER if step in self.ladder]
        for step, term in late:
            if step in {Step.REMIND, Step.URGE}:
                raise RuleFault(
                    f"ladder.{step} follows from the due time and is not given",
                    f"ladder.{step} 由到期时间决定，不用填写",
                )
            if term.unit not in {TimeUnit.WORKING_DAYS, TimeUnit.NATURAL_MINUTES}:
                raise RuleFault(
                    f"ladder.{step} must be working days, or plain hours or minutes",
                    f"ladder.{step} 应为工作日数，或小时、分钟",
                )
        for (one, before), (other, after) in pairwise(late):
            if before.span >= after.span:
                raise RuleFault(
                    f"ladder.{other} comes no later than ladder.{one}", f"ladder.{other} 应晚于 ladder.{one}"
                )

    def find_term(self, kind: ClockKind, *, ticket_type: str | None, urgency: str) -> Term | None:
        """How long this clock runs for such a ticket: by urgency, else type, else the default. None: it never runs."""
        terms = self.clocks.get(kind, {})
        for key in (urgency, ticket_type, DEFAULT):
            if key and key in terms:
                return terms[key]
        return None

    def rework_term(self, reply: Term) -> Term:
        """The time for doing it again, where the reply had `reply`."""
        shorter = Term(max(1, -(-reply.amount * self.rework.percent // 100)), reply.unit)
        least = self.rework.at_least
        return max(shorter, least, key=lambda term: term.span) if reply.is_days else shorter

    def class_of(self, *, ticket_type: str | None, urgency: str) -> str:
        """The class (A–D, R56) of such a ticket; empty where the region has none."""
        return self.classes.get(urgency) or self.classes.get(ticket_type or "") or self.classes.get(DEFAULT, "")

    @property
    def lead(self) -> timedelta:
        """The least time before the end from which on a clock is near due."""
        return self.near_due.at_least.span


def _not_a_key(place: str) -> RuleFault:
    return RuleFault(f"{place} is neither a ticket type nor an urgency", f"{place} 既不是诉求类型，也不是紧急程度")


class ProfileUnreadable(RulesUnreadable):
    """A profile that cannot be taken; every place is named."""


def read_profile(text: str) -> Profile:
    """The profile in this YAML. ProfileUnreadable."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        told = str(error).splitlines()[0]
        raise ProfileUnreadable([RuleFault(f"no YAML: {told}", "不是有效的 YAML，请检查缩进、冒号和括号")]) from error
    if not isinstance(content, dict):
        raise ProfileUnreadable(
            [
                RuleFault(
                    "the file must hold settings with names, like `code: henan`", "内容应为“名称: 值”，如 code: henan"
                )
            ]
        )
    return check_profile(content)


def check_profile(content: dict[str, Any]) -> Profile:
    """The profile of these settings. ProfileUnreadable."""
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileUnreadable([_fault(problem) for problem in error.errors()]) from error


def _fault(problem: Any) -> RuleFault:
    place = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    inner = problem.get("ctx", {}).get("error")
    known = {"missing": "is missing", "extra_forbidden": "there is no such setting"}
    english = str(inner) if inner is not None else known.get(problem["type"], str(problem["msg"]))
    chinese = inner.chinese if isinstance(inner, RuleFault) else chinese_errors([problem])[0].message
    return RuleFault(f"{place}: {english}" if place else english, f"{place}：{chinese}" if place else chinese)
