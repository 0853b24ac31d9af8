"""Reading the audit log: filters, pages, and what codes are called in Chinese. Personal numbers are masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import AuditEntry
from app.contract.masks import mask_value as masked

ACTIONS: Mapping[str, str] = {
    "logged_in": "登录",
    "logged_out": "退出登录",
    "login_failed": "登录失败",
    "password_set": "修改密码",
    "password_issued": "发放一次性密码",
    "user_created": "新建用户",
    "user_disabled": "停用用户",
    "user_enabled": "启用用户",
    "role_changed": "更换角色",
    "service_token_set": "设置访问令牌",
    "service_token_deactivated": "停用访问令牌",
    "number_revealed": "查看完整号码",
    "tickets_exported": "导出工单",
    "reveal_quota_passed": "查看号码超过每日限额",
    "report_read": "查看举报件",
    "missed_call_resolved": "处理未接来电",
    "agent_steered": "操作他人坐席",
    "priority_set": "标记优先来电人",
    "priority_cleared": "取消优先来电人",
    "event_retried": "重新处理搁置的上报",
    "calls_parted": "拆开误并的通话",
    "handover_asked": "转接",
    "handover_left": "转接后离开",
    "handover_taken_back": "撤回转接",
    "flow_played": "向市民播报",
    "flow_stopped": "停止播报",
    "referral_received": "接收警情分流",
    "referral_taken": "领取警情分流",
    "person_exported": "导出个人信息",
    "person_deleted": "删除个人信息",
    "expired_deleted": "保存期满删除",
    "material_read": "下载诉求人附件",
    "callback_requested": "安排回拨",
    "citizen_rung": "不显示号码呼叫市民",
    "callback_cancelled": "取消回拨",
    "broadcast_announced": "发布播报",
    "broadcast_ended": "结束播报",
    "incident_over": "确认故障恢复",
    "message_heard": "收听留言",
    "message_handled": "处理留言",
    "unit_dissolved": "撤并承办单位",
    "calendar_saved": "保存工作日历",
    "sla_profile_saved": "保存时限规则",
    "sla_profile_adopted": "采用时限规则",
    "follow_up_recorded": "记录回访结果",
    "follow_up_invited": "发送评价链接",
    "follow_up_rung": "系统语音回访",
    "rates_read": "查看统计",
    "score_appealed": "评价申诉",
    "exclusion_asked": "申请剔除考核",
    "score_objection_decided": "审核评价异议",
    "probe_ordered": "发起拨测",
    "change_proposed": "申请变更",
    "change_approved": "批准变更",
    "change_rejected": "驳回变更",
    "change_rehearsed": "演练变更",
    "change_applied": "执行变更",
    "rolled_back": "恢复旧版",
    "flow_published": "发布语音流程",
    "flow_rolled_back": "退回语音流程",
    "flow_switched": "切换流程开关",
    "prompt_reworded": "修改提示音文本",
    "prompt_restored": "恢复提示音原文",
    "recording_kept": "上传提示音录音",
    "recording_dropped": "移除提示音录音",
    "prompts_built": "生成提示音",
}
OBJECTS: Mapping[str, str] = {
    "user": "用户",
    "service_token": "访问令牌",
    "call": "通话",
    "ticket": "工单",
    "export": "导出",
    "missed_call": "未接来电",
    "agent": "坐席",
    "handover": "转接",
    "referral": "警情分流",
    "parked_event": "搁置的上报",
    "priority_caller": "优先来电人",
    "callback": "回拨",
    "broadcast": "播报",
    "message": "留言",
    "unit": "承办单位",
    "incident_follower": "关注人",
    "calendar": "工作日历",
    "sla_profile": "时限规则",
    "follow_up": "回访",
    "rates": "统计",
    "score_objection": "评价异议",
    "person": "个人",
    "certificate": "删除凭证",
    "probe": "拨测",
    "dialplan_change": "方案变更",
    "flow": "语音流程",
    "flow_switch": "流程开关",
    "prompt": "提示音",
}
DETAILS: Mapping[str, str] = {
    "is_ticket": "转为工单",
    "is_over": "事项已恢复",
    "followers": "关注人数",
    "why": "原因",
    "path": "查看的地址",
    "quota": "每日限额",
    "rows": "记录数",
    "files": "文件数",
    "digest": "清单哈希",
    "file": "附件编号",
    "callback": "回拨",
    "reason": "原因",
    "role": "角色",
    "from": "原来",
    "to": "改为",
    "command": "操作",
    "target": "对象",
    "line": "热线",
    "node": "节点",
    "scopes": "权限",
    "run": "执行编号",
    "plan_digest": "方案指纹",
    "overwrites_hand_edits": "覆盖手工修改",
    "resolution": "结果",
    "call_id": "通话",
    "tickets": "移交工单数",
    "unit": "单位",
    "region": "区域",
    "missed_call_id": "未接来电",
    "told_call_id": "被并入的通话",
    "kind": "类别",
    "text": "内容",
    "expires_at": "截止时间",
    "seq": "序号",
    "format": "文件格式",
    "count": "件数",
    "filters": "查询条件",
    "is_kept": "已保存",
    "version": "版本",
    "since": "生效日期",
    "is_on": "打开",
    "seconds": "秒数",
    "month": "月份",
    "by": "统计口径",
    "rate": "指标",
    "verdict": "结论",
    "ground": "事由",
}
VALUES: Mapping[str, str] = {
    "True": "是",
    "False": "否",
    "None": "无",
    "agent": "话务员",
    "dispatcher": "派单员",
    "reviewer": "审核员",
    "follow_up": "回访员",
    "unit_leader": "承办单位负责人",
    "supervisor": "班长",
    "ops": "运维",
    "unit_staff": "承办单位",
    "auditor": "审计员",
    "admin": "系统管理员",
    "sign_in": "签入",
    "sign_out": "签出",
    "pause": "示忙",
    "resume": "示闲",
    "finish_wrap_up": "结束话后整理",
    "extend_wrap_up": "延长话后整理",
    "called_back": "已回拨",
    "dismissed": "无需回拨",
    "total": "合计",
    "region": "区域",
    "note_answer": "已答复",
    "note_attempt": "未接通",
    "follow_up_redo": "退回重办",
    "rate": "评价完成",
    "approved": "成立",
    "refused": "不成立",
    "unreasonable": "诉求不合理",
    "unlawful": "诉求不合法",
    "impossible": "客观条件限制",
    "statutory": "法定程序事项",
    "misrecorded": "记录不符",
    "not_ours": "非本单位办理",
}
"""Values of `detail` that are codes. What is not here is shown as it is: names, ids, people's own words."""

SHOWN_DIGEST = 16
"""Letters of a plan's digest that pages show, here and in the history."""


@dataclass(frozen=True)
class AuditFilters:
    """Nothing set: everything. `since` is the first moment, `until` the first after the last."""

    actor: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_entries(
    session: Session, filters: AuditFilters, *, before_id: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """Entries, the newest first; `before_id` is the last id of the page before."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    for name in ("actor", "action", "object_type", "object_id"):
        if wanted := getattr(filters, name):
            query = query.where(getattr(AuditEntry, name) == wanted)
    if filters.since is not None:
        query = query.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEntry.at < filters.until)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(session.scalars(query))


def told_details(entry: AuditEntry) -> list[tuple[str, str]]:
    """Name and value of each detail, as a page tells them; what says nothing is left out.

    A detail that has no Chinese name comes without one, and says itself what it is.
    """
    told = []
    for key, value in masked(entry.detail).items():
        text = "、".join(str(one) for one in value) if isinstance(value, list) else str(value)
        if key == "plan_digest":
            text = text[:SHOWN_DIGEST]
        if text not in {"", "None"}:
            told.append((DETAILS[key], VALUES.get(text, text)) if key in DETAILS else ("", f"{key}: {text}"))
    return told
