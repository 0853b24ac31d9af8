"""The product's own flow player, on a port that a test's Asterisk asks: everything real but the case store."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agi.effects import FlowSource, Services
from agi.facts import Facts
from agi.lookup import LookupAnswer
from agi.messages import MessageFolder
from agi.play import FlowPlayer
from agi.server import AgiServer
from app.contract.events import CallEvent, IntakeRecorded
from app.contract.lookup import CallerCard, FlowLookup, LookupRequest
from ivr_flows.flow import Flow
from ivr_flows.model import LookedUp
from ivr_flows.published import Choice

READY_SECONDS = 10
MORNING = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""Monday, 10 o'clock in Shanghai: flows ask for the hour, and these calls come by day."""


@dataclass
class OneFlow:
    """Plays this flow, whatever is asked for."""

    flows: dict[str, Flow]
    name: str

    def choose(self, name: str, line: str = "") -> Choice | None:
        return Choice(self.name, 1, self.flows, is_lookup_wanted=True)

    def flag(self, name: str) -> bool:
        return False


@dataclass
class FlowServer:
    """`with FlowServer(port, flows, recordings) as server:`"""

    port: int
    flows: FlowSource
    recordings: Path
    card: CallerCard = field(default_factory=CallerCard)
    told: dict[str, LookedUp] = field(default_factory=dict)
    events: list[CallEvent] = field(default_factory=list)
    least_free_bytes: int = 0

    def choose(self, name: str, line: str = "") -> Choice | None:
        return self.flows.choose(name, line)

    def flag(self, name: str) -> bool:
        return self.flows.flag(name)

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        return lambda: LookupAnswer(self.card, "known", 1)

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        return self.told.get(what, LookedUp("timeout"))

    def append(self, event: CallEvent) -> int:
        self.events.append(event)
        return len(self.events)

    def intakes(self) -> list[IntakeRecorded]:
        """What each finished flow reported, oldest first."""
        return [event.payload for event in self.events if isinstance(event.payload, IntakeRecorded)]

    def __enter__(self) -> "FlowServer":
        self.loop, ready = asyncio.new_event_loop(), threading.Event()

        async def serve() -> None:
            services = Services(
                self, self, Facts(self, "node1.agi", lambda: MORNING),
                MessageFolder(self.recordings, self.least_free_bytes), time_limit_seconds=2,
            )  # fmt: skip
            server = AgiServer(FlowPlayer(services), host="127.0.0.1", port=self.port)
            await server.start()
            self.stopping = asyncio.Event()
            ready.set()
            await self.stopping.wait()
            await server.stop(grace_seconds=1)

        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(serve()), daemon=True)
        self.thread.start()
        assert ready.wait(READY_SECONDS), "the flow server does not listen"
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(READY_SECONDS)
        self.loop.close()
