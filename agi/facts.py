"""What a flow makes known: facts for the case store, kept on disk until it has them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from agi.visit import Visit
from app.contract.events import AnyPayload, CallEvent

log = structlog.get_logger(__name__)

NUMBER_LENGTH = 64


class Journal(Protocol):
    """Where facts are kept until the store has them."""

    def append(self, event: CallEvent) -> int: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of calls, told under the name of this sender."""

    journal: Journal
    sender: str
    now: Callable[[], datetime]

    def tell(self, visit: Visit, payload: AnyPayload, *distinguishers: str | int) -> bool:
        """Keep a fact; False when the disk refuses, which must not cost the caller his place in the queue."""
        event = CallEvent.make(
            payload,
            node=self.sender,
            occurred_at=self.now(),
            uniqueid=visit.uniqueid[:NUMBER_LENGTH],
            call_id=visit.call_id,
            distinguishers=(visit.choice.name, *((visit.run,) if visit.run else ()), *distinguishers),
        )
        try:
            self.journal.append(event)
        except OSError as error:
            log.error("fact_not_journalled", call_id=visit.call_id, type=event.type, error=str(error))
            return False
        return True
