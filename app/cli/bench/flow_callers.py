"""Many callers inside a flow at once: as many Asterisks on sockets, each with somebody who presses keys.

What is measured is the player alone: prompts sound nowhere.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import cast

ENVIRONMENT = "agi_network: yes\nagi_network_script: hotline-12345\nagi_uniqueid: bench-{number}.1\n\n"
KEY_1 = b"200 result=49 endpos=4000\n"
CONNECT_GRACE_SECONDS = 2.0


@dataclass(slots=True)
class Crowd:
    """What was measured. `answers_ms`: from a key to the next prompt, one for each key pressed."""

    answers_ms: list[float] = field(default_factory=list)
    inside: int = 0
    broken: int = 0


class FlowCaller(asyncio.Protocol):
    """One call: the prompt plays for a while, then a key ends it, again and again."""

    def __init__(self, number: int, crowd: Crowd, listen_seconds: float) -> None:
        self._number, self._crowd, self._listen_seconds = number, crowd, listen_seconds
        self._buffer = b""
        self._pressed_at = 0.0
        self.is_leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._crowd.inside += 1
        self.transport.write(ENVIRONMENT.format(number=self._number).encode())

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._answer(line)

    def _answer(self, command: bytes) -> None:
        if not command.startswith(b"STREAM FILE"):
            self.transport.write(b"200 result=1 (||||||||)\n" if command.startswith(b"GET FULL") else b"200 result=0\n")
            return
        now = time.perf_counter()
        if self._pressed_at:
            self._crowd.answers_ms.append((now - self._pressed_at) * 1000)
        asyncio.get_running_loop().call_later(self._listen_seconds * random.uniform(0.5, 1.5), self._press)  # noqa: S311

    def _press(self) -> None:
        if self.is_leaving or self.transport.is_closing():
            return
        self._pressed_at = time.perf_counter()
        self.transport.write(KEY_1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._crowd.inside -= 1
        self._crowd.broken += not self.is_leaving


async def crowd_in_flow(host: str, port: int, *, callers: int, seconds: float, listen_seconds: float = 2.0) -> Crowd:
    """So many callers who stay so long. What is measured while they arrive does not count."""
    loop, crowd, inside = asyncio.get_running_loop(), Crowd(), []
    for number in range(callers):
        _, caller = await loop.create_connection(partial(FlowCaller, number, crowd, listen_seconds), host, port)
        inside.append(caller)
    await asyncio.sleep(CONNECT_GRACE_SECONDS)
    crowd.answers_ms.clear()
    await asyncio.sleep(seconds)
    for caller in inside:
        caller.is_leaving = True
        caller.transport.abort()
    await asyncio.sleep(0.2)
    return crowd
