"""What deadlines are called on pages."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.deadlines.lists import ListName
from app.deadlines.models import ClockState
from app.deadlines.profile import ClockKind, Step
from app.deadlines.supervising import REPEATED, OrderedStep
from app.deadlines.terms import parse_term

CLOCKS: Mapping[str, str] = MappingProxyType(
    {
        ClockKind.ACKNOWLEDGEMENT: "值班室确认", ClockKind.DISPATCH: "派单", ClockKind.SIGN: "签收",
        ClockKind.FIRST_CONTACT: "先行联系", ClockKind.REPLY: "办结答复", ClockKind.EXTENSION: "延期审核",
        ClockKind.REWORK: "重办", ClockKind.FOLLOW_UP: "回访", ClockKind.SUPERVISION: "督办回应",
        ClockKind.MILESTONE: "阶段目标",
    }
)  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType(
    {
        ClockState.RUNNING: "计时中", ClockState.PAUSED: "暂停", ClockState.OVERDUE: "已逾期", ClockState.MET: "已完成",
        ClockState.CANCELLED: "已取消",
    }
)  # fmt: skip
STATE_TONES: Mapping[str, str] = MappingProxyType(
    {
        ClockState.RUNNING: "accent", ClockState.PAUSED: "warn", ClockState.OVERDUE: "bad", ClockState.MET: "good",
        ClockState.CANCELLED: "",
    }
)  # fmt: skip
STEP_TONES: Mapping[str, str] = MappingProxyType(
    {
        Step.REMIND: "", Step.URGE: "warn", Step.YELLOW: "warn", Step.RED: "bad", Step.LISTED: "bad", Step.TALK: "bad",
        Step.TRANSFER: "bad", OrderedStep.JOINT: "accent", OrderedStep.ON_SITE: "accent", OrderedStep.CENSURE: "bad",
        OrderedStep.INVESTIGATE: "bad", OrderedStep.MEDIA: "bad", REPEATED: "warn",
    }
)  # fmt: skip
LISTS: Mapping[ListName, str] = MappingProxyType(
    {
        ListName.OVERDUE: "逾期", ListName.NEAR_DUE: "临期", ListName.RECURRING: "反复多发",
        ListName.DISSATISFIED: "群众不满",
    }
)  # fmt: skip
TABS = (*LISTS.items(), ("calendars", "工作日历"), ("rules", "时限规则"))
"""Path below /supervision, and name."""


def time_left(due: datetime | None, now: datetime) -> str:
    """剩1天3小时, 剩25分钟, 逾期2天1小时; a dash without an end."""
    if due is None:
        return "—"
    seconds = int((due - now).total_seconds())
    days, rest = divmod(abs(seconds), 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days:
        text = f"{days}天{hours}小时" if hours else f"{days}天"
    else:
        text = (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes or not hours else "")
    return f"逾期{text}" if seconds < 0 else f"剩{text}"


def term_words(text: str) -> str:
    """A stored term in Chinese."""
    return parse_term(text).chinese
