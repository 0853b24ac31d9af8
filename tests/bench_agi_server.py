"""Compare two ways to serve FastAGI with pyst2: a thread per call, and greenlets on one event loop (ADR 0030).

    python tests/bench_agi_server.py [--calls 500] [--commands 20]

A fake Asterisk in this process opens all calls at once and answers each command at once; the server runs in a process
of its own. Printed per model: commands per second, server CPU per command, and how long calls took.
"""

import argparse
import asyncio
import os
import resource
import socketserver
import statistics
import threading
import time
from multiprocessing import Pipe, Process, connection

import structlog
import uvloop

from agi.call import AgiChannel
from agi.pyst_channel import PystChannel
from agi.server import AgiServer

ENVIRONMENT = b"agi_network: yes\nagi_network_script: bench\nagi_uniqueid: n-1.1\n\n"
QUIT = "quit"


def play(channel: AgiChannel, commands: int) -> None:
    for number in range(commands):
        channel.set_variables({"HL_BENCH": str(number)})


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class ThreadServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2048


class FileWire:
    limit_seconds = 5.0

    def __init__(self, handler: socketserver.StreamRequestHandler) -> None:
        self.readline = handler.rfile.readline
        self.write = handler.wfile.write


def serve_threads(pipe: connection.Connection, commands: int) -> None:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            play(PystChannel(FileWire(self)), commands)

    with ThreadServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pipe.send(server.server_address[1])
        pipe.recv()
        pipe.send(cpu_seconds())
        server.shutdown()


def serve_greenlets(pipe: connection.Connection, commands: int, is_uvloop: bool) -> None:
    async def run() -> None:
        server = AgiServer(lambda channel: play(channel, commands), host="127.0.0.1", port=0, max_calls=100_000)
        await server.start()
        pipe.send(server.port)
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        pipe.send(cpu_seconds())
        await server.stop(grace_seconds=1)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop if is_uvloop else None) as runner:
        runner.run(run())


class FakeCall(asyncio.Protocol):
    def __init__(self, done: asyncio.Future[int]) -> None:
        self.done, self.answered, self.first_at = done, 0, 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(ENVIRONMENT)

    def data_received(self, data: bytes) -> None:
        self.first_at = self.first_at or time.perf_counter()
        self.answered += data.count(b"\n")
        self.transport.write(b"200 result=1\n" * data.count(b"\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(self.answered)


async def call_all(port: int, calls: int, commands: int) -> list[tuple[float, float]]:
    """Per call: seconds until its first command came, and until its end."""
    loop = asyncio.get_running_loop()

    async def call() -> tuple[float, float]:
        started = time.perf_counter()
        done: asyncio.Future[int] = loop.create_future()
        _, fake = await loop.create_connection(lambda: FakeCall(done), "127.0.0.1", port)
        answered = await done
        if answered != commands:
            raise RuntimeError(f"{answered} commands came, not {commands}")
        return fake.first_at - started, time.perf_counter() - started

    return await asyncio.gather(*(call() for _ in range(calls)))


def measure(name: str, target, *args, calls: int, commands: int) -> None:
    ours, theirs = Pipe()
    process = Process(target=target, args=(theirs, commands, *args))
    process.start()
    port = ours.recv()
    started = time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        taken = runner.run(call_all(port, calls, commands))
    seconds = time.perf_counter() - started
    ours.send(QUIT)
    cpu = ours.recv()
    process.join()
    total = calls * commands
    first, whole = (statistics.quantiles(times, n=100)[98] * 1000 for times in zip(*taken, strict=True))
    print(f"| {name} | {total / seconds:,.0f} | {cpu / total * 1e6:.0f} | {first:.0f} | {whole:.0f} |", flush=True)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--commands", type=int, default=20)
    given = parser.parse_args()
    print(f"{given.calls} calls at once, {given.commands} commands each, {os.cpu_count()} cores")
    print("| model | commands/s | server CPU µs/command | first command p99 ms | call p99 ms |\n|---|---|---|---|---|")
    size = {"calls": given.calls, "commands": given.commands}
    measure("thread per call", serve_threads, **size)
    measure("greenlets, asyncio", serve_greenlets, False, **size)
    measure("greenlets, uvloop", serve_greenlets, True, **size)
