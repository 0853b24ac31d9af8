"""The case store as a scenario sees it: through the product's own API, in the names of the people who use it."""

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

import httpx

from app.contract.ids import is_outgoing_call
from sipp_scenarios import parsing
from sipp_scenarios.audio import Recording, listen
from sipp_scenarios.cast import Cast, Player
from sipp_scenarios.duty_officer import DutyOfficer
from sipp_scenarios.office import Office
from sipp_scenarios.records import StoredCall, StoredMissedCall, StoredTicket
from sipp_scenarios.session import ANSWER_WITHIN_SECONDS, ApiSession, Refused
from sipp_scenarios.target import Person, Target, TargetError
from sipp_scenarios.templates import Role
from sipp_scenarios.waiting import StoreUnavailable, until

READER = "supervisor"
OPERATOR = "ops"
CLOCK_SLACK = timedelta(seconds=2)
"""Facts rebuilt from queue_log carry whole seconds."""
STATE_WITHIN_MS = 15_000
CONFLICT = 409


@dataclass
class Store:
    """One run's view of the store."""

    target: Target
    people: dict[str, Person]
    sessions: dict[str, ApiSession] = field(default_factory=dict)
    flags: list[int] = field(default_factory=list)
    """Numbers that this run flagged."""
    _open: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, target: Target) -> "Store":
        """Raises TargetError when the stack's people are not known."""
        return cls(target, {person.username: person for person in target.people()})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._open:
            for flag in self.flags:
                self.reader.post(f"/priority-callers/{flag}/clear", {"reason": "场景测试结束"})
            self.duty_officer.end_all()

    def as_person(self, username: str) -> ApiSession:
        """A session in this person's name."""
        if username not in self.sessions:
            if username not in self.people:
                raise TargetError(f"there is no demo user {username!r}: run `hotline setup`")
            session = ApiSession(self.target.web_url, self.people[username])
            self.sessions[username] = self._open.enter_context(session)
        return self.sessions[username]

    @property
    def reader(self) -> ApiSession:
        return self.as_person(READER)

    @cached_property
    def duty_officer(self) -> DutyOfficer:
        return DutyOfficer(self.reader)

    @cached_property
    def office(self) -> Office:
        return Office(self.as_person)

    # --- agents ---------------------------------------------------------------------------------------------------

    def sign_in(self, username: str) -> None:
        """Sign in to the queues as the agent's page does; returns when the store says ready. Raises TooLate."""

        def is_asked() -> bool:
            try:
                self.as_person(username).post(f"/agents/{username}/sign-in")
            except Refused as refusal:
                if refusal.status != CONFLICT:
                    raise
                raise StoreUnavailable(str(refusal)) from refusal  # the phone is not known to the switch yet
            return True

        until(is_asked, what=f"{username} signs in", within_ms=STATE_WITHIN_MS)
        self._wait_for_status(username, "ready")

    def sign_out(self, username: str) -> None:
        """Leave all queues; returns when the store says offline. Raises TooLate."""
        if self.agent_status(username) != "offline":
            until(lambda: self._ask_sign_out(username), what=f"{username} signs out", within_ms=STATE_WITHIN_MS)
            self._wait_for_status(username, "offline")

    def _ask_sign_out(self, username: str) -> bool:
        self.as_person(username).post(f"/agents/{username}/sign-out")
        return True

    def agent_status(self, username: str) -> str:
        """Live state of an agent."""
        return str(self.as_person(username).get("/agents/me")["status"])

    def _wait_for_status(self, username: str, status: str) -> None:
        until(
            lambda: self.agent_status(username) == status,
            what=f"the store says that {username} is {status}",
            within_ms=STATE_WITHIN_MS,
        )

    def clear_the_stage(self, cast: Cast) -> None:
        """Nobody may be signed in: the run's own agents are signed out, others must not be there."""
        ours = set(cast.usernames().values())
        for agent in self.reader.get("/agents")["items"]:
            if agent["status"] == "offline":
                continue
            if agent["username"] not in ours:
                raise TargetError(f"agent {agent['username']} is signed in: scenarios need the queues to themselves")
            self.sign_out(agent["username"])

    # --- calls ----------------------------------------------------------------------------------------------------

    def find_call_id(self, cast: Cast, player: Player) -> str:
        """The store's id of this caller's call, or of ours to him at the exchange where he is rung; empty while it has
        none. Once found it stays."""
        if not player.call_id and player.dialled_at:
            taken = {other.call_id for other in cast.players.values() if other.call_id}
            is_rung = player.actor.role is Role.EXCHANGE
            fitting = [row for row in self._calls_of(player) if is_outgoing_call(row["call_id"]) == is_rung]
            if found := [row for row in fitting if row["call_id"] not in taken]:
                player.call_id = min(found, key=lambda row: str(row["arrived_at"]))["call_id"]
        return player.call_id

    def has_event(self, cast: Cast, player: Player, kind: str, fields: parsing.Json) -> bool:
        """Whether the store has such an event of this caller's call, with these values."""
        call = self.read_call(cast, player)
        of_kind = [event.payload for event in call.events if event.type == kind] if call else []
        return any(all(payload.get(name) == value for name, value in fields.items()) for payload in of_kind)

    def read_call(self, cast: Cast, player: Player) -> StoredCall | None:
        """The call record with all that hangs on it; None while there is none."""
        if not (call_id := self.find_call_id(cast, player)):
            return None
        row = self.reader.get(f"/calls/{call_id}")
        return parsing.call(
            row,
            events=self.reader.get(f"/calls/{call_id}/events")["items"],
            ticket=self._ticket(row),
            missed_call=self._missed_call(call_id),
            recording=self._recording(row.get("recording_file")),
        )

    @staticmethod
    def shown_number(player: Player) -> str:
        """A caller's number as the API shows it to whoever does not hold the call."""
        return re.sub(r"^(\d{3})\d{4}(\d{4})$", r"\1****\2", player.number)

    def _ticket(self, row: parsing.Json) -> StoredTicket | None:
        ticket_id = row["ticket_id"]
        return parsing.ticket(self.reader.get(f"/tickets/{ticket_id}")) if ticket_id else None

    def _missed_call(self, call_id: str) -> StoredMissedCall | None:
        rows = self.reader.get("/missed-calls", limit=100)["items"]
        return next(
            (parsing.missed_call(row) for row in rows if call_id in (row["call_id"], row["last_call_id"])), None
        )

    def _recording(self, name: str | None) -> Recording | None:
        path = self.target.asterisk_home / "recordings" / (name or "")
        return listen(path) if name and path.exists() else None

    def parked_since(self, started_at: float) -> int:
        """How many events the store could not read since then."""
        since = datetime.fromtimestamp(started_at, UTC)
        rows = self.as_person(OPERATOR).get("/call-events/parked", limit=200)["items"]
        return sum(datetime.fromisoformat(row["parked_at"]) >= since for row in rows)

    # --- the agent's page -----------------------------------------------------------------------------------------

    def has_pop(self, cast: Cast, caller: Player, username: str, shown: Player | None) -> bool:
        """Whether the agent's page was told of this call, and the agent may now see the other call's open ticket."""
        if not (call_id := self.find_call_id(cast, caller)):
            return False
        session = self.as_person(username)
        if not session.get("/pops", call_id=call_id)["items"]:
            return False
        if shown is None:
            return True
        other = self.read_call(cast, shown)
        tickets = session.get("/tickets", status="accepted")["items"]
        numbers = [ticket["ticket_number"] for ticket in tickets]
        return other is not None and other.ticket is not None and other.ticket.ticket_number in numbers

    def accept_ticket(self, cast: Cast, caller: Player, username: str) -> str:
        """Fill in the draft of this call as the agent's form does, and accept it; the ticket's number."""

        def number() -> str | None:
            call = self.read_call(cast, caller)
            return call.ticket.ticket_number if call and call.ticket else None

        found = until(number, what=f"{caller.name}'s call has a ticket to accept", within_ms=STATE_WITHIN_MS)
        session, path = self.as_person(username), f"/tickets/{found}"
        session.patch(path, parsing.FILLED_FORM, etag=session.etag(path))
        session.post(f"{path}/accept", headers={"If-Match": session.etag(path)})
        return found

    def hand_over(self, cast: Cast, caller: Player, username: str, target: str) -> None:
        """Press the key for 110, 119, 120, 122 or a line on the agent's page."""
        call_id = self._known_call_id(cast, caller)
        session = self.as_person(username)
        session.post("/handovers", {"call_id": call_id, "target": target})

        def attempt() -> str | None:
            rows = session.get("/handovers", call_id=call_id)["items"]
            return str(rows[0]["id"]) if rows and rows[0]["target"] == target else None

        caller.handover_id = until(attempt, what=f"the hand-over to {target} is reported", within_ms=STATE_WITHIN_MS)

    def play_flow(self, cast: Cast, caller: Player, username: str, flow: str) -> None:
        """Press the key that plays this caller a flow; returns when the switch tells that it begins. Raises TooLate."""
        call_id = self._known_call_id(cast, caller)
        self.as_person(username).post(f"/calls/{call_id}/play-flow", {"flow": flow})
        until(
            lambda: self.has_event(cast, caller, "FlowPlayed", {"flow": flow, "step": "started"}),
            what=f"{flow} begins", within_ms=STATE_WITHIN_MS,
        )  # fmt: skip

    def refer(self, cast: Cast, caller: Player, token: str, *, category: str, kind: str) -> str:
        """Refer a matter as 110's machine does, and send it again; the ticket's number. Raises TargetError."""
        body = {
            "source": "110", "incident_number": f"J{time.time_ns()}", "alarmed_at": datetime.now(UTC).isoformat(),
            "caller_number": caller.number, "category": category, "transfer_kind": kind,
            "address": parsing.FILLED_FORM["address"], "content": parsing.FILLED_FORM["content"],
        }  # fmt: skip
        answers = [self._post_as_machine("/referrals", body, token) for _ in range(2)]
        tickets = {str(answer["ticket_number"]) for answer in answers}
        call = self.read_call(cast, caller)
        own = call.ticket.ticket_number if call and call.ticket else ""
        if len(tickets) > 1 or (own in tickets) != (kind == "voice"):
            raise TargetError(
                f"referred by {kind}, sent twice: tickets {', '.join(tickets)}; the call's is {own or 'none'}"
            )
        return tickets.pop()

    def _post_as_machine(self, path: str, body: parsing.Json, token: str) -> parsing.Json:
        answer = httpx.post(
            f"{self.target.web_url}/api/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_WITHIN_SECONDS, trust_env=False,
        )  # fmt: skip
        if answer.is_error:
            raise Refused(answer)
        document: parsing.Json = answer.json()
        return document

    def move_handover(self, cast: Cast, caller: Player, username: str, move: str) -> None:
        """Leave the other side with the citizen, or take the call back."""
        self._known_call_id(cast, caller)
        self.as_person(username).post(f"/handovers/{caller.handover_id}/{move}")

    def ticket_of(self, cast: Cast, name: str) -> str:
        """The number of the ticket of this caller's call. Raises TargetError when it has none."""
        call = self.read_call(cast, cast.players[name])
        if call is None or call.ticket is None:
            raise TargetError(f"{name}'s call has no ticket")
        return call.ticket.ticket_number

    def query_code(self, cast: Cast, name: str) -> str:
        """The code by which this caller asks for the progress of the ticket of his call."""
        return str(self.reader.get(f"/tickets/{self.ticket_of(cast, name)}")["query_code"])

    def flag(self, caller: Player) -> None:
        """Flag the caller's number as one that comes first."""
        body = {"number": caller.number, "kind": "elderly", "reason": "场景测试"}
        self.flags.append(self.reader.post("/priority-callers", body)["id"])

    def cancel_callbacks(self, caller: Player) -> None:
        """Nobody calls this caller back after the run."""
        if caller.number:
            for row in self.reader.get("/callbacks", open=True, number=caller.number)["items"]:
                self.reader.post(f"/callbacks/{row['id']}/cancel")

    def _known_call_id(self, cast: Cast, caller: Player) -> str:
        if call_id := self.find_call_id(cast, caller):
            return call_id
        raise TargetError(f"the store knows no call of {caller.name}")

    def count_calls(self, player: Player) -> int:
        """How many calls the store has of this caller's number since the caller dialled."""
        return len(self._calls_of(player))

    def _calls_of(self, player: Player) -> list[parsing.Json]:
        since = datetime.fromtimestamp(player.dialled_at, UTC) - CLOCK_SLACK
        query: dict[str, str] = {"from": since.isoformat()}
        shown = self.shown_number(player)
        return [row for row in self.reader.get("/calls", **query)["items"] if row["caller_number"] == shown]

    def wait_until_it_serves(self, *, within_ms: int) -> None:
        """Raises TooLate."""

        def serves() -> bool:
            try:
                answer = httpx.get(f"{self.target.web_url}/health", timeout=3, trust_env=False)
            except httpx.HTTPError as error:
                raise StoreUnavailable(f"the case store: {type(error).__name__}") from error
            return bool(answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR)

        until(serves, what="the case store serves", within_ms=within_ms)
