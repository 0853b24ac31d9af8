"""A caller's channel without Asterisk: a script of what happens to it, and AgiChannel played from the script."""

from collections import deque
from dataclasses import dataclass, field

from agi.call import CallerHungUp, Collected, PromptMissing


@dataclass
class CallScript:
    """What the caller and Asterisk will do; afterwards, what was heard and set.

    `keys`: one entry per question; "12#" ends with the hash, "12" ends with the time-out, "" is silence.
    `hangs_up_during`: the prompt at whose playing the caller goes.
    """

    script: str = "hotline-12345"
    variables: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    keys: deque[str] = field(default_factory=deque)
    hangs_up_during: str = ""
    uniqueid: str = "node1-1763865600.1"
    heard: list[str] = field(default_factory=list)
    has_hung_up: bool = False

    def answer_question(self, max_digits: int) -> tuple[str, bool]:
        """Digits, and whether the caller stopped short."""
        keyed = self.keys.popleft() if self.keys else ""
        digits = keyed.rstrip("#")[:max_digits]
        return digits, not keyed.endswith("#") and len(digits) < max_digits


class FakeChannel:
    """AgiChannel from a script."""

    def __init__(self, call: CallScript) -> None:
        self.call = call

    @property
    def script(self) -> str:
        return self.call.script

    @property
    def uniqueid(self) -> str:
        return self.call.uniqueid

    @property
    def has_hung_up(self) -> bool:
        return self.call.has_hung_up

    def get_variables(self, *names: str) -> dict[str, str]:
        return {name: self.call.variables.get(name, "") for name in names}

    def set_variables(self, values: dict[str, str]) -> None:
        self.call.variables.update(values)

    def play(self, prompt: str) -> None:
        if self.call.has_hung_up:
            raise CallerHungUp
        if prompt in self.call.missing:
            raise PromptMissing(prompt)
        self.call.heard.append(prompt)
        if prompt == self.call.hangs_up_during:
            self.call.has_hung_up = True
            raise CallerHungUp

    def collect(self, prompt: str, *, max_digits: int, timeout_ms: int, is_barge_in: bool = True) -> Collected:
        self.play(prompt)
        return Collected(*self.call.answer_question(max_digits))
