"""The stack of the call tests, with brief prompts: what is tested is what follows them."""

import wave
from pathlib import Path

import pytest

from tests.stack import Stack

GREETING_SECONDS = 2.5
OTHERS_SECONDS = 0.8
"""Of whispers and announcements; the greeting is long enough to hang up in it."""
ALAW_BYTES_PER_SECOND = 8000


@pytest.fixture(scope="session")
def brief_stack(stack: Stack) -> Stack:
    """The whole product; its callers are greeted briefly."""
    for prompt in (stack.home / "asterisk/data/sounds/zh/hotline").glob("*.wav"):
        make_brief(prompt, GREETING_SECONDS if prompt.stem == "greeting" else OTHERS_SECONDS)
    return stack


def make_brief(prompt: Path, seconds: float) -> None:
    """Cut a prompt in both its formats."""
    with wave.open(str(prompt)) as whole:
        rate = whole.getframerate()
        frames = whole.readframes(int(rate * seconds))
    with wave.open(str(prompt), "wb") as brief:
        brief.setnchannels(1)
        brief.setsampwidth(2)
        brief.setframerate(rate)
        brief.writeframes(frames)
    alaw = prompt.with_suffix(".alaw")
    alaw.write_bytes(alaw.read_bytes()[: int(ALAW_BYTES_PER_SECOND * seconds)])
