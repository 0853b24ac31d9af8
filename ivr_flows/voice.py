"""Who speaks the prompts, behind a protocol of one method: espeak-ng, or whatever program a setting names."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, overload

from ivr_flows.prompts import Prompt

TOOL_SECONDS = 60


class VoiceFailed(RuntimeError):
    """A prompt could not be made; the message says what to do."""


class ToolMissing(VoiceFailed):
    """A program is not installed."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed: run `hotline setup`, or `apt-get install {tool}`")


class Voice(Protocol):
    """Turns a prompt's `spoken` text into audio of any rate and loudness."""

    @property
    def identity(self) -> str:
        """Engine and settings: when it changes, every spoken prompt is built anew."""
        ...

    def speak(self, prompt: Prompt, wav: Path) -> None:
        """Write the spoken text to a WAV file. Raises VoiceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """espeak-ng. `cmn` reads most characters as English letters in Debian's 1.51: its dictionary holds pinyin, which
    only `cmn-latn-pinyin` reads as Mandarin (ADR 0032)."""

    names: Mapping[str, str] = field(default_factory=lambda: {"zh": "cmn-latn-pinyin", "en": "en-gb"})
    words_per_minute: Mapping[str, int] = field(default_factory=lambda: {"zh": 220, "en": 160})
    slow_share: float = 0.8
    """How much of the usual speed a slow prompt has."""

    @property
    def identity(self) -> str:
        return f"espeak-ng {dict(self.names)} {dict(self.words_per_minute)} {self.slow_share}"

    def speak(self, prompt: Prompt, wav: Path) -> None:
        speed = self.words_per_minute[prompt.language] * (self.slow_share if prompt.is_slow else 1)
        name = self.names[prompt.language]
        run_tool("espeak-ng", "-v", name, "-s", str(round(speed)), "-w", str(wav), "--stdin", text=prompt.spoken)

    def unreadable(self, text: str, language: str = "zh") -> bool:
        """True when some character would be spelled in English: espeak-ng marks that with `(en)`."""
        return "(en)" in run_tool("espeak-ng", "-v", self.names[language], "-q", "-x", "--stdin", text=text)


@dataclass(frozen=True, slots=True)
class CommandVoice:
    """Any program that reads a text from its input and writes a WAV file: a neural voice, a vendor's.

    `command` may use {wav} (where to write), {language} (zh, en) and {pace} (normal, slow).
    """

    command: str

    @property
    def identity(self) -> str:
        return self.command

    def speak(self, prompt: Prompt, wav: Path) -> None:
        values = {"wav": str(wav), "language": prompt.language, "pace": "slow" if prompt.is_slow else "normal"}
        try:
            tool, *arguments = (word.format(**values) for word in shlex.split(self.command))
        except (ValueError, KeyError, IndexError) as error:
            raise VoiceFailed(f"the voice's command cannot be read: {error!r}") from error
        run_tool(tool, *arguments, text=prompt.spoken)
        if not wav.exists():
            raise VoiceFailed(f"{tool} wrote nothing to {{wav}}")


def choose_voice(command: str = "") -> Voice:
    """espeak-ng, unless a command is given."""
    return CommandVoice(command) if command.strip() else EspeakVoice()


@overload
def run_tool(tool: str, *arguments: str, text: str = "", is_binary: Literal[False] = False) -> str: ...
@overload
def run_tool(tool: str, *arguments: str, text: str = "", is_binary: Literal[True]) -> bytes: ...
def run_tool(tool: str, *arguments: str, text: str = "", is_binary: bool = False) -> str | bytes:
    """Run a program. Returns what it wrote to both outputs, or only to the first, as bytes.

    Raises ToolMissing, VoiceFailed.
    """
    if shutil.which(tool) is None:
        raise ToolMissing(tool)
    try:
        done = subprocess.run(
            [tool, *arguments], check=False, input=text.encode(), capture_output=True, timeout=TOOL_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise VoiceFailed(f"{tool} did not end within {TOOL_SECONDS} s") from error
    output = (done.stdout + done.stderr).decode(errors="replace") if done.returncode or not is_binary else ""
    if done.returncode:
        raise VoiceFailed(f"{tool} failed ({done.returncode}): {output.strip()[-300:]}")
    return done.stdout if is_binary else output
