"""The people of a hand-over, each a SIPp: citizen on the carrier's trunk, agents at seats, the service's exchange."""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ami_bridge.commands import Commander
from ami_bridge.connection import AmiConnection
from ami_bridge.fifo import Fifo
from ami_bridge.log_tail import LogTail
from ami_bridge.parse import WANTED
from ami_bridge.pipeline import Item, Pipeline
from ami_bridge.state import ParkingLot, StateFile
from app.contract.commands import QueueSkill, SignIn, SignOut
from app.contract.journal import Journal
from dialplan.seats import seat_password
from sipp_scenarios.audio import AGENT_HZ, CALLER_HZ, EXCHANGE_HZ, write_voice
from sipp_scenarios.sipp import SippPlan, SippProcess, digest, start_sipp
from sipp_scenarios.switch import PINGS_SETTLE_SECONDS
from sipp_scenarios.templates import COMMON, HEADERS, render
from tests.calls.dialplan.asterisk_node import AsteriskNode

SERVICE_ADDRESS = "127.0.0.6"
ADDRESSES = {"psap": SERVICE_ADDRESS, "transport": "127.0.0.5"}
TALKS_MS = 90_000
STEP_SECONDS = 20


class Bridge:
    """Listener, commander and pipeline with a journal, in this process."""

    def __init__(self, node: AsteriskNode, folder: Path) -> None:
        settings, fifo = node.settings, Fifo[Item](10_000)
        self.journal = Journal(folder / "journal", fsync_interval_ms=0)
        where = {"host": settings.ami_host, "port": settings.ami_port}
        self.events = AmiConnection(
            **where, username=settings.ami_events_user, secret=settings.ami_events_secret.get_secret_value(),
            listener=fifo.put, wanted=WANTED,
        )  # fmt: skip
        self.commands = AmiConnection(
            **where, username=settings.ami_commands_user, secret=settings.ami_commands_secret.get_secret_value()
        )  # fmt: skip
        self.commander = Commander(self.commands)
        self.parking = ParkingLot(folder)
        self.pipeline = Pipeline(
            node=settings.node, journal=self.journal, tail=LogTail(node.home / "log/queue_log", None),
            state=StateFile(folder), parking=self.parking, fifo=fifo, switch=self.events,
        )  # fmt: skip
        self.pipeline.remember()

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(one.run()) for one in (self.events, self.commands, self.pipeline)]
        await until(lambda: self.pipeline.is_listening and self.commands.is_connected, "the bridge listens")

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.journal.close()

    def told(self, call_id: str, kind: str = "") -> list[dict[str, Any]]:
        """Facts of this call (of one type), oldest first."""
        facts = [record.as_dict() for record in self.journal.read_after(0, 10_000)]
        return [fact for fact in facts if fact["call_id"] == call_id and kind in ("", fact["type"])]

    def steps(self, call_id: str) -> list[tuple[str, str, str]]:
        """(target, result, cause) of each step of a hand-over."""
        payloads = [fact["payload"] for fact in self.told(call_id, "HandedOver")]
        return [(one["target"], one["result"], one["cause"]) for one in payloads]


async def until(condition: Callable[[], Any], what: str, seconds: float = STEP_SECONDS) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds} s") from None


class Cast:
    """Everybody who takes part; `end` lets them all go."""

    def __init__(self, node: AsteriskNode, bridge: Bridge, folder: Path) -> None:
        self.node, self.bridge, self.folder = node, bridge, folder
        self.people: list[SippProcess] = []
        self.seats: dict[str, str] = {}
        voices = {"citizen": CALLER_HZ, "agent": AGENT_HZ, "service": EXCHANGE_HZ}
        self._voices = {name: str(write_voice(folder / f"{name}.alaw", hz)) for name, hz in voices.items()}

    async def sign_in(self, agent: str, seat: str, *, ring_ms: int = 100) -> SippProcess:
        """A phone at the seat, registered, and its agent in the common queue."""
        password = seat_password(self.node.settings.seat_secret.get_secret_value(), seat)
        registers = render(
            "register", COMMON, {"seat": seat, "authentication": digest(seat, password), "stay_ms": 99_000}
        )
        phone = self._start(f"seat-{seat}", registers, "127.0.0.1", self._answers(seat, "agent", ring_ms))
        await until(lambda: _saw(phone, "registered"), f"{seat} registers")
        await self.claim(agent, seat)
        return phone

    async def claim(self, agent: str, seat: str) -> None:
        """The agent signs in at a seat whose phone is registered."""
        skills = [QueueSkill(queue="common")]
        result = await self.bridge.commander.obey(SignIn(agent=agent, seat=seat, queues=skills))
        assert result.is_accepted, result.message
        self.seats[seat] = agent

    async def service(self, behaviour: str = "answers", **values: object) -> SippProcess:
        """The emergency service's exchange, and Asterisk knows that it is there."""
        if behaviour == "answers":
            xml = self._answers("service", "service", int(str(values.get("ring_ms", 300))))
        else:
            xml = render(f"seat-{behaviour}", COMMON, {**self._values("service", "service"), **values})
        trunk = str(values.get("trunk", "psap"))
        exchange = self._start("service", xml, ADDRESSES[trunk], port=self.node.departments_port)
        await self.qualify(trunk, is_up=True)
        return exchange

    async def qualify(self, trunk: str = "psap", *, is_up: bool) -> None:
        """Until Asterisk knows it. A ping of before may still fail after somebody has come: it is waited for."""
        wanted, address = " Avail " if is_up else " Unavail ", ADDRESSES[trunk]
        settled_at = time.monotonic() + (PINGS_SETTLE_SECONDS if is_up else 0)

        def is_known() -> bool:
            if any(address in line and wanted in line for line in self.contacts()) and time.monotonic() >= settled_at:
                return True
            self.node.cli(f"pjsip qualify {trunk}")
            return False

        await until(is_known, f"{trunk} is{wanted}")

    def contacts(self) -> list[str]:
        return self.node.cli("pjsip show contacts").splitlines()

    async def talk(self, number: str = "13812345678", *, dialled: str = "12345") -> tuple[SippProcess, str]:
        """A citizen calls and talks with an agent; the phone and the call's id."""
        before = len(self.node.queue_log("CONNECT"))
        xml = render(
            "caller", COMMON,
            {
                "dnis": dialled, "from_header": f"<sip:{number}@127.0.0.2>", "extra_headers": [], "stay_ms": TALKS_MS,
                "answer_within_ms": 10_000, "voice_file": self._voices["citizen"],
            },
        )  # fmt: skip
        citizen = self._start("citizen", xml, "127.0.0.2")
        await until(lambda: len(self.node.queue_log("CONNECT")) > before, "citizen and agent talk")
        call_id = self.node.last_call_id()
        await until(lambda: {"carrier", *self.seats} & self._bridged(call_id) > {"carrier"}, "both are connected")
        return citizen, call_id

    def send_back(self, call_id: str, *, from_trunk: str) -> SippProcess:
        """A department's exchange sends a call that it got from us on to 12345."""
        xml = render(
            "caller", COMMON,
            {
                "dnis": "12345", "from_header": f"<sip:13812345678@{ADDRESSES[from_trunk]}>", "stay_ms": 5_000,
                "extra_headers": [f"X-12345-Call-Id: {call_id}", "X-12345-Hop: 1"], "answer_within_ms": 5_000,
                "voice_file": self._voices["citizen"],
            },
        )  # fmt: skip
        return self._start("sent-back", xml, ADDRESSES[from_trunk])

    def channels(self, call_id: str) -> dict[str, str]:
        """Channel → application, of everybody in this call."""
        lines = [line.split("!") for line in self.node.cli("core show channels concise").splitlines() if "!" in line]
        return {line[0]: line[5] for line in lines if call_id in line}

    def _bridged(self, call_id: str) -> set[str]:
        """Phones in a conversation: in a parallel call the agent is in one a moment before the citizen is."""
        lines = [
            line.split("!") for line in self.node.cli("core show channels concise").splitlines() if call_id in line
        ]
        return {line[0].rpartition("-")[0].removeprefix("PJSIP/") for line in lines if line[12]}

    def in_room(self, call_id: str) -> set[str]:
        """Who is in the conference: carrier, 8001, handover. Nobody while there is none, or one of before."""
        rooms = [line.split()[0] for line in self.node.cli("confbridge list").splitlines() if line.startswith(call_id)]
        if len(rooms) != 1:
            return set()
        shown = self.node.cli(f"confbridge list {rooms[0]}").splitlines()
        names = ("carrier", *self.seats, "handover-leg")
        return {name for line in shown for name in names if f"/{name}-" in line or f"@{name}-" in line}

    def end(self) -> None:
        for phone in self.people:
            phone.kill()

    async def sign_out(self) -> None:
        for seat, agent in self.seats.items():
            await self.bridge.commander.obey(SignOut(agent=agent, seat=seat))

    def _values(self, seat: str, voice: str) -> dict[str, object]:
        return {
            "seat": seat, "headers": HEADERS, "answers_on_cue": False, "ring_ms": 300, "talk_ms": TALKS_MS,
            "stay_ms": TALKS_MS, "voice_file": self._voices[voice], "status": 486, "reason": "Busy Here",
        }  # fmt: skip

    def _answers(self, seat: str, voice: str, ring_ms: int) -> str:
        return render("seat-answers", COMMON, {**self._values(seat, voice), "ring_ms": ring_ms})

    def _start(self, name: str, xml: str, address: str, answers: str = "", port: int = 0) -> SippProcess:
        target = "" if name == "service" else f"127.0.0.1:{self.node.settings.sip_port}"
        plan = SippPlan(
            name, self.folder / f"{name}-{len(self.people)}", xml, target, address, out_of_call_xml=answers, port=port,
            calls=0 if name == "service" else 1, calls_at_once=10, timeout_seconds=100,
        )  # fmt: skip
        phone = start_sipp(plan)
        self.people.append(phone)
        return phone


def _saw(phone: SippProcess, what: str) -> bool:
    return any(fact.what == what for fact in phone.facts())


def saw(phone: SippProcess) -> list[str]:
    """What this phone lived through, without headers."""
    return [fact.what for fact in phone.facts() if " " not in fact.what]


def header(phone: SippProcess, name: str) -> str:
    """A header of the INVITE this phone got last."""
    found = [fact.what for fact in phone.facts() if fact.what.startswith(f"header {name}")]
    return found[-1].removeprefix(f"header {name}").strip()


def hang_up(phone: SippProcess) -> None:
    """The called phone ends the call it is in: its dialog is not the one it was started with."""
    dialog = next(fact.what.split()[1] for fact in reversed(phone.facts()) if fact.what.startswith("dialog "))
    cue = "\r\n".join(["INFO sip:cue SIP/2.0", f"Call-ID: {dialog}", "To: <sip:cue>", "CSeq: 99 INFO", "", ""])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((phone.plan.address, 0))
        sender.sendto(cue.encode(), (phone.plan.address, phone.port))
