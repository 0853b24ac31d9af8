"""JSON of the audit log. It is only read here: each deed writes its own entry."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from app.accounts.audit_log import AuditFilters, list_entries
from app.accounts.audit_watch import watch_audit
from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.accounts.user_schemas import AuditEntryList, AuditEntryOut, AuditState
from app.platform.cursors import make_cursor, read_cursor
from app.platform.http import ClockDep, Reading, SettingsDep

router = APIRouter(tags=["audit"])


@router.get("/audit-entries", summary="List audit entries")
def list_audit_entries(
    *,
    _actor: Annotated[Actor, Depends(require(Permission.AUDIT_READ))],
    session: Reading,
    actor: Annotated[str, Query(max_length=80, description="who: a username or the name of a service token")] = "",
    action: Annotated[str, Query(max_length=60, description="what was done, e.g. `number_revealed`")] = "",
    object_type: Annotated[str, Query(max_length=40, description="to what kind of thing")] = "",
    object_id: Annotated[str, Query(max_length=64, description="to which one")] = "",
    since: Annotated[AwareDatetime | None, Query(alias="from", description="at or after")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="before")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditEntryList:
    """Who did what to what, the newest first. Nothing here can be changed or deleted."""
    before = read_cursor(cursor, str)[1] if cursor else None
    filters = AuditFilters(actor, action, object_type, object_id, since, until)
    rows = list_entries(session, filters, before_id=before, limit=limit + 1)
    more = make_cursor("", rows[limit - 1].id) if len(rows) > limit else None
    return AuditEntryList(items=[AuditEntryOut.of(row) for row in rows[:limit]], next_cursor=more)


@router.get("/audit-state", summary="Whether the audit log is whole")
def read_audit_state(
    _actor: Annotated[Actor, Depends(require(Permission.AUDIT_READ))],
    session: Reading,
    settings: SettingsDep,
    clock: ClockDep,
) -> AuditState:
    """What the newest check of the chain found, and who has revealed more numbers today than is usual."""
    return AuditState.of(watch_audit(session, quota=settings.reveal_quota, now=clock()))
