"""How long to wait before trying again: doubling, capped, with jitter so that many senders do not knock at once."""

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Seconds to wait, from `first_seconds` up to `cap_seconds`; each is drawn from the upper half of its step."""

    first_seconds: float = 0.1
    cap_seconds: float = 2.0
    attempts: int = field(default=0, init=False)

    def next_seconds(self) -> float:
        """The next wait; longer each time until `reset`."""
        step = min(self.cap_seconds, self.first_seconds * float(1 << min(self.attempts, 32)))
        self.attempts += 1
        return step * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def reset(self) -> None:
        self.attempts = 0
