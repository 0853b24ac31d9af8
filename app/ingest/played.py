"""What a flow at an agent's key brings about: his page looks again, and the ticket's history says what was played."""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from app.calls.models import Call
from app.contract.events import CallEvent, FlowPlayed, PlayedStep
from app.platform.topics import agent_topic, publish
from app.tickets.drafts import note_played


def tell_of_played(session: Session, fresh: Iterable[CallEvent], calls: Mapping[str, Call]) -> None:
    """Of the facts just stored; `calls` are theirs, by id, with their tickets."""
    for event in fresh:
        if not isinstance(event.payload, FlowPlayed):
            continue
        call, fact = calls.get(event.call_id or ""), event.payload
        if fact.agent:
            publish(session, agent_topic(fact.agent), f"flow {event.call_id}")
        if call is not None and call.ticket_id is not None and fact.step is PlayedStep.STARTED:
            note_played(session, call, fact, at=event.occurred_at)
