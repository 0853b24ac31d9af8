"""AgiChannel over pyst2: what a flow asks for becomes AGI commands, pyst2's errors become ours."""

import re

from agi.call import CallerHungUp, ChannelBroken, Collected, PromptMissing, RecordingFailed
from agi.channel import AGIAppError, AGIException, AGIHangup, FastAGI
from agi.wire import Wire

SAFE_VALUE = re.compile(r"[A-Za-z0-9_.+*#-]*")
SEPARATOR = "|"
SOUNDS = "hotline/"
KEYS = "0123456789*#"
SAMPLES_PER_MS = 8


class PystChannel:
    """AgiChannel over pyst2. Raises ChannelBroken when the environment does not come."""

    def __init__(self, wire: Wire, *, command_seconds: float = 5.0, prompt_seconds: float = 60.0) -> None:
        with _our_errors():
            self._agi = FastAGI(wire, command_seconds=command_seconds, prompt_seconds=prompt_seconds)

    @property
    def script(self) -> str:
        return self._agi.env.get("agi_network_script", "").partition("?")[0]

    @property
    def uniqueid(self) -> str:
        return self._agi.env.get("agi_uniqueid", "")

    @property
    def has_hung_up(self) -> bool:
        return self._agi.has_hung_up

    def get_variables(self, *names: str) -> dict[str, str]:
        """All with one command where no value holds the separator."""
        with _our_errors():
            expression = SEPARATOR.join(f"${{{name}}}" for name in names)
            values = str(self._agi.get_full_variable(expression)).split(SEPARATOR)
            if len(values) != len(names):
                values = [str(self._agi.get_variable(name)) for name in names]
        return dict(zip(names, values, strict=True))

    def set_variables(self, values: dict[str, str]) -> None:
        """All with one command where that is safe: MSet parts its arguments at commas and reads quotes."""
        with _our_errors():
            if len(values) > 1 and all(SAFE_VALUE.fullmatch(value) for value in values.values()):
                reply = self._agi.exec_command("MSet", *(f"{name}={value}" for name, value in values.items()))
                if reply["result"][0] == "0":
                    return
            for name, value in values.items():
                self._agi.set_variable(name, value)

    def play(self, prompt: str, *, is_skippable: bool = False) -> str:
        with _our_errors():
            try:
                key = self._agi.stream_file(SOUNDS + prompt, KEYS if is_skippable else "")
            except AGIHangup:
                raise
            except AGIAppError as error:
                raise self._why(PromptMissing(prompt)) from error
            if self._agi.has_hung_up:
                raise CallerHungUp
        return key

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
        if prompt and not is_barge_in:
            self.play(prompt)
            prompt = ""
        if terminator != "#":
            first = first or (self.play(prompt, is_skippable=True) if prompt else "")
            return self._read_keys(first, max_digits, timeout_ms, terminator)
        if first == terminator or len(first) == max_digits:
            return Collected(first, is_timeout=False)
        with _our_errors():
            try:
                rest = self._agi.get_data(SOUNDS + prompt if prompt else "", timeout_ms, max_digits - len(first))
            except AGIHangup:
                raise
            except AGIAppError as error:
                raise self._why(PromptMissing(prompt)) from error
            if self._agi.has_hung_up:
                raise CallerHungUp
        return Collected(first + rest.digits or ("" if rest.is_timeout else terminator), rest.is_timeout)

    def _read_keys(self, digits: str, max_digits: int, timeout_ms: int, terminator: str) -> Collected:
        """Key by key: # is a key like any other here."""
        while len(digits) < max_digits and digits[-1:] != (terminator or None):
            with _our_errors():
                key = self._agi.wait_for_digit(timeout_ms)
            if self._agi.has_hung_up:
                raise CallerHungUp
            if not key:
                return Collected(digits, is_timeout=True)
            digits += key
        return Collected((digits.rstrip(terminator) or digits) if terminator else digits, is_timeout=False)

    def record(self, file: str, *, max_seconds: int, silence_seconds: int, terminator: str = "#") -> int:
        with _our_errors():
            try:
                samples = self._agi.record_file(
                    file, "wav", terminator, timeout=max_seconds * 1000, silence=silence_seconds
                )
            except AGIHangup:
                raise
            except AGIAppError as error:
                raise self._why(RecordingFailed(file)) from error
        return samples // SAMPLES_PER_MS

    def _why(self, error: Exception) -> Exception:
        """Result -1 means "it failed" and "hung up" alike; a dead channel answers 511 to the next question."""
        self._agi.channel_status()  # raises AGIHangup
        return CallerHungUp() if self._agi.has_hung_up else error


class _our_errors:
    """pyst2's and the wire's exceptions as ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AGIHangup):
            raise CallerHungUp from error
        if isinstance(error, AGIException | OSError):
            raise ChannelBroken(str(error)) from error
