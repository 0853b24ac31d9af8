"""Use cases of priority callers: flag a number or a file of them, take the flag away, list them.

Each deed is in the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.callers.models import PriorityCaller
from app.callers.number_file import BrokenRow, NumberRow
from app.callers.rules import PriorityKind
from app.calls.rules import normalize_number
from app.platform.database import insert_ignore
from app.platform.errors import Conflict, HotlineError, NotFound


class NotANumber(HotlineError):
    """What was given cannot be called back, so no call can bear it either."""

    status = 422
    code = "not-a-number"
    title = "号码格式不正确"


class FileRefused(HotlineError):
    """A file of numbers that cannot be read as a whole."""

    status = 422
    code = "file-unreadable"
    title = "文件无法读取"


class AlreadyCleared(Conflict):
    """The flag was taken away before."""

    code = "already-cleared"
    title = "该优先标记已取消"


def set_priority(
    session: Session, number: str, *, kind: PriorityKind, reason: str, actor: Actor, area_code: str, now: datetime
) -> tuple[PriorityCaller, bool]:
    """Flag the number; whether that is new. A flagged one stays as it is. Raises NotANumber."""
    caller_number = normalize_number(number, area_code=area_code)
    if caller_number is None:
        raise NotANumber("请填写可回拨的手机或固定电话号码")
    values = {"caller_number": caller_number, "kind": kind.value, "reason": reason, "set_at": now, "set_by": actor.name}
    made = insert_ignore(session, PriorityCaller).values(**values, cleared_by="", clear_reason="")
    is_new = session.scalar(made.returning(PriorityCaller.id)) is not None
    in_force = select(PriorityCaller).where(
        PriorityCaller.caller_number == caller_number, PriorityCaller.cleared_at.is_(None)
    )
    row = session.scalars(in_force).one()
    if is_new:
        _note(session, actor, "priority_set", row, now, kind=kind.value, reason=reason)
    return row, is_new


@dataclass
class Imported:
    """What became of a file of numbers."""

    flagged: int = 0
    known: int = 0
    broken: list[BrokenRow] = field(default_factory=list)


def import_numbers(
    session: Session, rows: Iterable[NumberRow | BrokenRow], *, actor: Actor, area_code: str, now: datetime
) -> Imported:
    """Flag every number of a file; the same file again flags none. A broken row is told and left out."""
    report = Imported()
    for row in rows:
        if isinstance(row, BrokenRow):
            report.broken.append(row)
            continue
        try:
            _, is_new = set_priority(
                session, row.number, kind=row.kind, reason=row.reason, actor=actor, area_code=area_code, now=now
            )
        except NotANumber as error:
            report.broken.append(BrokenRow(row.row, error.detail))
            continue
        report.flagged += is_new
        report.known += not is_new
    return report


def clear_priority(session: Session, row_id: int, *, reason: str, actor: Actor, now: datetime) -> PriorityCaller:
    """Take the flag away. Raises NotFound, AlreadyCleared."""
    row = session.get(PriorityCaller, row_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条优先来电标记")
    if row.cleared_at is not None:
        raise AlreadyCleared(f"{row.cleared_by} 已取消")
    row.cleared_at, row.cleared_by, row.clear_reason = now, actor.name, reason
    _note(session, actor, "priority_cleared", row, now, reason=reason)
    session.flush()
    return row


def list_priority(
    session: Session,
    *,
    is_in_force: bool = True,
    kind: str | None = None,
    caller_number: str | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[PriorityCaller]:
    """Flags, the latest first. `before` is (set_at, id) of the last one of the page before."""
    cleared = PriorityCaller.cleared_at
    query = select(PriorityCaller).where(cleared.is_(None) if is_in_force else cleared.is_not(None))
    if kind is not None:
        query = query.where(PriorityCaller.kind == kind)
    if caller_number is not None:
        query = query.where(PriorityCaller.caller_number == caller_number)
    if before is not None:
        at, row_id = before
        query = query.where(
            (PriorityCaller.set_at < at) | ((PriorityCaller.set_at == at) & (PriorityCaller.id < row_id))
        )
    return list(session.scalars(query.order_by(PriorityCaller.set_at.desc(), PriorityCaller.id.desc()).limit(limit)))


def _note(session: Session, actor: Actor, action: str, row: PriorityCaller, now: datetime, **detail: str) -> None:
    audit.record(session, actor, action, at=now, object_type="priority_caller", object_id=row.id, detail=detail)
