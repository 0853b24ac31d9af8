"""`python -m agi`: the FastAGI server as a process. SIGTERM stops it without cutting calls off."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
import uvloop

from agi.effects import Services
from agi.facts import Facts
from agi.lookup import StoreLookup
from agi.messages import MessageFolder
from agi.play import FlowPlayer
from agi.server import AgiServer
from agi.settings import AgiSettings
from agi.wire import in_greenlet, wait_for
from app.contract.client import StoreClient
from app.contract.delivery import Delivery
from app.contract.faults import describe_fault
from app.contract.journal import Journal, JournalLocked
from app.contract.logs import configure_logging
from ivr_flows.published import PublishedFlows, Table

log = structlog.get_logger("agi")

FLUSH_SECONDS = 3.0
"""After the last call: how long the store may take the last facts. What remains is sent at the next start."""


def published_flows(settings: AgiSettings) -> PublishedFlows:
    """Flows in force. An invalid one is logged and left out: its callers get the dialplan's fallback."""

    def load(work: Callable[[], Table]) -> Table:
        """Files are read beside the event loop; the call that saw the change waits, the others go on."""
        loop = asyncio.get_running_loop()
        return wait_for(asyncio.ensure_future(loop.run_in_executor(None, work)))

    def tell(table: Table) -> None:
        log.info(
            "flows_loaded", flows=table.versions, lines={line: flow.flow for line, (flow, _) in table.lines.items()}
        )
        if table.broken:
            log.error("flow_invalid", problems=[str(problem) for problem in table.broken])

    return PublishedFlows(
        settings.flows_folder, settings.agi_flows, load=load, tell=tell, now=lambda: datetime.now(UTC)
    )  # fmt: skip


async def serve(settings: AgiSettings) -> bool:
    """Until SIGTERM or SIGINT; False when it ended for another reason, so that supervisor starts us afresh.

    Raises OSError when the port is taken, JournalLocked when another process runs.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    flows = published_flows(settings)
    await in_greenlet(flows.names)
    with contextlib.closing(Journal(settings.journal_folder)) as journal:
        async with StoreClient(settings.facts_url, settings.agi_token) as client:
            delivery = Delivery(journal, client, settings.sender)
            sending = asyncio.create_task(delivery.run())
            services = Services(
                flows,
                StoreLookup(client, settings.agi_lookup_budget_ms),
                Facts(journal, settings.sender, lambda: datetime.now(UTC)),
                MessageFolder(settings.recordings_folder),
                settings.agi_time_limit_seconds,
            )
            server = AgiServer(
                FlowPlayer(services),
                host=settings.agi_host,
                port=settings.agi_port,
                max_calls=settings.agi_max_calls,
                command_seconds=settings.agi_command_seconds,
                prompt_seconds=settings.agi_prompt_seconds,
            )
            await server.start()
            was_told = await _until_told(stopping, sending)
            await server.stop(grace_seconds=settings.agi_grace_seconds)
            if not sending.done():
                await delivery.flush(timeout_seconds=FLUSH_SECONDS)
            sending.cancel()
    return was_told


async def _until_told(stopping: asyncio.Event, sending: asyncio.Task[None]) -> bool:
    """Until we are told to stop, or the delivery ends, which should live for ever: facts would stay on disk unseen."""
    telling = asyncio.create_task(stopping.wait())
    await asyncio.wait([telling, sending], return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    if sending.done():
        error = None if sending.cancelled() else sending.exception()
        log.error("agi_delivery_ended", error=describe_fault(error) if error else "")
    return stopping.is_set()


def main() -> int:
    configure_logging("agi")
    settings = AgiSettings()  # type: ignore[call-arg] # the environment fills it
    structlog.contextvars.bind_contextvars(node=settings.node, process=settings.agi_name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            was_told = runner.run(serve(settings))
    except (OSError, JournalLocked) as error:
        log.error("agi_cannot_start", error=str(error))
        return 1
    return 0 if was_told else 1


if __name__ == "__main__":
    sys.exit(main())
