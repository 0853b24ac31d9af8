"""How long a message waits for its next try."""

from app.outbox.rules import MOST_ATTEMPTS, WAITS, wait_after


def test_each_wait_is_longer_than_the_one_before_and_the_last_try_is_the_end() -> None:
    waits = [wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS + 1)]

    assert waits == [*WAITS, None]
    assert list(WAITS) == sorted(WAITS)
