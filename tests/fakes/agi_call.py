"""A caller's channel without Asterisk: a script of what happens to it, and AgiChannel played from the script."""

from collections import deque
from dataclasses import dataclass, field

from agi.call import CallerHungUp, Collected, PromptMissing, RecordingFailed


@dataclass
class CallScript:
    """What the caller and Asterisk will do; afterwards, what was heard and set.

    `keys`: one entry per question; "12#" ends with the hash, "12" ends with the time-out, "" is silence.
    `skips`: keys pressed during a prompt that may be skipped, by prompt. `messages`: milliseconds of each recording;
    0 or none left: the disk is full; negative: the caller hangs up at its end. `hangs_up_during`: the prompt at whose
    playing the caller goes; `hangs_up_at`: the number of the command (from 0) before which he does.
    """

    script: str = "hotline-12345"
    variables: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    keys: deque[str] = field(default_factory=deque)
    skips: dict[str, str] = field(default_factory=dict)
    messages: deque[int] = field(default_factory=deque)
    hangs_up_during: str = ""
    hangs_up_at: int | None = None
    uniqueid: str = "node1-1763865600.1"
    heard: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    commands: int = 0
    has_hung_up: bool = False

    def answer_question(self, max_digits: int, terminator: str = "#") -> tuple[str, bool]:
        """Digits, and whether the caller stopped short."""
        keyed = self.keys.popleft() if self.keys else ""
        digits = (keyed.rstrip(terminator) if terminator else keyed)[:max_digits]
        is_ended = bool(terminator) and keyed.endswith(terminator)
        return digits, not is_ended and len(digits) < max_digits


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

    def play(self, prompt: str, *, is_skippable: bool = False) -> str:
        self._happen()
        if prompt in self.call.missing:
            raise PromptMissing(prompt)
        self.call.heard.append(prompt)
        if prompt == self.call.hangs_up_during:
            self._hang_up()
        return self.call.skips.get(prompt, "") if is_skippable else ""

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
        if prompt:
            self.play(prompt)
        else:
            self._happen()
        digits, is_timeout = self.call.answer_question(max_digits - len(first), terminator)
        return Collected(first + digits or ("" if is_timeout else terminator), is_timeout)

    def record(self, file: str, *, max_seconds: int, silence_seconds: int, terminator: str = "#") -> int:
        self._happen()
        told_ms = self.call.messages.popleft() if self.call.messages else 0
        if not told_ms:
            raise RecordingFailed(file)
        self.call.recorded.append(file)
        self.call.has_hung_up = told_ms < 0
        return abs(told_ms)

    def _happen(self) -> None:
        if self.call.commands == self.call.hangs_up_at:
            self.call.has_hung_up = True
        self.call.commands += 1
        if self.call.has_hung_up:
            raise CallerHungUp

    def _hang_up(self) -> None:
        self.call.has_hung_up = True
        raise CallerHungUp
