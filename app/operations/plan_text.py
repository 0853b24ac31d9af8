"""Edit the text of a site plan in place: a new mode of a line, and nothing else moves, no comment is lost. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from app.contract.yaml_depth import FAST_LOADER, refuse_depth
from app.platform.errors import HotlineError


class PlanTextRefused(HotlineError):
    """The text cannot be edited; `detail` says what to do."""

    status = 422
    code = "plan-text-refused"
    title = "方案文本无法修改"


@dataclass(frozen=True)
class NewPeriod:
    """A mode of a line from a day on, 00:00 Asia/Shanghai. Fields that are empty are left out of the text."""

    since: date
    mode: str
    direction: str = ""
    trunk: str = ""
    seats: tuple[str, ...] = ()
    """Parallel: the line's own seats here."""
    order: str = ""
    own_ring_seconds: int | None = None
    """Parallel: how long the department's side is rung."""
    hotline_ring_seconds: int | None = None
    """hotline_first: how long our agents are rung alone."""

    def __str__(self) -> str:
        seats = ", ".join(f'"{seat}"' for seat in self.seats)  # quoted: YAML would read 012 as another number
        parts = {
            "direction": self.direction,
            "trunk": self.trunk,
            "seats": f"[{seats}]" if seats else "",
            "order": self.order,
            "own_ring_seconds": self.own_ring_seconds,
            "hotline_ring_seconds": self.hotline_ring_seconds,
        }
        extra = "".join(f", {name}: {value}" for name, value in parts.items() if value)
        return f"{{from: {self.since.isoformat()}, mode: {self.mode}{extra}}}"


@dataclass(frozen=True)
class PlanLine:
    """A line as the text names it."""

    number: str
    label: str


@dataclass(frozen=True)
class PlanTrunk:
    """A trunk as the text names it."""

    name: str
    label: str


def list_plan_lines(text: str) -> list[PlanLine]:
    """The lines of the text, in its order; none where the text is no plan."""
    try:
        nodes = _line_nodes(text)
    except PlanTextRefused:
        return []
    return [PlanLine(_scalar(node, "number"), _scalar(node, "label")) for node in nodes]


def list_plan_trunks(text: str) -> list[PlanTrunk]:
    """The trunks on which the plan may send calls to a department."""
    root = _compose_or_none(text)
    trunks = _value(root, "trunks") if root else None
    nodes = trunks.value if isinstance(trunks, SequenceNode) else []
    return [PlanTrunk(_scalar(node, "name"), _scalar(node, "label")) for node in nodes if _value(node, "outbound")]


def list_plan_seats(text: str) -> list[str]:
    """Ranges of the seats that the plan has, e.g. `8001-8010`."""
    root = _compose_or_none(text)
    seats = _value(root, "seats") if root else None
    nodes = seats.value if isinstance(seats, SequenceNode) else []
    return [found for node in nodes if (found := _scalar(node, "range"))]


def rows_of(text: str, places: Iterable[str]) -> list[int | None]:
    """Row (from 1) of each fault's place; the text is read once for all of them."""
    root = _compose_or_none(text, FAST_LOADER) if _is_shallow(text) else None
    return [_row_of(root, where) for where in places]


def _row_of(root: Node | None, where: str) -> int | None:
    """`line 7`, or a path like `lines[12333].periods[0]`. None: there is no such."""
    if found := re.search(r"\bline (\d+)\b", where):
        return int(found[1])
    node = root
    row = None
    for name, item in re.findall(r"([A-Za-z_]+)|\[([^\]]*)\]", where):
        node = _value(node, name) if name and node else _item(node, item)
        if node is None:
            break
        row = int(node.start_mark.line) + 1
    return row


def add_period(text: str, number: str, period: NewPeriod, *, today: date) -> str:
    """The text with one period more, in order of days; one that begins on the same day is replaced. PlanTextRefused.

    A line without periods is merged directly until then, and the first period of a line holds for ever before its day:
    so the mode until then is written down too.
    """
    line = next((node for node in _line_nodes(text) if _scalar(node, "number") == number), None)
    if line is None:
        raise PlanTextRefused(f"方案里没有号码 {number}，请先在 lines 下添加这条线路")
    periods = _value(line, "periods")
    if isinstance(periods, SequenceNode) and periods.value:
        return _with_item(text, periods, period)
    first = [NewPeriod(today, "direct_merge"), period] if period.since > today else [period]
    items = ", ".join(str(one) for one in first)
    if isinstance(periods, SequenceNode):
        return _splice(text, periods.start_mark.index, _end(periods), f"[{items}]")
    if line.flow_style:
        before = line.end_mark.index - 1
        return _splice(text, before, before, f", periods: [{items}]")
    margin = " " * line.start_mark.column
    rows = "".join(f"\n{margin}  - {one}" for one in first)
    end = _end_of_row(text, _end(line))
    return _splice(text, end, end, f"\n{margin}periods:{rows}")


def _with_item(text: str, periods: SequenceNode, period: NewPeriod) -> str:
    begun = [(date.fromisoformat(_scalar(item, "from")), item) for item in periods.value]
    for since, item in begun:
        if since == period.since:
            return _splice(text, item.start_mark.index, _end(item), str(period))
    later = next((item for since, item in begun if since > period.since), None)
    if periods.flow_style:
        place = later.start_mark.index if later else _end(periods.value[-1])
        return _splice(text, place, place, f"{period}, " if later else f", {period}")
    row = " " * periods.start_mark.column + f"- {period}"
    if later:
        dash = text.rindex("-", 0, later.start_mark.index)
        start = text.rfind("\n", 0, dash) + 1
        return _splice(text, start, start, f"{row}\n")
    end = _end_of_row(text, _end(periods.value[-1]))
    return _splice(text, end, end, f"\n{row}")


def _compose_or_none(text: str, loader: Any = yaml.SafeLoader) -> Node | None:
    try:
        root: Node | None = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError):
        return None
    return root


def _is_shallow(text: str) -> bool:
    """Whether the text may be given to the composer in C."""
    try:
        refuse_depth(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return True


def _item(node: Node | None, label: str) -> Node | None:
    """An item of a list by its name or number, or by its place."""
    if not isinstance(node, SequenceNode):
        return None
    items: list[Node] = node.value
    for item in items:
        if label in {_scalar(item, key) for key in ("name", "number", "code", "username")} - {""}:
            return item
    return items[int(label)] if label.isdecimal() and int(label) < len(items) else None


def _line_nodes(text: str) -> list[MappingNode]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行附近" if mark else ""
        raise PlanTextRefused(f"方案文本{where}不是有效的 YAML，请先改正") from error
    lines = _value(root, "lines") if isinstance(root, MappingNode) else None
    if not isinstance(lines, SequenceNode):
        raise PlanTextRefused("方案文本里没有 lines 一节")
    return [node for node in lines.value if isinstance(node, MappingNode)]


def _value(node: Node, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if isinstance(name, ScalarNode) and name.value == key), None)


def _scalar(node: Node, key: str) -> str:
    value = _value(node, key)
    return str(value.value) if isinstance(value, ScalarNode) else ""


def _end(node: Node) -> int:
    """Where its text ends; YAML lets a block reach up to whatever comes next, comments included."""
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last)


def _end_of_row(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found


def _splice(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]
