"""The form of the quick change, read: fields that the chosen mode does not know are left out. Pure."""

import re
from datetime import date

from pydantic import BaseModel, Field

from app.operations.plan_text import NewPeriod, PlanTextRefused

MOST_SEATS = 100
LONGEST_OWN_RING_SECONDS = 120
LONGEST_HOTLINE_RING_SECONDS = 600
_SEPARATORS = re.compile(r"[\s,，、;；]+")
_SEATS = re.compile(r"([0-9]{3,20})(?:[-—~～]([0-9]{3,20}))?")


class PeriodForm(BaseModel):
    """As it comes from the page; every field is text, and may be empty."""

    plan: str = ""
    line: str = Field(default="", max_length=20)
    since: str = Field(default="", max_length=10)
    mode: str = Field(default="", max_length=20)
    direction: str = Field(default="", max_length=3)
    trunk: str = Field(default="", max_length=40)
    seats: str = Field(default="", max_length=1000)
    order: str = Field(default="", max_length=20)
    own_ring_seconds: str = Field(default="", max_length=4)
    hotline_ring_seconds: str = Field(default="", max_length=4)


def read_period(form: PeriodForm) -> NewPeriod:
    """The period that the form describes. PlanTextRefused says which field is wrong, and how to write it."""
    since = _day(form.since)
    if form.mode == "forward":
        is_out = form.direction == "out"
        if is_out and not form.trunk:
            raise PlanTextRefused("转往部门须选择部门中继")
        return NewPeriod(since, form.mode, direction=form.direction, trunk=form.trunk if is_out else "")
    if form.mode != "parallel":
        return NewPeriod(since, form.mode)
    seats = read_seats(form.seats)
    if not form.trunk and not seats:
        raise PlanTextRefused("并行接听须选择部门中继，或填写自有坐席")
    is_hotline_first = form.order == "hotline_first"
    return NewPeriod(
        since, form.mode, trunk=form.trunk, seats=seats, order=form.order,
        own_ring_seconds=_seconds(form.own_ring_seconds, "部门一侧振铃", LONGEST_OWN_RING_SECONDS),
        hotline_ring_seconds=(
            _seconds(form.hotline_ring_seconds, "12345 先响", LONGEST_HOTLINE_RING_SECONDS)
            if is_hotline_first
            else None
        ),
    )  # fmt: skip


def read_seats(text: str) -> tuple[str, ...]:
    """`8009, 8012-8014` → every seat once, in the order of the text. PlanTextRefused."""
    found: dict[str, None] = {}
    for part in filter(None, _SEPARATORS.split(text.strip())):
        match = _SEATS.fullmatch(part)
        first, last = (match[1], match[2] or match[1]) if match else ("", "")
        if not match or len(first) != len(last) or int(last) < int(first):
            raise PlanTextRefused(f"坐席“{part[:40]}”无法识别，请写成 8009 或 8009-8012，用逗号分开")
        if int(last) - int(first) >= MOST_SEATS:
            raise PlanTextRefused(f"一条线路最多 {MOST_SEATS} 个自有坐席")
        found.update(dict.fromkeys(f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)))
    if len(found) > MOST_SEATS:
        raise PlanTextRefused(f"一条线路最多 {MOST_SEATS} 个自有坐席")
    return tuple(found)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PlanTextRefused("请选择生效日期") from error


def _seconds(text: str, name: str, longest: int) -> int | None:
    """None: the plan's own default."""
    if not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text) <= longest:
        raise PlanTextRefused(f"{name}的秒数应为 1 到 {longest}")
    return int(text)
