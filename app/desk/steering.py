"""Commands to the switch with an entry in the audit log, where a deed would not otherwise name its doer."""

from collections.abc import Mapping

from app.accounts import audit
from app.accounts.auth import Actor
from app.platform.clock import utc_now
from app.platform.database import Database


def record_steering(database: Database, actor: Actor, agent: str, command: str) -> None:
    """A supervisor acts for an agent. What an agent does himself comes home as facts in his own name."""
    if actor.name != agent:
        _record(database, actor, "agent_steered", object_type="agent", object_id=agent, detail={"command": command})


def record_call(database: Database, actor: Actor, action: str, call_id: str, detail: Mapping[str, object]) -> None:
    """What an agent does with his own call: hands it over, plays the citizen a flow …"""
    _record(database, actor, action, object_type="call", object_id=call_id, detail=detail)


def _record(
    database: Database, actor: Actor, action: str, *, object_type: str, object_id: str, detail: Mapping[str, object]
) -> None:
    with database.transaction() as session:
        audit.record(session, actor, action, at=utc_now(), object_type=object_type, object_id=object_id, detail=detail)
