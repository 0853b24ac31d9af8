"""How long a caller will wait: an estimate from what the queue has lived through. Pure.

Erlang's A model: each of `agents` ends a talk after `talk_seconds` on average, and each waiting caller gives up at the
rate `leaving_per_second`. A caller with n before him is served after n + 1 departures; while j others stand before
him, the next one comes at the rate agents / talk + j · leaving.
"""

from collections.abc import Sequence
from dataclasses import dataclass

USUAL_TALK_SECONDS = 180.0
TALKS_BELIEVED = 5
"""As many talks of the usual length are taken as seen, so that the first long one of a day does not decide."""
USUAL_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Load:
    """What a queue is like just now. `talk_seconds` is the whole time an agent is taken: talk and wrap-up."""

    agents: int
    talk_seconds: float
    leaving_per_second: float


def learn(agents: int, talks: Sequence[float], *, waited_seconds: float, left: int) -> Load:
    """From the talks of late (seconds each), all seconds that callers waited, and how many of them gave up."""
    talk = (TALKS_BELIEVED * USUAL_TALK_SECONDS + sum(talks)) / (TALKS_BELIEVED + len(talks))
    leaving = (1 + left) / (USUAL_PATIENCE_SECONDS + waited_seconds)
    return Load(agents, talk, leaving)


def expected_wait_seconds(ahead: int, load: Load) -> float | None:
    """The mean wait of one with so many before him, all agents being taken; None where nobody serves."""
    if load.agents < 1:
        return None
    serving = load.agents / load.talk_seconds
    return sum(1 / (serving + others * load.leaving_per_second) for others in range(ahead + 1))
