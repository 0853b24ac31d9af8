"""What parked events are called on a page: reasons are kept as our programs gave them, ops staff read Chinese."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.calls.models import ParkedEvent
from app.contract.masks import mask_text

SHOWN_BODY = 2_000
UNFORESEEN = "入库时出错，请把技术信息交给开发人员"
MALFORMED = "内容不符合接口约定，请上报方按接口文档更正"
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "is out of range": "发生时间超出合理范围，请核对上报方的时钟",
        "without call_id": "没有通话编号，不知道属于哪一通电话",
        "is not of this sender": "不属于该上报方：它只能上报自己线路的通话",
        "reports calls, not agents": "不属于该上报方：它只能上报通话，不能上报坐席",
        "a NUL character": "含有无法保存的字符",
        "a number beyond": "数值过大，无法保存",
        "Integer exceeds 64-bit range": "数值过大，无法保存",
        "surrogates": "含有无法保存的字符",
        "ecursion": "嵌套过深，无法读取",
    }
)
"""Part of a reason → what it means, and whose turn it is. The first that fits counts."""


@dataclass(frozen=True)
class Told:
    """One parked event as a page tells it; empty where its content does not say. `body` without personal numbers."""

    row: ParkedEvent
    reason: str
    type: str
    call_id: str
    body: str


def tell(row: ParkedEvent) -> Told:
    """Whatever was sent: it never raises."""
    try:
        content = json.loads(row.body)
    except ValueError:
        content = None
    fields = content if isinstance(content, dict) else {}
    return Told(
        row, explain(row.reason), type=_word(fields.get("type")), call_id=_word(fields.get("call_id")),
        body=mask_text(_readable(row.body))[:SHOWN_BODY],
    )  # fmt: skip


def explain(reason: str) -> str:
    """A reason in Chinese. One that is Chinese already stays."""
    if any("\u4e00" <= letter <= "\u9fff" for letter in reason[:20]):
        return reason
    for part, said in REASONS.items():
        if part in reason:
            return said
    return UNFORESEEN if "Error: " in reason[:60] else MALFORMED


def _word(value: object) -> str:
    return value[:64] if isinstance(value, str) else ""


def _readable(body: str) -> str:
    """Kept as plain ASCII: its Chinese as people read it, where it is whole."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
