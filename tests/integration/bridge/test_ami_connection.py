"""The connection on a real socket: what panoramisk gets wrong stays cured (telephony.md §2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from ami_bridge import connection as module
from ami_bridge.connection import AmiConnection
from ami_bridge.switch import Answered, Connected, Disconnected, Heard, Received, SwitchUnavailable
from app.contract.backoff import Backoff
from tests.fakes.ami_server import SECRET, AmiServer, ami_server, frame, listing

pytestmark = pytest.mark.services


class Ear:
    """What was heard, and a way to wait for it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Heard] = asyncio.Queue()

    async def next(self, kind: type[Heard]) -> Heard:
        async with asyncio.timeout(5):
            while True:
                heard = await self.queue.get()
                if isinstance(heard, kind):
                    return heard

    async def event(self) -> Received:
        heard = await self.next(Received)
        assert isinstance(heard, Received)
        return heard


@asynccontextmanager
async def listening(
    server: AmiServer, *, secret: str = SECRET, ping_seconds: float = 10.0, dead_seconds: float = 25.0
) -> AsyncIterator[tuple[AmiConnection, Ear]]:
    ear = Ear()
    connection = AmiConnection(
        host="127.0.0.1",
        port=server.port,
        username="u",
        secret=secret,
        listener=ear.queue.put_nowait,
        wanted=frozenset({"UserEvent", "QueueCallerJoin"}),
        ping_seconds=ping_seconds,
        dead_seconds=dead_seconds,
        backoff=Backoff(0.001, 0.01),
    )
    running = asyncio.create_task(connection.run())
    yield connection, ear
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_name_split_over_two_reads_arrives_whole() -> None:
    data = frame({"Event": "QueueCallerJoin", "CallerIDName": "张三"})
    async with ami_server() as server, listening(server) as (_, ear):
        await ear.next(Connected)
        for byte in data:
            await server.send(bytes([byte]))
            await asyncio.sleep(0)

        assert (await ear.event()).headers["CallerIDName"] == "张三"


async def test_events_arrive_in_order_and_unwanted_ones_do_not() -> None:
    async with ami_server() as server, listening(server) as (_, ear):
        await ear.next(Connected)
        burst = b"".join(
            frame({"Event": "Newexten", "N": "x"}) + frame({"Event": "QueueCallerJoin", "N": str(number)})
            for number in range(500)
        )
        await server.send(burst)

        assert [(await ear.event()).headers["N"] for _ in range(500)] == [str(number) for number in range(500)]


async def test_a_frame_of_garbage_hurts_nobody() -> None:
    async with ami_server() as server, listening(server) as (_, ear):
        await ear.next(Connected)
        await server.send(b"\r\n\r\n\xff\xfe: \x00\r\n\r\nEvent\r\n\r\nEvent: \r\n\r\n: \r\n\r\nResponse: x\r\n\r\n")
        await server.send(frame({"Event": "QueueCallerJoin", "N": "1"}))

        assert (await ear.event()).headers["N"] == "1"


async def test_a_huge_event_arrives_and_an_endless_one_ends_the_connection() -> None:
    async with ami_server() as server, listening(server) as (_, ear):
        await ear.next(Connected)
        await server.send(frame({"Event": "UserEvent", "Text": "长" * 200_000}))
        assert len((await ear.event()).headers["Text"]) == 200_000

        await server.send(b"x" * 3_000_000)

        await ear.next(Disconnected)
        await ear.next(Connected)


async def test_a_lost_connection_is_told_and_made_again() -> None:
    async with ami_server() as server, listening(server) as (connection, ear):
        await ear.next(Connected)
        server.drop()

        await ear.next(Disconnected)
        await ear.next(Connected)
        assert connection.is_connected
        assert server.logins == 2


async def test_a_peer_that_stops_answering_is_noticed() -> None:
    async with ami_server() as server, listening(server, ping_seconds=0.02, dead_seconds=0.1) as (_, ear):
        await ear.next(Connected)
        server.is_silent = True

        with capture_logs() as logs:
            await ear.next(Disconnected)
        assert "ami_peer_is_dead" in [line["event"] for line in logs]
        server.is_silent = False
        await ear.next(Connected)


async def test_a_peer_that_only_answers_pings_is_alive() -> None:
    async with ami_server() as server, listening(server, ping_seconds=0.01, dead_seconds=0.1) as (connection, ear):
        await ear.next(Connected)
        await server.until_pings(20)

        assert connection.is_connected
        assert ear.queue.empty()


async def test_an_action_without_an_answer_is_never_sent_again() -> None:
    async with ami_server() as server, listening(server) as (connection, ear):
        await ear.next(Connected)
        server.answers["Originate"] = lambda _action: []
        asking = asyncio.create_task(connection.call("Originate", {}))
        await server.until_asked("Originate")
        server.drop()

        with pytest.raises(SwitchUnavailable):
            await asking
        await ear.next(Connected)
        await connection.call("Ping", {})
        assert [action["Action"] for action in server.actions] == ["Originate"]


async def test_a_wrong_secret_is_said_loudly_and_not_hammered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ami_server() as server:
        with capture_logs() as logs:
            async with listening(server, secret="wrong") as (connection, _):
                while not logs:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.05)
                assert not connection.is_connected

    assert [(line["event"], line["log_level"]) for line in logs] == [("ami_login_refused", "error")]
    assert "wrong" not in str(logs)


async def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    async with ami_server() as server:
        port = server.port
    async with listening(server) as (_, ear), ami_server(server, port):
        await ear.next(Connected)


async def test_an_asterisk_that_never_says_fully_booted_counts_as_booted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOGIN_SECONDS", 0.05)
    server = AmiServer()
    server.says_booted = False
    async with ami_server(server), listening(server) as (_, ear):
        await ear.next(Connected)


async def test_a_snapshot_stands_between_the_events_it_speaks_of() -> None:
    async with ami_server() as server, listening(server) as (connection, ear):
        await ear.next(Connected)
        answer = listing("QueueStatus", [])

        def between(action: dict[str, str]) -> list[dict[str, str]]:
            return [{"Event": "QueueCallerJoin", "N": "0"}, *answer(action)]

        server.answers["QueueStatus"] = between
        asking = asyncio.create_task(connection.ask_in_order("QueueStatus"))
        await server.until_asked("QueueStatus")
        await server.send(frame({"Event": "QueueCallerJoin", "N": "1"}))
        await asking

        kinds = [type(await asyncio.wait_for(ear.queue.get(), 5)) for _ in range(2)]
        assert kinds == [Answered, Received]


async def test_what_a_listener_does_wrong_does_not_reach_the_socket() -> None:
    heard = []

    def listener(one: Heard) -> None:
        heard.append(one)
        if isinstance(one, Received) and one.headers["N"] == "bad":
            raise RuntimeError("listener is broken")

    async with ami_server() as server:
        connection = AmiConnection(
            host="127.0.0.1",
            port=server.port,
            username="u",
            secret=SECRET,
            listener=listener,
            wanted=frozenset({"UserEvent"}),
        )
        running = asyncio.create_task(connection.run())
        await server.until_logins(1)
        with capture_logs() as logs:
            await server.send(frame({"Event": "UserEvent", "N": "bad"}) + frame({"Event": "UserEvent", "N": "good"}))
            while len(heard) < 3:
                await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert "ami_frame_failed" in [line["event"] for line in logs]
    assert server.logins == 1
