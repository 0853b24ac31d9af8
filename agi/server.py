"""The FastAGI server: accepts calls, bounds them, and stops without cutting them off."""

import asyncio
import socket
from collections.abc import Callable

import structlog

from agi.call import AgiChannel, CallerHungUp, ChannelBroken
from agi.pyst_channel import PystChannel
from agi.wire import LoopWire, run_in_greenlet

log = structlog.get_logger(__name__)

BACKLOG = 2048
"""Connections that wait to be accepted: a burst of a thousand calls must not meet Asterisk's two seconds."""

Handler = Callable[[AgiChannel], None]


class AgiServer:
    """Calls `handler` once per connection, in a greenlet of its own: it may wait, and must not block.

    Over `max_calls` a connection is closed at once, so that the dialplan tries the next server. A connection that
    ends before its environment (a port probe) leaves no trace.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        port: int,
        max_calls: int = 500,
        command_seconds: float = 5.0,
        prompt_seconds: float = 60.0,
    ) -> None:
        self._handler = handler
        self._host, self._port, self._max_calls = host, port, max_calls
        self._command_seconds, self._prompt_seconds = command_seconds, prompt_seconds
        self._calls: set[LoopWire] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._server: asyncio.Server | None = None
        self.refused = 0

    @property
    def calls(self) -> int:
        """Calls under way."""
        return len(self._calls)

    @property
    def port(self) -> int:
        """The port listened on, which the system chose if the one asked for was 0."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: LoopWire(self._open, self._command_seconds), self._host, self._port, backlog=BACKLOG
        )
        log.info("agi_listening", host=self._host, port=self.port, max_calls=self._max_calls)

    async def stop(self, *, grace_seconds: float = 15.0) -> None:
        """Take no more calls, let those under way end, cut what is left after `grace_seconds`."""
        if self._server is not None:
            self._server.close()
        try:
            async with asyncio.timeout(grace_seconds):
                await self._is_idle.wait()
        except TimeoutError:
            log.warning("agi_calls_cut", calls=self.calls)
            for wire in [*self._calls]:
                wire.abort()
            await self._is_idle.wait()
        log.info("agi_stopped")

    def _open(self, wire: LoopWire) -> None:
        if len(self._calls) >= self._max_calls:
            self.refused += 1
            log.warning("agi_call_refused", calls=self.calls, refused=self.refused)
            wire.abort()
            return
        if wire.transport is not None and (raw := wire.transport.get_extra_info("socket")):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._calls.add(wire)
        self._is_idle.clear()
        run_in_greenlet(lambda: self._serve(wire))

    def _serve(self, wire: LoopWire) -> None:
        try:
            channel = PystChannel(wire, command_seconds=self._command_seconds, prompt_seconds=self._prompt_seconds)
            self._handler(channel)
        except CallerHungUp:
            pass
        except ChannelBroken as error:
            log.warning("agi_channel_broken", reason=str(error))
        except Exception:  # the outer loop of a call: the next one must not suffer
            log.exception("agi_handler_failed")
        finally:
            wire.close()
            self._calls.discard(wire)
            if not self._calls:
                self._is_idle.set()
