"""What auditors and supervisors should know of the audit log just now. Judged anew at each look (ADR 0175)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from app.accounts.audit_check import BreakKind, find_last_check
from app.accounts.models import AuditCheck
from app.accounts.reveals import Revealer, list_over_quota

BELIEVED = timedelta(hours=48)
"""A check is made every night: without one for so long the worker is not at work."""


class ChainVerdict(StrEnum):
    """What the newest check says of the chain."""

    WHOLE = "whole"
    BROKEN = "broken"
    OVERDUE = "overdue"
    UNCHECKED = "unchecked"
    """Nothing was checked yet: a new installation."""


BREAKS = {
    BreakKind.ALTERED: "第 {seq} 条的内容被改动",
    BreakKind.MISSING: "从第 {seq} 条起有记录缺失",
    BreakKind.DISCONNECTED: "第 {seq} 条与前一条不相连",
    BreakKind.CUT_OFF: "从第 {seq} 条起的最新记录被删除",
    BreakKind.HEAD: "第 {seq} 条之后的链尾标记不符",
    BreakKind.REWRITTEN: "第 {seq} 条与以前校验时不同，整条链被重写",
}


@dataclass(frozen=True)
class AuditWatch:
    """The chain, and who has looked at more numbers today than is usual."""

    verdict: ChainVerdict
    check: AuditCheck | None
    over_quota: list[Revealer]
    quota: int

    @property
    def break_text(self) -> str:
        """Where the chain breaks, in Chinese; empty: nowhere."""
        if self.check is None or not self.check.break_kind:
            return ""
        return BREAKS[BreakKind(self.check.break_kind)].format(seq=self.check.break_seq)

    @property
    def is_troubled(self) -> bool:
        return self.verdict in {ChainVerdict.BROKEN, ChainVerdict.OVERDUE} or bool(self.over_quota)


def judge(check: AuditCheck | None, now: datetime) -> ChainVerdict:
    """The verdict on the newest check."""
    if check is None:
        return ChainVerdict.UNCHECKED
    if check.break_kind:
        return ChainVerdict.BROKEN
    return ChainVerdict.OVERDUE if now - check.checked_at > BELIEVED else ChainVerdict.WHOLE


def watch_audit(session: Session, *, quota: int, now: datetime) -> AuditWatch:
    """What is to be told now. Two short reads by index."""
    check = find_last_check(session)
    return AuditWatch(judge(check, now), check, list_over_quota(session, quota=quota, now=now), quota)
