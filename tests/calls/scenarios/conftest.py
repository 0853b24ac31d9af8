"""The stack of the call tests, with a greeting of two seconds: what is tested is what follows it."""

import wave

import pytest

from tests.stack import Stack

GREETING_SECONDS = 2.5


@pytest.fixture(scope="session")
def brief_stack(stack: Stack) -> Stack:
    """The whole product; its callers are greeted briefly."""
    greeting = stack.home / "asterisk/data/sounds/zh/hotline/greeting"
    with wave.open(str(greeting.with_suffix(".wav"))) as whole:
        rate = whole.getframerate()
        frames = whole.readframes(int(rate * GREETING_SECONDS))
    with wave.open(str(greeting.with_suffix(".wav")), "wb") as brief:
        brief.setnchannels(1)
        brief.setsampwidth(2)
        brief.setframerate(rate)
        brief.writeframes(frames)
    alaw = greeting.with_suffix(".alaw")
    alaw.write_bytes(alaw.read_bytes()[: int(8000 * GREETING_SECONDS)])
    return stack
