"""A fact: what happened, before it is decided whether it is news and what its id is."""

from dataclasses import dataclass

from app.contract.events import AnyPayload
from app.contract.ids import CallId, LinkedId, UniqueId


@dataclass(frozen=True, slots=True)
class Fact:
    """`at` is epoch seconds. `member_uniqueid` names the agent's leg where the fact is about one."""

    payload: AnyPayload
    at: float
    call_id: CallId | None = None
    uniqueid: UniqueId | None = None
    linkedid: LinkedId | None = None
    member_uniqueid: str = ""
    seat: str = ""
    """Told of a seat: the payload's agent is whoever is signed in there, and nobody's fact if nobody is."""
