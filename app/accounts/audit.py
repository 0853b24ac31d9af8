"""The audit log: who did what to what, and when. Append only, in the transaction of the deed itself."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.audit_chain import append
from app.accounts.auth import Actor


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    at: datetime,
    object_type: str = "",
    object_id: object = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry. `action` is a constant name (`number_revealed`), `detail` holds ids and reasons, no secrets.

    It is written when the session's transaction commits. TypeError: `detail` holds what JSON cannot.
    """
    entry = {
        "at": at,
        "actor_id": actor.user_id,
        "actor": actor.name,
        "action": action,
        "object_type": object_type,
        "object_id": str(object_id),
        "detail": json.loads(json.dumps(dict(detail or {})), parse_float=str),  # as both databases give it back
        "address": actor.address,
    }
    append(session, entry)
