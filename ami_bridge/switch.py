"""What the bridge wants of a telephone switch: its events in order, and calls that answer in time (style.md rule 9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

Headers = dict[str, str]
"""One AMI message. Of a repeated header the first counts, so that nothing behind it can replace it."""


class SwitchUnavailable(Exception):
    """Not connected, or the connection broke before the answer came. The action may have been carried out."""


class SwitchTimeout(SwitchUnavailable):
    """No answer in time. The action may have been carried out."""


class SwitchRefused(Exception):
    """The switch answered `Response: Error`; the message is its own."""


class LoginRefused(Exception):
    """Wrong user or secret. Only a person can mend it."""


class UnsafeValue(ValueError):
    """A line break or NUL in an action: it would start a second action."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Logged in and fully booted: everything from here on is heard."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What happens now is not heard."""


@dataclass(frozen=True, slots=True)
class Received:
    """One event as it came."""

    name: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to `ask_in_order`, at its place between the events."""

    action: str
    messages: list[Headers]


Heard = Connected | Disconnected | Received | Answered
Listener = Callable[[Heard], None]
"""Must not raise and must not wait."""


class SwitchConnection(Protocol):
    """One connection to the switch. The fake in tests passes the same contract tests as the real one."""

    @property
    def is_connected(self) -> bool: ...

    async def call(
        self, action: str, headers: Mapping[str, str], *, timeout_seconds: float = 5.0, is_list: bool = False
    ) -> list[Headers]:
        """Send once, never again, and return the answer: the response, then a list's items.

        Raises SwitchRefused, SwitchTimeout, SwitchUnavailable, UnsafeValue.
        """
        ...

    async def ask_in_order(self, action: str, *, timeout_seconds: float = 30.0) -> None:
        """Ask for a list; its answer comes to the listener as `Answered`. Raises as `call`."""
        ...
