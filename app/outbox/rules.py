"""When a message is tried again, and when nobody tries any more. Pure."""

from datetime import timedelta

WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
MOST_ATTEMPTS = len(WAITS) + 1


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None: give up."""
    return WAITS[attempts - 1] if attempts < MOST_ATTEMPTS else None
