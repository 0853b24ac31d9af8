"""What is said on pages of how far a follower's notice is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from app.broadcasts.models import Broadcast, IncidentFollower, Way
from app.broadcasts.telling_rules import within

TOLD_BY: Mapping[str, str] = MappingProxyType({Way.SMS: "短信", Way.CALL: "语音电话"})
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "busy": "占线", "no_answer": "无人接听", "rejected": "拒接", "hung_up": "未听完即挂机",
        "trunk_down": "线路不通",
        "lost": "通话中断", "withdrawn": "已撤回", "no_way": "未配置外呼线路", "abroad": "号码无法由系统呼叫",
        "not_sent": "短信未能发出",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """One follower's: a word with its tone, more of it, and a moment."""

    word: str
    tone: str
    detail: str = ""
    at: datetime | None = None
    is_done: bool = False


def explain(follower: IncidentFollower, broadcast: Broadcast, hours: tuple[int, int]) -> Progress:
    """How far he is. `hours`: from and until which hour citizens may be disturbed."""
    if follower.told_at is not None:
        by = TOLD_BY.get(follower.told_by, follower.told_by)
        return Progress("已告知", "good", by, follower.told_at, is_done=True)
    cause = CAUSES.get(follower.cause, "")
    if follower.given_up_at is not None:
        return Progress("待人工告知", "bad", cause, follower.given_up_at)
    if broadcast.over_at is None:
        return Progress("待恢复", "")
    at = within(hours, follower.next_try_at) if follower.next_try_at else None
    if follower.way == Way.SMS:
        return Progress("短信待发", "accent", "", at)
    if follower.way == Way.CALL:
        tries = f"已呼叫 {follower.calls_placed} 次" if follower.calls_placed else ""
        return Progress("待呼叫", "accent", "，".join(filter(None, (tries, cause))), at)
    return Progress("待告知", "accent")
