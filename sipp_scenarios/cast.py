"""The people of one run: who plays which actor, with which number, on which SIPp process."""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sipp_scenarios import audio
from sipp_scenarios.model import Actor, Scenario
from sipp_scenarios.sipp import SippFact, SippPlan, SippProcess, digest, start_sipp, wait_for_port
from sipp_scenarios.switch import Switch
from sipp_scenarios.target import SEAT_ADDRESS, Person, Target, TargetError
from sipp_scenarios.templates import HEADERS, TEMPLATES, Role, render, sipp_text

LIMIT_SECONDS = 200
"""SIPp's own time-out: longer than any scenario's steps."""
PHONE_ITSELF = {"registered", "unregistered"}
DIALOG, HEADER = "dialog ", "header "
"""Notes in a phone's log beside what it saw: the Call-ID of the call it got, and headers of its INVITE."""


def fictitious_number() -> str:
    """A caller number of a range that nobody has: 199 000 and five random digits."""
    return f"199000{secrets.randbelow(100_000):05d}"


def fictitious_landline() -> str:
    """One of the city's own, 0375 200 and four random digits: it takes no text messages."""
    return f"0375200{secrets.randbelow(10_000):04d}"


FICTITIOUS = {"own": fictitious_number, "landline": fictitious_landline}


@dataclass
class Player:
    """One actor in this run."""

    name: str
    actor: Actor
    number: str = ""
    """Caller: the number it presents; empty when it is hidden."""
    person: Person | None = None
    """Agent: who sits at the seat."""
    process: SippProcess | None = None
    dialled_at: float = 0.0
    call_id: str = ""
    """Caller: the store's id of this call, once it is found."""
    pressed: int = 0
    """Caller: how many keys it pressed last."""
    handover_id: str = ""
    """Caller: the hand-over of this call that was begun last."""

    @property
    def username(self) -> str:
        if self.person is None:
            raise TypeError(f"{self.name} is no agent")
        return self.person.username

    @property
    def phone(self) -> SippProcess:
        if self.process is None:
            raise TargetError(f"{self.name}'s phone was never started: check the steps")
        return self.process

    def facts(self) -> list[SippFact]:
        """What the phone saw of calls, in order."""
        facts = self.process.facts() if self.process else []
        return [fact for fact in facts if fact.what not in PHONE_ITSELF and " " not in fact.what]

    def dialog(self) -> str:
        """SIP Call-ID of the call that this phone got last; empty when it got none."""
        facts = self.process.facts() if self.process else []
        return next((fact.what.removeprefix(DIALOG) for fact in reversed(facts) if fact.what.startswith(DIALOG)), "")

    def header(self, name: str) -> str:
        """A header of the last INVITE to this phone; empty when there was none."""
        facts, start = self.process.facts() if self.process else [], f"{HEADER}{name} "
        return next((fact.what.removeprefix(start) for fact in reversed(facts) if fact.what.startswith(start)), "")

    def has_seen(self, what: str, times: int = 1) -> bool:
        facts = self.process.facts() if self.process else []
        return sum(fact.what == what for fact in facts) >= times


@dataclass
class Cast:
    """All players of one run."""

    scenario: Scenario
    templates: Path
    """The scenario's own folder, which goes before the common templates."""
    target: Target
    folder: Path
    """Of this run: rendered templates, traces."""
    switch: Switch
    players: dict[str, Player] = field(default_factory=dict)

    @classmethod
    def assemble(cls, scenario: Scenario, templates: Path, target: Target, folder: Path) -> "Cast":
        """Give every caller a number and every seat its agent. Raises TargetError when the stack has too few."""
        agents = [person for person in target.people() if person.role == "agent" and person.seat]
        cast = cls(scenario, templates, target, folder, Switch(target))
        for actor_name, actor in scenario.actors.items():
            if actor.role is Role.AGENT and actor.agent > len(agents):
                raise TargetError(f"{actor_name} needs agent {actor.agent}; the stack has {len(agents)} with a seat")
            person = agents[actor.agent - 1] if actor.role is Role.AGENT else None
            cast.players[actor_name] = Player(actor_name, actor, person=person)
        for player in cast.callers():
            player.number = FICTITIOUS[player.actor.number]() if player.actor.number in FICTITIOUS else ""
        for player in [*cast.callers(), *cast.exchanges()]:
            if player.actor.number in cast.players:
                player.number = cast.players[player.actor.number].number
        return cast

    def callers(self) -> list[Player]:
        return [player for player in self.players.values() if player.actor.role is Role.CALLER]

    def agents(self) -> list[Player]:
        return [player for player in self.players.values() if player.actor.role is Role.AGENT]

    def exchanges(self) -> list[Player]:
        return [player for player in self.players.values() if player.actor.role is Role.EXCHANGE]

    def phones(self) -> list[Player]:
        """Those that register: at agents' seats and at a line's own."""
        return [player for player in self.players.values() if player.actor.role in {Role.AGENT, Role.OWN_SEAT}]

    def usernames(self) -> Mapping[str, str]:
        return {player.name: player.username for player in self.agents()}

    def dial(self, name: str) -> None:
        """Start a caller."""
        player = self.players[name]
        address = self.switch.far_end(player.actor.trunk).address
        player.dialled_at = time.time()
        values = {
            **self._values(player),
            "from_header": self._from_header(player, address),
            "extra_headers": [self._filled(player, header, address) for header in self._headers(player)],
            "voice_file": audio.write_voice(self.folder / "caller.al", audio.CALLER_HZ),
            "voice_packets": audio.write_packets(self.folder / "caller.pcap", audio.CALLER_HZ),
        }
        xml = render(player.actor.template, self.templates, values)
        player.process = self._start(player, xml, address)

    def open_exchange(self, name: str) -> None:
        """Start a department's exchange at the far end of its trunk: it answers OPTIONS, and calls as it is told."""
        player = self.players[name]
        end = self.switch.far_end(player.actor.trunk)
        if not end.port:
            raise TargetError(f"trunk {player.actor.trunk} has no `outbound` in the site plan: nothing is sent there")
        values = {
            **self._values(player),
            "seat": "exchange",
            "headers": HEADERS,
            "voice_file": audio.write_voice(self.folder / "exchange.al", audio.EXCHANGE_HZ),
        }
        wait_for_port(end.host, end.port)
        plan = SippPlan(
            name, self.folder / name, render(player.actor.template, self.templates, values), "", end.host,
            port=end.port, timeout_seconds=LIMIT_SECONDS, calls=0, calls_at_once=100,
        )  # fmt: skip
        player.dialled_at = time.time()
        player.process = start_sipp(plan)

    def register(self, name: str) -> None:
        """Start a seat's phone; it registers at once and takes calls until it is cued."""
        player = self.players[name]
        seat = player.person.seat if player.person else player.actor.seat
        values = {
            **self._values(player),
            "seat": seat,
            "headers": (),
            "authentication": digest(seat, self.target.seat_password(seat)),
            "voice_file": audio.write_voice(self.folder / "agent.al", audio.AGENT_HZ),
        }
        calls = render(player.actor.template, self.templates, values)
        player.process = self._start(player, render("register", self.templates, values), SEAT_ADDRESS, calls)

    def _values(self, player: Player) -> dict[str, object]:
        return {**TEMPLATES[player.actor.template].parameters, **player.actor.parameters}

    def _headers(self, player: Player) -> list[str]:
        headers = self._values(player).get("extra_headers")
        return headers if isinstance(headers, list) else []

    def _filled(self, player: Player, text: str, address: str) -> str:
        """A header, filled in: {number}, {host}, {citizen} (that caller's number), {bureau:Diversion} (as received)."""

        def value(found: re.Match[str]) -> str:
            name, _, header = found[1].partition(":")
            if not header:
                known = {"number": player.number, "host": address}
                return known[name] if name in known else self.players[name].number
            return self.players[name].header(header)

        return sipp_text(re.sub(r"\{([a-z0-9-]+(?::[A-Za-z0-9-]+)?)\}", value, text))

    def _from_header(self, player: Player, host: str) -> str:
        """The caller's From without tag; a scenario's own may use {number} and {host}."""
        values = self._values(player)
        if header := str(values.get("from_header") or ""):
            return sipp_text(header.replace("{number}", player.number).replace("{host}", host))
        if not player.number:
            return '"Anonymous" <sip:anonymous@anonymous.invalid>'
        name = sipp_text(str(values.get("display_name") or ""))
        return f'"{name}" <sip:{player.number}@{host}>' if name else f"<sip:{player.number}@{host}>"

    def _start(self, player: Player, xml: str, address: str, out_of_call_xml: str = "") -> SippProcess:
        folder = self.folder / player.name
        plan = SippPlan(
            player.name, folder, xml, self.target.sip_address, address,
            out_of_call_xml=out_of_call_xml, timeout_seconds=LIMIT_SECONDS,
        )  # fmt: skip
        return start_sipp(plan)
