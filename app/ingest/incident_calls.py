"""What our calls to followers of an outage bring about: who heard it is told, others are rung again."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.broadcasts.telling import keep_call
from app.broadcasts.telling_rules import hear
from app.calls.models import Call
from app.calls.service import events_of_calls
from app.contract.ids import incident_follower


def keep_told(session: Session, calls: Sequence[Call]) -> None:
    """Hand what was heard to the followers."""
    found = {call.call_id: found for call in calls if (found := incident_follower(call.call_id)) is not None}
    if not found:
        return
    for call_id, events in events_of_calls(session, sorted(found)).items():
        if (heard := hear(events)) is not None:
            follower_id, attempt = found[call_id]
            keep_call(session, follower_id, attempt, heard)
