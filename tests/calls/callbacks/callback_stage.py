"""Who takes part in waiting, call-backs and rating: a node, its bridge, people with phones, flows that are scripts."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from app.contract.commands import CallBack, CommandResult
from app.contract.events import CallEvent
from tests.calls.dialplan.agi_script import AgiScript
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import ADDRESSES, agent_at, exchange, qualify
from tests.calls.dialplan.sip_answerer import ANSWER, RING, SipAnswerer
from tests.calls.dialplan.sip_phone import SipPhone
from tests.calls.handovers.handover_cast import Bridge, until

NUMBER = "13812345678"
CITIZENS = "127.0.0.10"
ADDRESSES["outgoing"] = CITIZENS


class FlowScripts(AgiScript):
    """A FastAGI server that plays a script per flow, and knows which flows were asked for."""

    def __init__(self, port: int, scripts: dict[str, list[str]]) -> None:
        super().__init__(port, [])
        self.scripts, self.asked = scripts, list[str]()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def _play(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            flow = ""
            while line := lines.readline().strip():
                if line.startswith(b"agi_network_script:"):
                    flow = line.partition(b":")[2].strip().decode()
            self.asked.append(flow)
            self.may_go_on.wait(20)
            with suppress(OSError):  # the caller may have hung up
                for command in self.scripts.get(flow, []):
                    connection.sendall(command.encode() + b"\n")
                    lines.readline()
                connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def flow_scripts(node: AsteriskNode, scripts: dict[str, list[str]]) -> Iterator[FlowScripts]:
    """The node's first AGI server; the second one is away."""
    with FlowScripts(int(node.settings.agi_addresses[0].rpartition(":")[2]), scripts) as server:
        yield server


class Stage:
    """The node, its bridge, and who has a phone."""

    def __init__(self, node: AsteriskNode, bridge: Bridge, people: ExitStack) -> None:
        self.node, self.bridge, self.people = node, bridge, people

    async def agent(self, seat: str, behaviour: str = ANSWER) -> SipAnswerer:
        return await asyncio.to_thread(self.people.enter_context, agent_at(self.node, seat, behaviour))

    async def department(self, behaviour: str = RING) -> SipAnswerer:
        """The exchange that is rung beside our agents for 12328."""
        return await asyncio.to_thread(self.people.enter_context, exchange(self.node, "transport", behaviour))

    async def citizen(self, behaviour: str = ANSWER) -> SipAnswerer:
        """Who is rung on the trunk for call-backs."""
        phone = self.people.enter_context(SipAnswerer(CITIZENS, self.node.departments_port, behaviour))
        await asyncio.to_thread(qualify, self.node, "outgoing", is_up=True)
        return phone

    async def caller(self, number: str, dialled: str = "12345") -> SipPhone:
        """Who calls and is put into the queue."""
        before = len(self.node.queue_log("ENTERQUEUE"))
        phone = await self.calls(number, dialled)
        await until(lambda: len(self.node.queue_log("ENTERQUEUE")) > before, f"{number} waits")
        return phone

    async def calls(self, number: str, dialled: str = "12345") -> SipPhone:
        """Who calls and is answered by the hotline."""
        phone = self.people.enter_context(SipPhone(self.node.settings.sip_port))
        assert await asyncio.to_thread(phone.invite, dialled, f"<sip:{number}@c>".encode()) == 200
        return phone

    async def talk(self, number: str, dialled: str = "12345") -> SipPhone:
        """Who calls and talks with an agent."""
        before = len(self.node.queue_log("CONNECT"))
        phone = await self.caller(number, dialled)
        await until(lambda: len(self.node.queue_log("CONNECT")) > before, f"{number} talks")
        return phone

    def waiting(self) -> list[str]:
        """Numbers of those in the queue, the first one first."""
        names = {line.split("!")[0]: line.split("!")[7] for line in self._channels()}
        shown = self.node.cli("queue show common").partition("Callers:")[2].splitlines()
        channels = [line.split()[1] for line in shown if len(line.split()) > 1]
        return [names.get(channel, channel) for channel in channels]

    def _channels(self) -> list[str]:
        return [line for line in self.node.cli("core show channels concise").splitlines() if "!" in line]

    async def call_back(self, call_id: str, *, place_at: float | None = None, **values: Any) -> CommandResult:
        at = int(time.time() if place_at is None else place_at)
        command = CallBack(call_id=call_id, number=NUMBER, queue="common", line="12345", place_at=at, **values)
        return await self.bridge.commander.obey(command)

    async def steps(self, call_id: str, *wanted: str) -> list[dict[str, Any]]:
        """The facts of the call-back, once its last step is this."""

        def told() -> list[str]:
            return [fact["payload"]["step"] for fact in self.bridge.told(call_id, "CallbackProgressed")]

        await until(lambda: len(told()) >= len(wanted), f"steps {wanted}")
        assert told() == list(wanted)
        return self.bridge.told(call_id)

    def told(self, call_id: str) -> list[CallEvent]:
        return [CallEvent.model_validate(fact) for fact in self.bridge.told(call_id)]

    async def is_over(self, call_id: str) -> None:
        await until(lambda: self.bridge.told(call_id, "CallEnded"), f"{call_id} ends")
        await asyncio.to_thread(self.node.wait_until_idle)
