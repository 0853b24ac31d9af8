"""pyst2 made safe: the only module that knows it, and the AGI protocol.

pyst2's AGI class is kept for its commands; everything about reading, writing and quoting is replaced, because it
sends str to binary files, takes HANGUP, EOF, 511 and 100 for replies, lets a value smuggle in a second command,
and writes callers' numbers to stderr (telephony.md §1).
"""

import re
from typing import Any

from asterisk.agi import (
    AGI,
    AGIAppError,
    AGIDBError,
    AGIError,
    AGIException,
    AGIHangup,
    AGIInvalidCommand,
    AGIUnknownError,
    AGIUsageError,
)

from agi.call import Collected
from agi.wire import Wire

__all__ = ["AGIAppError", "AGIException", "AGIHangup", "FastAGI"]

MAX_COMMAND_BYTES = 2000
"""Older Asterisk splits a longer line into two commands."""
MAX_ENVIRONMENT_LINES = 100
MAX_ENVIRONMENT_BYTES = 16 * 1024
MAX_STRAY_LINES = 50
REPLY = re.compile(r"(\d{3})([ -])?(.*)", re.DOTALL)
PAIR = re.compile(r"(\w+)=(\S*)(?:\s+\((.*)\))?")
BREAKS = str.maketrans({"\r": " ", "\n": " ", "\0": " "})


class FastAGI(AGI):  # type: ignore[misc] # pyst2 has no types
    """pyst2's AGI on a wire. Raises pyst2's exceptions; AGIHangup also when the connection ends."""

    def __init__(self, wire: Wire, *, command_seconds: float = 5.0, prompt_seconds: float = 60.0) -> None:
        # not super().__init__: it sets a signal handler, which only the main thread may, and logs to stderr
        self.wire = wire
        self.env: dict[str, str] = {}
        self.has_hung_up = False
        self._got_sighup = False
        self._is_usage_expected = False
        self.last_reply: dict[str, tuple[str, str]] = {}
        self._command_seconds, self._prompt_seconds = command_seconds, prompt_seconds
        self._get_agi_env()

    def _get_agi_env(self) -> None:
        size = 0
        self.wire.limit_seconds = self._command_seconds
        for _ in range(MAX_ENVIRONMENT_LINES):
            line = self._read_line()
            size += len(line)
            if not line:
                return
            if size > MAX_ENVIRONMENT_BYTES:
                break
            key, _, value = line.partition(":")
            self.env[key.strip()] = value.strip()
        raise AGIUnknownError("the AGI environment has no end")

    def _quote(self, string: object) -> str:
        text = str(string).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text.translate(BREAKS)}"'

    def execute(self, command: str, *args: object, seconds: float | None = None) -> dict[str, tuple[str, str]]:
        """Send a command and return its reply. `seconds`: how long the reply may take."""
        self.wire.limit_seconds = self._command_seconds if seconds is None else seconds
        self.last_reply = {}
        try:
            self.send_command(command, *args)
            reply = self.get_result()
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise AGIUnknownError(f"{command}: {error}") from error
            raise AGIHangup(str(error)) from error
        self._is_usage_expected = command == "EXEC" and reply["result"][0] == "1"
        return reply

    def send_command(self, command: str, *args: object) -> None:
        line = " ".join([command.strip(), *map(str, args)]).strip().translate(BREAKS)
        data = line.encode("utf-8", "replace") + b"\n"
        if len(data) > MAX_COMMAND_BYTES:
            raise AGIInvalidCommand(f"{command}: {len(data)} bytes, at most {MAX_COMMAND_BYTES}")
        self.wire.write(data)

    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:  # noqa: ARG002 - pyst2's signature
        for _ in range(MAX_STRAY_LINES):
            line = self._read_line()
            if line == "HANGUP":  # out of band: the reply follows
                self.has_hung_up = True
                continue
            match = REPLY.fullmatch(line)
            code, dash, text = match.groups() if match else ("", "", "")
            if code == "200":
                return self._result(text)
            if code == "510":
                raise AGIInvalidCommand(text)
            if code == "511":
                self.has_hung_up = True
                raise AGIHangup("the channel is dead")
            if code == "520":
                usage = self._read_usage(text) if dash == "-" else text
                if self._is_usage_expected:  # the application returned 1, which Asterisk takes for "show usage"
                    self._is_usage_expected = False
                    continue
                raise AGIUsageError(usage)
        raise AGIUnknownError("no reply that is AGI")

    def _result(self, text: str) -> dict[str, tuple[str, str]]:
        result = {key: (value, data) for key, value, data in PAIR.findall(text)}
        value, data = result.setdefault("result", ("", ""))
        self.last_reply = result
        if value == "-1":
            if data == "hangup":
                self.has_hung_up = True
            raise AGIHangup("hung up") if self.has_hung_up else AGIAppError("refused, or hung up")
        return result

    def _read_usage(self, text: str) -> str:
        usage = [text]
        while len(usage) < MAX_STRAY_LINES and not usage[-1].startswith("520 "):
            usage.append(self._read_line())
        return "\n".join(usage)

    def _read_line(self) -> str:
        raw: bytes = self.wire.readline()
        if not raw:
            self.has_hung_up = True
            raise AGIHangup("the connection ended")
        return raw.decode("utf-8", "replace").strip()

    # commands that pyst2 gets wrong

    def stream_file(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> str:
        """The digit that stopped it. Raises AGIAppError when there is no such file."""
        reply = self.execute("STREAM FILE", self._quote(filename), self._quote(escape_digits), sample_offset,
                             seconds=self._prompt_seconds)  # fmt: skip
        if reply["result"][0] == "0" and reply.get("endpos", ("1", ""))[0] == "0":
            raise AGIAppError("nothing was played")
        return _digit(reply["result"][0])

    def get_data(self, filename: str, timeout: int = 2000, max_digits: int = 255) -> Collected:
        """What was keyed, and whether the caller stopped short (timeout in milliseconds)."""
        seconds = self._prompt_seconds + max_digits * timeout / 1000
        digits, mark = self.execute("GET DATA", self._quote(filename), timeout, max_digits, seconds=seconds)["result"]
        return Collected(digits, mark == "timeout")

    def wait_for_digit(self, timeout: int = -1) -> str:
        """The key; empty when none came within `timeout` milliseconds."""
        seconds = self._command_seconds + timeout / 1000
        return _digit(self.execute("WAIT FOR DIGIT", timeout, seconds=seconds)["result"][0])

    def record_file(self, filename: str, format: str = "wav", escape_digits: str = "#", **options: Any) -> int:
        """Samples written; who hangs up ends the recording too. Raises AGIAppError when the file cannot be written.

        Options: `timeout` (milliseconds, 20000), `silence` (seconds, 0: any).
        """
        timeout = int(options.get("timeout", 20000))
        try:
            self.execute(
                "RECORD FILE", self._quote(filename), format, self._quote(escape_digits), timeout, 0,
                f"s={options.get('silence', 0)}", seconds=timeout / 1000 + self._prompt_seconds,
            )  # fmt: skip
        except AGIHangup:
            if "endpos" not in self.last_reply:
                raise
        samples = self.last_reply.get("endpos", ("0", ""))[0]
        return int(samples) if samples.isdecimal() else 0

    def exec_command(self, command: str, *args: object) -> dict[str, tuple[str, str]]:
        """Run a dialplan application. A comma inside an argument separates arguments, as in the dialplan."""
        return self.execute("EXEC", command, self._quote(",".join(map(str, args))), seconds=self._prompt_seconds)

    def database_get(self, family: str, key: str) -> str:
        return self._database("DATABASE GET", family, key)

    def database_put(self, family: str, key: str, value: object) -> None:
        self._database("DATABASE PUT", family, key, value)

    def database_del(self, family: str, key: str) -> None:
        self._database("DATABASE DEL", family, key)

    def database_deltree(self, family: str, key: str = "") -> None:
        self._database("DATABASE DELTREE", family, *([key] if key else []))

    def _database(self, command: str, *args: object) -> str:
        result, value = self.execute(command, *map(self._quote, args))["result"]
        if result == "0":
            raise AGIDBError(f"{command} {args[0]}: not found or not stored")
        return value


def _digit(result: str) -> str:
    """ASCII code of the key, "0" for none."""
    try:
        return chr(int(result)) if int(result) > 0 else ""
    except ValueError as error:
        raise AGIError(f"no digit: {result!r}") from error
