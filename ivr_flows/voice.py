"""Who speaks the prompts: espeak-ng in Mandarin, behind a protocol, so that a better voice needs one class."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TOOL_SECONDS = 60


class VoiceFailed(RuntimeError):
    """A prompt could not be made; the message says what to do."""


class ToolMissing(VoiceFailed):
    """A program is not installed."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed: run `hotline setup`, or `apt-get install {tool}`")


class Voice(Protocol):
    """Turns text into audio of any rate and loudness."""

    @property
    def identity(self) -> str:
        """Engine and settings: when it changes, every spoken prompt is built anew."""
        ...

    def speak(self, text: str, wav: Path) -> None:
        """Write the spoken text to a WAV file. Raises VoiceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """espeak-ng. `cmn` reads most characters as English letters in Debian's 1.51: its dictionary holds pinyin, which
    only `cmn-latn-pinyin` reads as Mandarin (ADR 0032)."""

    name: str = "cmn-latn-pinyin"
    words_per_minute: int = 220

    @property
    def identity(self) -> str:
        return f"espeak-ng {self.name} {self.words_per_minute}"

    def speak(self, text: str, wav: Path) -> None:
        run_tool("espeak-ng", "-v", self.name, "-s", str(self.words_per_minute), "-w", str(wav), "--stdin", text=text)

    def unreadable(self, text: str) -> bool:
        """True when some character would be spelled in English: espeak-ng marks that with `(en)`."""
        return "(en)" in run_tool("espeak-ng", "-v", self.name, "-q", "-x", "--stdin", text=text)


def run_tool(tool: str, *arguments: str, text: str = "") -> str:
    """Run a program and return what it wrote to both outputs. Raises ToolMissing, VoiceFailed."""
    if shutil.which(tool) is None:
        raise ToolMissing(tool)
    try:
        done = subprocess.run(
            [tool, *arguments], check=False, input=text.encode(), capture_output=True, timeout=TOOL_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise VoiceFailed(f"{tool} did not end within {TOOL_SECONDS} s") from error
    output = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode:
        raise VoiceFailed(f"{tool} failed ({done.returncode}): {output.strip()[-300:]}")
    return output
