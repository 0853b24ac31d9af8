"""What a flow may do to a call, and how a call may end, whatever library is behind it."""

from dataclasses import dataclass
from typing import Protocol


class CallerHungUp(Exception):
    """The caller is gone: an ending, not an error."""


class PromptMissing(Exception):
    """Asterisk could not play the prompt; the caller is still there."""


class RecordingFailed(Exception):
    """Asterisk could not write the recording; the caller is still there."""


class ChannelBroken(Exception):
    """Asterisk does not answer, or not in AGI: nothing more can be done with this connection."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Digits keyed; `is_timeout` when the caller stopped before the maximum and without the terminator.

    A terminator that was keyed alone is told as itself: "#".
    """

    digits: str
    is_timeout: bool


class AgiChannel(Protocol):
    """What a flow may do to a call. Every method raises ChannelBroken; those that the caller hears, CallerHungUp."""

    @property
    def script(self) -> str:
        """The flow asked for: the path of the AGI address."""
        ...

    @property
    def uniqueid(self) -> str: ...

    @property
    def has_hung_up(self) -> bool: ...

    def get_variables(self, *names: str) -> dict[str, str]:
        """Values of channel variables or functions; one that is not set is empty. Works after a hang-up."""
        ...

    def set_variables(self, values: dict[str, str]) -> None:
        """Set channel variables in this order. Works after a hang-up."""
        ...

    def play(self, prompt: str, *, is_skippable: bool = False) -> str:
        """Speak a prompt to its end, or to the key that ended it, which is returned. Raises PromptMissing."""
        ...

    def collect(
        self,
        prompt: str,
        *,
        max_digits: int,
        timeout_ms: int,
        is_barge_in: bool = True,
        terminator: str = "#",
        first: str = "",
    ) -> Collected:
        """Speak a prompt (none: empty) and read digits; the first key stops it. `first` was keyed already. Raises
        PromptMissing."""
        ...

    def record(self, file: str, *, max_seconds: int, silence_seconds: int, terminator: str = "#") -> int:
        """Write what the caller says to FILE.wav; milliseconds of it. A hang-up ends it like a terminator: the next
        command tells it. Raises RecordingFailed."""
        ...
