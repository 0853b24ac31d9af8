"""One AGI connection on the event loop, read and written by synchronous code that runs in a greenlet (ADR 0030).

pyst2 is synchronous. Where it would block, the greenlet goes back to the event loop, and the loop comes back to it
when the line is there. No thread, no task and no future per line.
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

Result = TypeVar("Result")

MAX_BUFFER_BYTES = 64 * 1024
"""More than this without being read is no Asterisk."""


class Wire(Protocol):
    """Lines to and from Asterisk."""

    limit_seconds: float
    """How long `readline` waits."""

    def readline(self) -> bytes:
        """One line with its end; b"" when the other side has closed. Raises TimeoutError."""
        ...

    def write(self, data: bytes) -> None:
        """Send. Raises OSError when the connection is gone."""
        ...


def run_in_greenlet(function: Callable[[], None]) -> None:
    """Start `function` where it may wait with `wait_for` and `LoopWire.readline`; returns when it first waits."""
    started = greenlet(function)
    started.gr_context = contextvars.copy_context()
    started.switch()


async def in_greenlet(function: Callable[[], Result]) -> Result:
    """The result of `function`, which may wait as in `run_in_greenlet`."""
    done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def run() -> None:
        try:
            done.set_result(function())
        except Exception as error:
            done.set_exception(error)

    run_in_greenlet(run)
    return await done


def wait_for(future: "asyncio.Future[Result]") -> Result:
    """Let the event loop run until the future is done; its result, or its exception."""
    if not future.done():
        me = getcurrent()
        future.add_done_callback(lambda _: me.switch())
        _back_to_the_loop(me)
    return future.result()


def _back_to_the_loop(me: greenlet) -> None:
    if me.parent is None:
        raise RuntimeError("only a greenlet of run_in_greenlet can wait")
    me.parent.switch()


class LoopWire(asyncio.Protocol):
    """A connection. `on_open` is called once it is there, in the event loop, and must not block."""

    def __init__(self, on_open: Callable[["LoopWire"], None], limit_seconds: float) -> None:
        self.limit_seconds = limit_seconds
        self.transport: asyncio.Transport | None = None
        self._on_open = on_open
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._is_at_end = False
        self._waiting: greenlet | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._on_open(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > MAX_BUFFER_BYTES:
            self.abort()
        elif b"\n" in data:
            self._resume()

    def eof_received(self) -> bool:
        self._is_at_end = True
        self._resume()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._is_at_end = True
        self._resume()

    def readline(self) -> bytes:
        """The next line. What came before an end without a line break is dropped: it is torn."""
        while True:
            end = self._buffer.find(b"\n") + 1
            if end:
                line = bytes(self._buffer[:end])
                del self._buffer[:end]
                return line
            if self._is_at_end:
                return b""
            self._wait_for_data()

    def write(self, data: bytes) -> None:
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self.transport.write(data)

    def close(self) -> None:
        """Send what is still to be sent, then close."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close at once; a waiting `readline` returns b""."""
        if self.transport is not None:
            self.transport.abort()

    def _wait_for_data(self) -> None:
        is_late = False

        def give_up() -> None:
            nonlocal is_late
            is_late = True
            self._resume()

        timer = self._loop.call_later(self.limit_seconds, give_up)
        self._waiting = getcurrent()
        try:
            _back_to_the_loop(self._waiting)
        finally:
            self._waiting = None
            timer.cancel()
        if is_late:
            raise TimeoutError(f"no answer within {self.limit_seconds:g} s")

    def _resume(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.switch()
