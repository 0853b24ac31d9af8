"""Guessing is slowed down, per account and per address (OWASP: growing delay). Pure decisions.

Who guesses meets the same refusals whether the account exists or not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FORGET_AFTER = timedelta(hours=1)
LONGEST_LOCK = timedelta(minutes=15)
FIRST_LOCK = timedelta(seconds=30)


@dataclass(frozen=True)
class Limit:
    """So many failures are free; each further one doubles the delay."""

    free_failures: int

    def lock_after(self, failures: int) -> timedelta | None:
        """How long to lock after this many failures in a row; None: not yet."""
        beyond = failures - self.free_failures
        return None if beyond < 0 else min(FIRST_LOCK * 2 ** min(beyond, 10), LONGEST_LOCK)


ACCOUNT = Limit(free_failures=5)
ADDRESS = Limit(free_failures=30)
"""A whole office may stand behind one address."""


def keys_of(username: str, address: str) -> dict[str, Limit]:
    """What is counted for one attempt."""
    return {f"account:{username.strip().casefold()[:64]}": ACCOUNT, f"address:{address[:64]}": ADDRESS}


def count(failures: int, last_failed_at: datetime, now: datetime) -> int:
    """Failures in a row with this attempt; old ones are forgotten."""
    return 1 if now - last_failed_at > FORGET_AFTER else failures + 1
