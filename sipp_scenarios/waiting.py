"""Waiting for facts: ask again until it is so, or until the time is up. Never a blind sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

EVERY_SECONDS = 0.2

Answer = TypeVar("Answer")


class TooLate(Exception):
    """Something did not happen in time; the message says what, and why it could not be seen."""


class StoreUnavailable(Exception):
    """The case store does not answer now; asking again may help."""


def until(ask: Callable[[], Answer | None], *, what: str, within_ms: int) -> Answer:
    """The first answer that is neither None nor False. Raises TooLate; a store that is away is asked again."""
    deadline = time.monotonic() + within_ms / 1000
    while True:
        trouble = ""
        try:
            if (answer := ask()) is not None and answer is not False:
                return answer
        except StoreUnavailable as error:
            trouble = f" ({error})"
        if time.monotonic() > deadline:
            raise TooLate(f"{what}: not within {within_ms} ms{trouble}")
        time.sleep(EVERY_SECONDS)
