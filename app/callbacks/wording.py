"""What the states, sources and causes of call-backs are called on the pages."""

from collections.abc import Mapping
from types import MappingProxyType

from app.callbacks.models import CallbackSource, CallbackStatus

_S = CallbackStatus

STATUS_WORDS: Mapping[CallbackStatus, str] = MappingProxyType(
    {
        _S.REQUESTED: "待市民确认",
        _S.CONFIRMED: "排队等候",
        _S.OFFERED: "等待坐席",
        _S.RINGING: "正在呼叫市民",
        _S.TALKED: "已通话",
        _S.CANCELLED: "已取消",
        _S.GIVEN_UP: "多次未接通",
    }
)
TONES: Mapping[CallbackStatus, str] = MappingProxyType(
    {
        _S.REQUESTED: "", _S.CONFIRMED: "warn", _S.OFFERED: "accent", _S.RINGING: "accent",
        _S.TALKED: "good", _S.CANCELLED: "", _S.GIVEN_UP: "bad",
    }
)  # fmt: skip
SOURCE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        CallbackSource.CITIZEN: "市民预约",
        CallbackSource.FAILURE: "系统故障登记",
        CallbackSource.ABANDONED: "排队中挂断",
        CallbackSource.OVERFLOW: "排队超时",
        CallbackSource.NO_AGENT: "无人值守",
        CallbackSource.LEFT_BEFORE_QUEUE: "提示音中挂断",
        CallbackSource.MESSAGE: "留言",
        CallbackSource.STAFF: "工单外呼",
    }
)
CAUSE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "busy": "市民忙", "no_answer": "无人接听", "rejected": "市民拒接", "trunk_down": "外呼线路不通",
        "withdrawn": "坐席挂断", "no_agent": "暂无坐席", "lost": "通话中断", "no_way": "未配置外呼线路",
        "switch_away": "电话系统未连接", "answered_again": "市民已再次来电接通", "by_person": "人工取消",
        "unconfirmed": "市民未确认",
    }
)  # fmt: skip


def explain(status: str, cause: str) -> str:
    """What people read: 排队等候（无人接听）."""
    words = STATUS_WORDS[CallbackStatus(status)]
    reason = CAUSE_WORDS.get(cause, "")
    return f"{words}（{reason}）" if reason else words
