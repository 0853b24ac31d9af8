"""The connection to Asterisk's manager interface: the only module that knows panoramisk (telephony.md §2).

What panoramisk 1.4 gets wrong is put right here: frames are cut on bytes (a Chinese character split over two reads
survives), no listener can break the reader, a dead peer is noticed, an action is sent once and answered or given up,
no value can smuggle in a second action, and reconnecting backs off.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from ami_bridge.frames import MAX_FRAME_BYTES, check_values, parse_frame, with_spaces
from ami_bridge.switch import (
    Answered,
    Connected,
    Disconnected,
    Headers,
    Listener,
    LoginRefused,
    Received,
    SwitchRefused,
    SwitchTimeout,
    SwitchUnavailable,
)
from app.contract.backoff import Backoff
from app.contract.faults import describe_fault

log = structlog.get_logger(__name__)

FULLY_BOOTED = "FullyBooted"
QUIET = logging.Logger("panoramisk", level=logging.CRITICAL)
"""panoramisk logs actions with their secrets; we log what matters ourselves."""

LOGIN_SECONDS = 5.0
LOGIN_REFUSED_SECONDS = 30.0


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with our own framing. `factory` is the `_Session` it belongs to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._rest = b""
        self.last_received_at = time.monotonic()

    def data_received(self, data: bytes) -> None:
        self.last_received_at = time.monotonic()
        frames = (self._rest + data).split(b"\r\n\r\n")
        self._rest = frames.pop()
        if len(self._rest) > MAX_FRAME_BYTES:
            log.error("ami_frame_too_long", bytes=len(self._rest))
            self.transport.abort()
        for frame in frames:
            try:
                self._take(frame)
            except Exception as error:  # the reader lives, whatever one frame does
                log.error("ami_frame_failed", bytes=len(frame), error=describe_fault(error))

    def _take(self, frame: bytes) -> None:
        if frame[:2] == b"\r\n":
            frame = frame.lstrip(b"\r\n")
        if frame[:7] == b"Event: ":
            name = frame[7 : frame.find(b"\r\n")]
            if name in self.factory.wanted and b"\r\nActionID: " not in frame:
                self.factory.hear(name.decode(), parse_frame(frame))
                return
            if not self.responses:
                return
        self._take_answer(frame)

    def _take_answer(self, frame: bytes) -> None:
        message = Message.from_line(with_spaces(frame))
        if message is None:
            return
        action = self.responses.get(message.id)
        if action is None:
            if "event" in message and message.event.encode() in self.factory.wanted:
                self.factory.hear(message.event, parse_frame(frame))
            return
        self.handle_message(message)
        if action.future.done() and action.id in self.factory.in_order:
            self.factory.in_order.discard(action.id)
            self.factory.listener(Answered(action["Action"], _as_list(action.future.result())))

    def close(self) -> None:
        """Give up what was not answered: nothing is ever sent again."""
        for action in self.responses.values():
            action.future.cancel()
        self.responses.clear()
        super().close()


class _Session(Manager):  # type: ignore[misc]
    """panoramisk's manager for one connection, from log-in to its end; never reconnects, never re-sends."""

    def __init__(self, *, wanted: frozenset[bytes], listener: Listener, **config: Any) -> None:
        super().__init__(**config)
        self.wanted = wanted | {FULLY_BOOTED.encode()}
        self.listener = listener
        self.in_order: set[str] = set()
        self.lost = asyncio.Event()
        self.booted = asyncio.Event()

    def hear(self, name: str, headers: Headers) -> None:
        if name != FULLY_BOOTED:
            self.listener(Received(name, headers))
        elif not self.booted.is_set():
            self.booted.set()
            self.listener(Connected())

    def ping(self) -> None:
        """Ours looks at the answer: see `AmiConnection._watch`."""

    def login(self, future: asyncio.Future[Any]) -> bool:
        self.authenticated = not future.cancelled() and bool(future.result().success)
        return self.authenticated

    def connection_lost(self, _error: object) -> None:
        self.lost.set()


class AmiConnection:
    """Keeps one log-in alive for ever. Everything heard goes to `listener`, in order."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        listener: Listener | None = None,
        wanted: frozenset[str] = frozenset(),
        ping_seconds: float = 10.0,
        dead_seconds: float = 25.0,
        backoff: Backoff | None = None,
    ) -> None:
        self.connected_at: float | None = None
        self._config: dict[str, Any] = {"host": host, "port": port, "username": username, "secret": secret}
        self._listener: Listener = listener or (lambda _heard: None)
        self._hears_events = listener is not None
        self._wanted = frozenset(name.encode() for name in wanted)
        self._ping_seconds = ping_seconds
        self._dead_seconds = dead_seconds
        self._backoff = backoff or Backoff(0.2, 10.0)
        self._session: _Session | None = None

    @property
    def is_connected(self) -> bool:
        return self._session is not None

    async def run(self) -> None:
        """Connect, and again after every loss, until cancelled."""
        while True:
            try:
                await self._one_session()
            except LoginRefused:
                log.error("ami_login_refused", user=self._config["username"], retry_seconds=LOGIN_REFUSED_SECONDS)
                await asyncio.sleep(LOGIN_REFUSED_SECONDS)
                continue
            except (OSError, TimeoutError, SwitchUnavailable) as error:
                log.warning("ami_unreachable", host=self._config["host"], port=self._config["port"], error=str(error))
            await asyncio.sleep(self._backoff.next_seconds())

    async def call(
        self, action: str, headers: Mapping[str, str], *, timeout_seconds: float = 5.0, is_list: bool = False
    ) -> list[Headers]:
        """See SwitchConnection.call."""
        return await self._call(self._need_session(), action, headers, timeout_seconds=timeout_seconds, is_list=is_list)

    async def ask_in_order(self, action: str, *, timeout_seconds: float = 30.0) -> None:
        """See SwitchConnection.ask_in_order."""
        session = self._need_session()
        await self._call(session, action, {}, timeout_seconds=timeout_seconds, is_list=True, is_in_order=True)

    def _need_session(self) -> _Session:
        if self._session is None:
            raise SwitchUnavailable("not connected to Asterisk")
        return self._session

    async def _one_session(self) -> None:
        loop = asyncio.get_running_loop()
        session = _Session(
            wanted=self._wanted,
            listener=self._listener,
            loop=loop,
            events="on" if self._hears_events else "off",
            log=QUIET,
            **self._config,
        )
        async with asyncio.timeout(LOGIN_SECONDS):
            made = await loop.create_connection(_Protocol, self._config["host"], self._config["port"])
        try:
            ready = loop.create_future()
            ready.set_result(made)
            session.connection_made(ready)
            session.pinger.cancel()
            await self._log_in(session)
            self._session, self.connected_at = session, time.time()
            self._backoff.reset()
            log.info("ami_connected", user=self._config["username"])
            await self._watch(session)
        finally:
            was_connected, self._session, self.connected_at = self._session is not None, None, None
            session.protocol.close()
            made[0].abort()
            if session.pinger:
                session.pinger.cancel()
            if was_connected:
                log.warning("ami_lost", user=self._config["username"])
                self._listener(Disconnected())

    async def _log_in(self, session: _Session) -> None:
        answer = session.authenticated_future
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                response = await answer
        except asyncio.CancelledError:
            if session.lost.is_set():
                raise SwitchUnavailable("connection closed during log-in") from None
            raise
        if not response.success:
            raise LoginRefused

    async def _watch(self, session: _Session) -> None:
        """Until the connection is lost; cuts it when nothing was heard for too long, answers included."""
        booted_by = time.monotonic() + LOGIN_SECONDS
        while not session.lost.is_set():
            try:
                async with asyncio.timeout(self._ping_seconds if session.booted.is_set() else LOGIN_SECONDS):
                    await session.lost.wait()
            except TimeoutError:
                if not session.booted.is_set() and time.monotonic() >= booted_by:
                    session.hear(FULLY_BOOTED, {})
                silent_seconds = time.monotonic() - session.protocol.last_received_at
                if silent_seconds > self._dead_seconds:
                    log.error("ami_peer_is_dead", silent_seconds=round(silent_seconds, 1))
                    return
                session.send_action({"Action": "Ping"}, as_list=False)

    async def _call(
        self,
        session: _Session,
        action: str,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        is_list: bool,
        is_in_order: bool = False,
    ) -> list[Headers]:
        check_values(action, headers)
        request = {"Action": action, **headers}
        future = session.send_action(request, as_list=None if is_list else False)
        pending = next(one for one in session.protocol.responses.values() if one.future is future)
        if is_in_order:
            session.in_order.add(pending.id)
        try:
            async with asyncio.timeout(timeout_seconds):
                messages = _as_list(await future)
        except TimeoutError as error:
            raise SwitchTimeout(f"{action}: no answer within {timeout_seconds} s") from error
        except asyncio.CancelledError:
            if session.lost.is_set() or session.protocol.closed:
                raise SwitchUnavailable(f"{action}: connection lost") from None
            raise
        finally:
            session.in_order.discard(pending.id)
            session.protocol.responses.pop(pending.id, None)
        if messages[0].get("Response") == "Error":
            raise SwitchRefused(messages[0].get("Message", "refused"))
        return messages


def make_reader(wanted: frozenset[str], listener: Listener) -> Callable[[bytes], None]:
    """The reading half alone, for the bench."""
    protocol = _Protocol()
    protocol.connection_made(asyncio.Transport())
    protocol.factory = _Session(wanted=frozenset(name.encode() for name in wanted), listener=listener, log=QUIET)
    return protocol.data_received


def make_panoramisk_reader(callback: Callable[[object, object], None]) -> Callable[[bytes], object]:
    """panoramisk as it is, with one callback for every event: what the bench compares us with."""
    protocol = AMIProtocol()
    protocol.connection_made(asyncio.Transport())
    protocol.factory, protocol.encoding, protocol.log = Manager(log=QUIET), "utf8", QUIET
    protocol.factory.register_event("*", callback)
    return protocol.data_received  # type: ignore[no-any-return]


def _as_list(result: Any) -> list[Headers]:
    messages = result if isinstance(result, list) else [result]
    return [{key: str(value) for key, value in message.items()} for message in messages]
