"""What an agent's page is told over /desk/events: pops until they are acknowledged, and the agent's own state.

A message carries ids, never a citizen's data; the page asks for the rest. `id` names the content, so the transport
sends each once per connection, and a reloaded page is told again whatever is not acknowledged.
"""

import json

from sqlalchemy.orm import Session

from app.calls.service import AgentStamp, list_pending_pops, list_plays, stamp_of_agent_state
from app.handovers.rules import explain
from app.handovers.service import list_handovers
from app.platform.clock import utc_now
from app.platform.topics import StreamMessage


def list_messages(session: Session, agent: str) -> list[StreamMessage]:
    """Everything that the page of this agent should know now, in the order it happened."""
    state = stamp_of_agent_state(session, agent)
    call_id = state.call_id if state else None
    return [
        *_state(state),
        *_pops(session, agent),
        *_handover(session, agent, call_id),
        *_flow(session, agent, call_id),
    ]


def _pops(session: Session, agent: str) -> list[StreamMessage]:
    return [
        StreamMessage(
            id=f"pop-{pop.id}",
            event="pop",
            data=json.dumps({"pop_id": pop.id, "call_id": pop.call_id, "kind": pop.kind}),
        )
        for pop in list_pending_pops(session, agent, now=utc_now())
    ]


def _state(state: AgentStamp | None) -> list[StreamMessage]:
    if state is None:
        return []
    data = {"status": state.status, "call_id": state.call_id}
    stamp = f"{state.since_at.timestamp():.3f}-{state.last_event_at.timestamp():.3f}"
    return [
        StreamMessage(
            id=f"state-{state.status}-{state.pause_reason}-{state.call_id or ''}-{stamp}",
            event="state",
            data=json.dumps(data),
        )
    ]


def _handover(session: Session, agent: str, call_id: str | None) -> list[StreamMessage]:
    """How far the last hand-over of the call at this seat is."""
    if call_id is None:
        return []
    return [
        StreamMessage(
            id=f"handover-{row.id}-{row.status}",
            event="handover",
            data=json.dumps(
                {
                    "handover_id": row.id,
                    "call_id": row.call_id,
                    "target": row.target,
                    "status": row.status,
                    "status_text": explain(row.status, row.cause),
                }
            ),
        )
        for row in list_handovers(session, call_id=call_id, agent=agent, limit=1)
    ]


def _flow(session: Session, agent: str, call_id: str | None) -> list[StreamMessage]:
    """What became of the flow that this agent played last in the call at this seat."""
    if call_id is None:
        return []
    plays = [one for one in list_plays(session, call_id) if one.agent == agent]
    return [
        StreamMessage(
            id=f"flow-{call_id}-{one.play}-{one.step}",
            event="flow",
            data=json.dumps({"play": one.play, "title": one.title, "step": one.step, "words": one.words}),
        )
        for one in plays[-1:]
    ]
