"""A voice of tones, prompts made in a line, and what can be measured of the audio."""

import math
import struct
import wave
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from ivr_flows.prompts import Prompt, PromptSource
from ivr_flows.voice import VoiceFailed


def write_tone(file: Path, seconds: float, amplitude: int, *, rate_hz: int = 16000, hertz: int = 440) -> None:
    """A sine; what is over full scale is cut off, as a careless studio does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        wanted = (int(amplitude * math.sin(n * hertz * 2 * math.pi / rate_hz)) for n in range(int(rate_hz * seconds)))
        samples = [max(min(sample, 32767), -32768) for sample in wanted]
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))


@dataclass
class ToneVoice:
    """Says everything as a tone, a quarter of a second a character."""

    identity: str = "tone"
    said: list[str] = field(default_factory=list)

    def speak(self, prompt: Prompt, wav: Path) -> None:
        self.said.append(prompt.spoken)
        if prompt.spoken == "哑":
            raise VoiceFailed("lost its voice")
        write_tone(wav, 0.25 * len(prompt.spoken), 2000)


def prompts_of(**texts: str) -> list[Prompt]:
    return [Prompt(name.replace("_", "-"), text, text) for name, text in texts.items()]


def source_of(folder: Path, **lists: str) -> PromptSource:
    """A source with these lists: `zh="a: {text: 您好}"`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in lists.items():
        (folder / f"{name.replace('_', '-')}.yaml").write_text(content, encoding="utf-8")
    return PromptSource(folder, folder / "recordings")


def samples_of(file: Path) -> tuple[int, "array[int]"]:
    """Rate in Hz, and the samples of a 16-bit mono file."""
    with wave.open(str(file)) as audio:
        assert (audio.getnchannels(), audio.getsampwidth()) == (1, 2)
        return audio.getframerate(), array("h", audio.readframes(audio.getnframes()))


def peak(file: Path) -> int:
    return max(abs(sample) for sample in samples_of(file)[1])
