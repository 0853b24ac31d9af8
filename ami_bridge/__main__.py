"""`python -m ami_bridge`: wires the bridge, runs until SIGTERM, then empties its FIFO into the journal and stops."""

import asyncio
import signal
import sys
from datetime import UTC, datetime

import structlog
import uvloop

from ami_bridge.commands import Commander
from ami_bridge.connection import AmiConnection
from ami_bridge.door import Health, make_door, make_server
from ami_bridge.fifo import Fifo
from ami_bridge.log_tail import LogTail
from ami_bridge.parse import WANTED
from ami_bridge.pipeline import Item, Pipeline
from ami_bridge.settings import BridgeSettings
from ami_bridge.state import ParkingLot, StateFile
from app.contract.client import StoreClient
from app.contract.delivery import Delivery
from app.contract.faults import describe_fault
from app.contract.journal import MIB, Journal
from app.contract.logs import configure_logging

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 3.0


async def run(settings: BridgeSettings) -> bool:
    """The whole bridge, until SIGTERM or SIGINT; False when it ended for another reason."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    journal = Journal(
        settings.journal_folder,
        segment_bytes=settings.journal_segment_mib * MIB,
        max_bytes=settings.journal_max_mib * MIB,
        fsync_interval_ms=settings.journal_fsync_ms,
    )
    fifo: Fifo[Item] = Fifo(settings.bridge_fifo_size)
    parking = ParkingLot(settings.state_folder)
    events = AmiConnection(
        host=settings.ami_host,
        port=settings.ami_port,
        username=settings.ami_events_user,
        secret=settings.ami_events_secret.get_secret_value(),
        listener=fifo.put,
        wanted=WANTED,
        ping_seconds=settings.ami_ping_seconds,
        dead_seconds=settings.ami_dead_seconds,
    )
    pipeline = Pipeline(
        node=settings.node,
        journal=journal,
        tail=LogTail(settings.queue_log, None),
        state=StateFile(settings.state_folder),
        parking=parking,
        fifo=fifo,
        switch=events,
    )
    log.info("bridge_starts", remembered=pipeline.remember(), journal_seq=journal.last_seq)
    commands = AmiConnection(
        host=settings.ami_host,
        port=settings.ami_port,
        username=settings.ami_commands_user,
        secret=settings.ami_commands_secret.get_secret_value(),
        ping_seconds=settings.ami_ping_seconds,
        dead_seconds=settings.ami_dead_seconds,
    )
    commander = Commander(commands)

    async with StoreClient(settings.facts_url, settings.bridge_token) as client:
        delivery = Delivery(journal, client, settings.sender)

        def health() -> Health:
            return Health(
                ami_connected=events.is_connected,
                ami_since=_moment(events.connected_at),
                commands_connected=commands.is_connected,
                store_reachable=delivery.is_store_reachable,
                journal_seq=journal.last_seq,
                acknowledged_seq=journal.acknowledged_seq,
                journal_bytes=journal.size_bytes,
                queue_depth=len(fifo),
                dropped_events=fifo.dropped,
                parked_events=parking.count,
                last_event_at=_moment(pipeline.last_event_at),
            )

        door = make_server(
            make_door(commander, settings.command_token, health), settings.bridge_host, settings.bridge_port
        )
        listening = [asyncio.create_task(events.run()), asyncio.create_task(pipeline.run())]
        others = [
            asyncio.create_task(commands.run()),
            asyncio.create_task(delivery.run()),
            asyncio.create_task(pipeline.keep_checkpoint()),
        ]
        serving = asyncio.create_task(door.serve())
        was_told = await _first_end(stop, [*listening, *others, serving])
        log.info("bridge_stops", queue_depth=len(fifo))
        door.should_exit = True
        await _cancel(listening)
        await pipeline.drain()
        journal.sync()
        is_flushed = await delivery.flush(timeout_seconds=FLUSH_SECONDS)
        await _cancel(others)
        await asyncio.wait([serving], timeout=FLUSH_SECONDS)
    journal.close()
    log.info("bridge_stopped", is_flushed=is_flushed, journal_seq=journal.last_seq)
    return was_told


async def _first_end(stop: asyncio.Event, tasks: list[asyncio.Task[None]]) -> bool:
    """Until we are told to stop, or a task that should live for ever ends: then supervisor starts us afresh."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done - {stopping}:
        error = None if task.cancelled() else task.exception()
        log.error("bridge_task_ended", task=str(task.get_coro()), error=describe_fault(error) if error else "")
    return stop.is_set()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def main() -> None:
    configure_logging("bridge")
    settings = BridgeSettings()  # type: ignore[call-arg]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        was_told = runner.run(run(settings))
    sys.exit(0 if was_told else 1)


if __name__ == "__main__":
    main()
