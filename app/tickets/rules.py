"""Pure decisions about tickets: what a complete one is, and who may change one. The moves stand in `states.py`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from app.accounts.models import Role
from app.tickets.models import Secrecy, TicketType

MIN_CONTENT_LENGTH = 10
COUNTY_CODE_LENGTH = 6

SEES_ALL = frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.DISPATCHER, Role.REVIEWER, Role.FOLLOW_UP})
"""The hotline's own people who work on whatever comes; agents see their own, units what they were given."""


class TicketForm(Protocol):
    """What the guards read of a ticket."""

    ticket_type: str | None
    subject_code: str | None
    region_code: str | None
    content: str
    answer: str
    contact_number: str
    secrecy: str


def is_county_or_below(region_code: str) -> bool:
    """Whether the place is at least as exact as a county: 410421 or 410421101, not 410400."""
    return len(region_code) >= COUNTY_CODE_LENGTH and not region_code[:COUNTY_CODE_LENGTH].endswith("00")


def missing_for_acceptance(ticket: TicketForm) -> dict[str, str]:
    """Field → what is wrong with it (Chinese), of a draft that shall be accepted; empty when all is well."""
    missing = {}
    if not ticket.ticket_type:
        missing["ticket_type"] = "请选择诉求类型"
    if not ticket.subject_code:
        missing["subject_code"] = "请选择事项分类"
    if not ticket.region_code:
        missing["region_code"] = "请选择事发区域"
    elif not is_county_or_below(ticket.region_code):
        missing["region_code"] = "区域须具体到县（市、区）"
    if len(ticket.content.strip()) < MIN_CONTENT_LENGTH:
        missing["content"] = f"诉求内容不少于{MIN_CONTENT_LENGTH}个字"
    if not ticket.contact_number and ticket.secrecy != Secrecy.ANONYMOUS:
        missing["contact_number"] = "请填写联系电话，或将保密方式设为匿名"
    return missing


def missing_for_finish(ticket: TicketForm) -> dict[str, str]:
    """The same for 直办: answered at once, by the agent alone. Only a consultation with its answer may end so."""
    missing = missing_for_acceptance(ticket)
    if ticket.ticket_type and ticket.ticket_type != TicketType.CONSULT:
        missing["ticket_type"] = "只有咨询类诉求可以直接办结"
    if not ticket.answer.strip():
        missing["answer"] = "请填写答复内容"
    return missing


def may_edit_ticket(role: Role | None) -> bool:
    """Whether people of this role change tickets that they see: agents and supervisors do, auditors only read."""
    return role in {None, Role.AGENT, Role.SUPERVISOR}


FIELD_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "ticket_type": "诉求类型",
        "subject_code": "事项分类",
        "region_code": "事发区域",
        "address": "详细地址",
        "title": "标题",
        "content": "诉求内容",
        "demand": "诉求目的",
        "answer": "答复内容",
        "secrecy": "保密方式",
        "needs_reply": "是否回复",
        "contact_name": "联系人",
        "contact_number": "联系电话",
        "urgency": "紧急程度",
        "complained_unit_code": "被反映单位",
        "status": "状态",
        "accepted_by": "受理人",
        "call_id": "通话",
        "merged_into_id": "并入工单",
        "lead_unit_code": "主办单位",
        "is_locked": "已指定",
        "return_count": "退单次数",
        "redo_count": "重办次数",
        "extension_count": "延期次数",
        "reopen_count": "重启次数",
        "urge_count": "催办次数",
        "ended_at": "办结时间",
    }
)
"""Field → what people call it."""

EDITED_FIELDS = tuple(FIELD_LABELS)[:14]
"""What the form saves; the rest changes by moves."""
