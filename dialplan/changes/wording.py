"""How a difference between two parts of a plan is said, in English and in Chinese."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from app.contract.changes import Area, Effect, MeaningChange
from dialplan.line_plan import Mode, Part, Period

FIELDS_ZH = {
    "label": "名称", "unit": "主管单位", "category": "类别", "queue": "队列", "access_code": "接入码",
    "reason": "开设理由", "approved_by": "批准人", "addresses": "地址", "flow": "语音流程",
    "max_calls": "并发上限", "kind": "类型", "line": "所属线路", "trusts_identity": "信任主叫号码",
    "trusts_diversion": "信任转移信息", "outbound": "呼出地址", "silence_limit_seconds": "静音挂断秒数",
    "skills": "所需技能", "strategy": "分配策略", "ring_seconds": "振铃秒数", "retry_seconds": "重试秒数",
    "max_wait_seconds": "最长等待秒数", "max_callers": "排队人数上限", "wrap_up_seconds": "话后整理秒数",
    "weight": "权重", "service_level_seconds": "服务水平秒数", "announce_every_seconds": "播报间隔秒数",
    "pauses_who_misses": "未接自动示忙", "music": "等待音乐", "range": "座席号段", "may_dial": "可拨号码",
    "numbers": "号码", "trunk": "中继", "general_queue": "综合队列", "max_call_seconds": "通话上限秒数",
    "seat_networks": "座席网段", "callbacks": "回拨", "rating_flow": "评价流程",
    "known_agent_ring_seconds": "熟悉座席振铃秒数",
    "side_doors": "等待侧门", "falls_to": "接续队列", "change_control": "变更审批", "name": "站点名", "seat": "座席",
    "username": "工号", "code": "代码", "number": "号码",
}  # fmt: skip
MODES_ZH = {
    Mode.DIRECT_MERGE: "直接合并",
    Mode.FORWARD: "呼叫转移",
    Mode.PARALLEL: "并行接听",
    Mode.DUAL_NUMBER: "双号并行",
    Mode.CANCELLED: "撤号并入",
}
ORDERS = {
    "together": ("together", "同时振铃"),
    "own_first": ("their own seats first", "部门座席优先"),
    "hotline_first": ("12345 first", "12345优先"),
}
NAMED = 4
"""So many names are listed; of more only the number is told."""


def change(
    area: Area, effect: Effect, subject: str, text: tuple[str, str], *, on: date | None = None, needs_care: bool = False
) -> MeaningChange:
    """One sentence; `text` is the English and the Chinese."""
    return MeaningChange(
        area=area, effect=effect, subject=subject, text=text[0], text_zh=text[1], on=on, needs_care=needs_care
    )


def value_text(value: Any) -> str:
    """A field's value as a person would write it."""
    if value is None or value in ((), []):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Part):
        return " ".join(f"{key} {value_text(part)}" for key, part in value if part is not None)
    if isinstance(value, list | tuple):
        return listed([value_text(item) for item in value])
    return str(value)


def listed(names: Sequence[str]) -> str:
    """`a, b and 7 more`."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"


def listed_zh(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return "、".join(names)
    return f"{'、'.join(names[: NAMED - 1])}等{len(names)}个"


def changed_fields(old: Part, new: Part, *, besides: Iterable[str] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new value of each field that differs."""
    for name in type(new).model_fields:
        if name not in besides and getattr(old, name) != getattr(new, name):
            yield name, getattr(old, name), getattr(new, name)


def field_text(what: tuple[str, str], name: str, old: Any, new: Any) -> tuple[str, str]:
    """`queue common: ring_seconds 15 becomes 20`."""
    before, after = value_text(old), value_text(new)
    before_zh, after_zh = (_zh(text) for text in (before, after))
    return (
        f"{what[0]}: {name} {before} becomes {after}",
        f"{what[1]}：{FIELDS_ZH.get(name, name)}由 {before_zh} 改为 {after_zh}",
    )


def _zh(text: str) -> str:
    return {"nothing": "无", "yes": "是", "no": "否", "none": "无需", "second_person": "第二人批准"}.get(text, text)


def mode_text(period: Period) -> tuple[str, str]:
    """`forward (we call them on trunk transport)`."""
    english, chinese = period.mode.value, MODES_ZH[period.mode]
    if period.mode is Mode.FORWARD and period.direction == "out":
        return f"{english} (we call them on trunk {period.trunk})", f"{chinese}（由我方转往中继 {period.trunk}）"
    if period.mode is Mode.FORWARD:
        return f"{english} (their exchange to us)", f"{chinese}（由部门交换机转入）"
    if period.mode is Mode.PARALLEL:
        order = ORDERS[period.order]
        where = f"trunk {period.trunk}" if period.trunk else f"seats {listed(period.seats)}"
        where_zh = f"中继 {period.trunk}" if period.trunk else f"座席 {listed_zh(period.seats)}"
        return f"{english} ({order[0]}, {where})", f"{chinese}（{order[1]}，{where_zh}）"
    return english, chinese
