"""The FastAGI server over real sockets: bursts, probes, silence, broken connections, bounds and stopping."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import structlog

from agi.call import AgiChannel, ChannelBroken
from agi.server import AgiServer
from agi.wire import wait_for
from tests.fakes.agi_call import CallScript
from tests.fakes.asterisk_agi import FakeAsterisk

ENVIRONMENT = b"agi_network: yes\nagi_network_script: test\nagi_uniqueid: n-1\n\n"


def greet(channel: AgiChannel) -> None:
    channel.play("greeting")
    channel.set_variables({"HL_DONE": "1"})


@dataclass
class Site:
    """Servers and connections of one test, all closed at its end."""

    servers: list[AgiServer] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, handler: Callable[[AgiChannel], None] = greet, **options: float) -> AgiServer:
        server = AgiServer(handler, host="127.0.0.1", port=0, **options)  # type: ignore[arg-type]
        await server.start()
        self.servers.append(server)
        return server

    async def connect(self, server: AgiServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        self.writers.append(writer)
        return reader, writer

    async def open_call(self, server: AgiServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A call whose first command has come and is not answered."""
        reader, writer = await self.connect(server)
        writer.write(ENVIRONMENT)
        await reader.readline()
        return reader, writer

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        for server in self.servers:
            await server.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    yield site
    await site.close()


async def closed(reader: asyncio.StreamReader) -> bytes:
    """What still came before the connection ended; an abort may look like an end or like a reset."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def call(server: AgiServer) -> CallScript:
    played = CallScript()
    await FakeAsterisk(played).dial(server.port)
    return played


async def idle(server: AgiServer) -> None:
    """Until the server has seen the end of every call."""
    while server.calls:
        await asyncio.sleep(0)


async def test_a_call_is_served(site: Site) -> None:
    server = await site.serve()

    played = await call(server)

    assert (played.heard, played.variables) == (["greeting"], {"HL_DONE": "1"})


async def test_a_thousand_calls_at_once_are_all_served(site: Site) -> None:
    server = await site.serve(max_calls=1000)

    played = await asyncio.gather(*(call(server) for _ in range(1000)))

    assert sum(one.variables == {"HL_DONE": "1"} for one in played) == 1000


async def test_a_probe_that_connects_and_closes_does_no_harm(site: Site) -> None:
    server = await site.serve()

    with structlog.testing.capture_logs() as logs:
        for _ in range(20):
            _, writer = await site.connect(server)
            writer.close()
            await writer.wait_closed()
        played = await call(server)
        await idle(server)

    assert played.variables == {"HL_DONE": "1"}
    assert logs == []


async def test_over_the_bound_a_call_is_closed_at_once_and_later_ones_are_served(site: Site) -> None:
    server = await site.serve(max_calls=1)
    _, first = await site.open_call(server)

    reader, _ = await site.connect(server)
    assert await closed(reader) == b""
    first.close()
    await first.wait_closed()
    await idle(server)

    assert server.refused == 1
    assert (await call(server)).variables == {"HL_DONE": "1"}


async def test_a_client_that_says_nothing_is_closed(site: Site) -> None:
    server = await site.serve(command_seconds=0.02)
    reader, _writer = await site.connect(server)

    assert await closed(reader) == b""


async def test_asterisk_that_does_not_answer_is_given_up(site: Site) -> None:
    failures: list[Exception] = []

    def handler(channel: AgiChannel) -> None:
        try:
            greet(channel)
        except ChannelBroken as error:
            failures.append(error)
            raise

    server = await site.serve(handler, prompt_seconds=0.02)
    reader, _writer = await site.open_call(server)

    assert await closed(reader) == b""
    assert [str(error) for error in failures] == ["STREAM FILE: no answer within 0.02 s"]


async def test_a_reset_in_mid_flow_ends_that_call_only(site: Site) -> None:
    server = await site.serve()
    _, writer = await site.open_call(server)

    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await idle(server)

    assert (await call(server)).variables == {"HL_DONE": "1"}


async def test_a_line_without_end_is_cut_off(site: Site) -> None:
    server = await site.serve()
    reader, writer = await site.connect(server)

    writer.write(b"x" * 200_000)

    assert await closed(reader) == b""


async def test_a_flow_that_fails_is_logged_and_the_next_call_is_served(site: Site) -> None:
    fails = iter([True, False])

    def handler(channel: AgiChannel) -> None:
        if next(fails):
            raise KeyError("a fault of ours")
        greet(channel)

    server = await site.serve(handler)
    with structlog.testing.capture_logs() as logs:
        await call(server)
        played = await call(server)

    assert [entry["event"] for entry in logs] == ["agi_handler_failed"]
    assert played.variables == {"HL_DONE": "1"}


async def test_a_stop_lets_running_flows_end_and_takes_no_new_ones(site: Site) -> None:
    server = await site.serve()
    port = server.port
    reader, writer = await site.open_call(server)

    stopping = asyncio.create_task(server.stop(grace_seconds=30))
    await asyncio.sleep(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert not stopping.done()
    writer.write(b"200 result=0 endpos=8000\n")
    assert b"HL_DONE" in await reader.readline()
    writer.write(b"200 result=1\n")
    await stopping

    assert await closed(reader) == b""


async def test_a_flow_that_does_not_end_is_cut_when_the_grace_is_over(site: Site) -> None:
    server = await site.serve()
    reader, _writer = await site.open_call(server)

    await server.stop(grace_seconds=0.01)

    assert await closed(reader) == b""
    assert server.calls == 0


async def test_a_taken_port_is_an_error_at_the_start(site: Site) -> None:
    server = await site.serve()

    with pytest.raises(OSError, match="address already in use"):
        await AgiServer(greet, host="127.0.0.1", port=server.port).start()


async def test_a_flow_may_wait_for_something_else_while_other_calls_go_on(site: Site) -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def handler(channel: AgiChannel) -> None:
        if channel.script == "waits":
            channel.set_variables({"HL_ROUTE": wait_for(answer)})
        greet(channel)

    server = await site.serve(handler)
    waiting = CallScript(script="waits")
    first = asyncio.create_task(FakeAsterisk(waiting).dial(server.port))
    await call(server)
    answer.set_result("queue")
    await first

    assert waiting.variables == {"HL_ROUTE": "queue", "HL_DONE": "1"}


async def test_only_a_flow_can_wait() -> None:
    with pytest.raises(RuntimeError, match="only a greenlet"):
        wait_for(asyncio.get_running_loop().create_future())
