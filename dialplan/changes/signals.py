"""A change that is told to end goes back, or goes through: SIGHUP, SIGINT and SIGTERM come as one exception at most."""

import signal
import threading
from types import FrameType
from typing import Any

from dialplan.changes.saying import say

WATCHED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Somebody ended the command, closed its terminal, or shuts the machine down."""

    def __init__(self, number: int) -> None:
        self.saying = say("interrupted", signal=signal.Signals(number).name)
        super().__init__(self.saying.text)


class Signals:
    """`with Signals() as signals:` the first signal raises Interrupted, later ones are ignored until the end."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._is_held = False

    def __enter__(self) -> "Signals":
        if threading.current_thread() is threading.main_thread():  # no other is told of signals
            self._before = {number: signal.signal(number, self._take) for number in WATCHED}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """From here on nothing interrupts: what is written down, or brought back, comes to its end."""
        self._is_held = True

    def _take(self, number: int, _: FrameType | None) -> None:
        if not self._is_held:
            self._is_held = True
            raise Interrupted(number)
