"""The audit log: who did what to what, and when. Append only, in the transaction of the deed itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import AuditEntry


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    at: datetime,
    object_type: str = "",
    object_id: object = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry. `action` is a constant name (`number_revealed`), `detail` holds ids and reasons, no secrets."""
    entry = AuditEntry(
        at=at,
        actor_id=actor.user_id,
        actor=actor.name,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        detail=dict(detail or {}),
        address=actor.address,
    )
    session.add(entry)
    return entry
