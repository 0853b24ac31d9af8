"""An AMI server on the wire: banner, log-in, actions, events, and every way to misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

SECRET = "right"
Action = dict[str, str]
Answer = Callable[[Action], list[Action]]


def frame(headers: Action) -> bytes:
    return ("\r\n".join(f"{key}: {value}" for key, value in headers.items()) + "\r\n\r\n").encode()


def success(_action: Action) -> list[Action]:
    return [{"Response": "Success", "Message": "done"}]


def refusal(message: str) -> Answer:
    return lambda _action: [{"Response": "Error", "Message": message}]


def listing(name: str, items: list[Action]) -> Answer:
    head = {"Response": "Success", "EventList": "start", "Message": f"{name} will follow"}
    return lambda _action: [head, *items, {"Event": f"{name}Complete", "EventList": "Complete"}]


class AmiServer:
    """`actions` is what clients asked, log-ins and pings aside; `answers` what they get."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {"Ping": success}
        self.actions: list[Action] = []
        self.logins = 0
        self.pings = 0
        self.is_silent = False
        self.says_booted = True
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._changed = asyncio.Condition()

    async def send(self, data: bytes | Action) -> None:
        """To every client."""
        for writer in self._writers:
            writer.write(data if isinstance(data, bytes) else frame(data))
            await writer.drain()

    def drop(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def end(self) -> None:
        """Cut every connection, logged in or not, and wait until nothing of them is left."""
        for writer in self._conversations.values():
            writer.close()
        await asyncio.gather(*self._conversations)

    async def until_logins(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.logins >= count)

    async def until_pings(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.pings >= count)

    async def until_asked(self, name: str) -> Action:
        async with self._changed:
            await self._changed.wait_for(lambda: any(action["Action"] == name for action in self.actions))
        return next(action for action in self.actions if action["Action"] == name)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.current_task()
        assert conversation
        self._conversations[conversation] = writer
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if writer in self._writers:
                self._writers.remove(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            del self._conversations[conversation]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/7.0.3\r\n")
        while True:
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
            action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
            if self.is_silent:
                continue
            if action["Action"] == "Login":
                await self._log_in(action, writer)
                continue
            if action["Action"] == "Ping":
                self.pings += 1
            else:
                self.actions.append(action)
            answer = self.answers.get(action["Action"], refusal("Invalid/unknown command"))
            for message in answer(action):
                writer.write(frame({**message, "ActionID": action["ActionID"]}))
            await self._tell()

    async def _log_in(self, action: Action, writer: asyncio.StreamWriter) -> None:
        if action["Secret"] != SECRET:
            writer.write(
                frame({"Response": "Error", "ActionID": action["ActionID"], "Message": "Authentication failed"})
            )
            return
        writer.write(
            frame({"Response": "Success", "ActionID": action["ActionID"], "Message": "Authentication accepted"})
        )
        if self.says_booted and action["Events"] == "on":
            writer.write(frame({"Event": "FullyBooted", "Status": "Fully Booted"}))
        self._writers.append(writer)
        self.logins += 1
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def ami_server(server: AmiServer | None = None, port: int = 0) -> AsyncIterator[AmiServer]:
    server = server or AmiServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.end()
        await listener.wait_closed()
