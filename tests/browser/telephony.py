"""The telephony side as the case store sees it: facts posted by a bridge, and a command door that answers like one."""

import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from app.contract import events as facts
from app.contract.events import AnyPayload, CallEvent

NODE = "node1"
SENDER = "node1.ami"


class Telephony:
    """Tells the case store what happens on the telephones, over HTTP, as the bridge does."""

    def __init__(self, web_url: str, token: str) -> None:
        self._client = httpx.Client(base_url=web_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._at = datetime.now(UTC)
        self.agents: dict[str, str] = {}

    def tell(self, payload: AnyPayload, *, call_id: str | None = None) -> None:
        """Post one fact and insist that it was kept."""
        with self._lock:
            number = next(self._numbers)
            self._at = max(datetime.now(UTC), self._at + timedelta(milliseconds=1))
            event = CallEvent.make(
                payload, node=NODE, occurred_at=self._at, uniqueid=call_id or f"agent-{number}", call_id=call_id,
                distinguishers=(number,),
            ).model_copy(update={"seq": number})  # fmt: skip
            body = {"node": SENDER, "events": [event.model_dump(mode="json")]}
            answer = self._client.post("/api/v1/call-events", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == 1, answer.text

    def sign_in(self, agent: str, seat: str, queue: str = "common") -> None:
        self.agents[agent] = seat
        self.tell(facts.AgentSignedIn(agent=agent, queue=queue, seat=seat))

    def call(self, number: str, *, dnis: str = "12345") -> "RunningCall":
        """A citizen's call, arrived and queued."""
        call_id = f"{NODE}-{int(self._at.timestamp())}.{next(self._numbers)}"
        call = RunningCall(self, call_id)
        self.tell(facts.CallArrived(trunk="carrier", dnis=dnis, ani=number), call_id=call_id)
        self.tell(facts.CallerQueued(queue="common", position=1), call_id=call_id)
        return call

    def reach(self, call_id: str, number: str) -> "RunningCall":
        """A follow-up call of ours: the citizen has answered."""
        call = RunningCall(self, call_id)
        arrived = facts.CallArrived(trunk="outgoing", dnis="12345", ani=number, mode="follow_up")
        steps = (facts.CallbackStep.RINGING, facts.CallbackStep.TALKED)
        for payload in (arrived, *(facts.CallbackProgressed(step=step) for step in steps)):
            self.tell(payload, call_id=call_id)
        return call

    def close(self) -> None:
        self._client.close()


class RunningCall:
    """One call, told step by step."""

    def __init__(self, telephony: Telephony, call_id: str) -> None:
        self.call_id = call_id
        self._telephony = telephony

    def _tell(self, payload: AnyPayload) -> "RunningCall":
        self._telephony.tell(payload, call_id=self.call_id)
        return self

    def ring(self, agent: str) -> "RunningCall":
        return self._tell(facts.AgentRinging(queue="common", agent=agent, seat=self._telephony.agents.get(agent, "")))

    def answer(self, agent: str) -> "RunningCall":
        return self._tell(
            facts.AgentAnswered(
                queue="common",
                agent=agent,
                seat=self._telephony.agents.get(agent, ""),
                hold_time_seconds=7,
                ring_time_seconds=2,
            )
        )

    def hand_over(self, result: facts.HandoverResult, agent: str, *, attempt: str, cause: str = "") -> "RunningCall":
        """A step of a hand-over to 110."""
        return self._tell(facts.HandedOver(target="110", result=result, agent=agent, attempt=attempt, cause=cause))

    def play(self, played: facts.FlowPlayed, step: facts.PlayedStep) -> "RunningCall":
        """A step of a flow that the agent plays."""
        return self._tell(played.model_copy(update={"step": step}))

    def key(self, solved: str, score: int) -> "RunningCall":
        """The citizen answers the questions of the flow `follow-up`."""
        self._tell(facts.CallRated(score=score))
        return self._tell(facts.IntakeRecorded(flow="follow-up", route="hangup", answers={"solved": solved}))

    def abandon(self) -> "RunningCall":
        return self._tell(facts.CallerAbandoned(queue="common", hold_time_seconds=9)).end()

    def hang_up(self, agent: str) -> "RunningCall":
        self._tell(facts.ConversationEnded(queue="common", agent=agent, talk_time_seconds=65, ended_by="caller"))
        return self.end()

    def end(self) -> "RunningCall":
        return self._tell(facts.CallEnded(hangup_cause=16))


class CommandDoor:
    """Where switch commands arrive. Takes them like Asterisk would, and the effect comes home as facts."""

    def __init__(self, token: str) -> None:
        self.commands: list[dict[str, Any]] = []
        self.refusal = ""
        self.telephony: Telephony | None = None
        self.played = facts.FlowPlayed(flow="none")
        """What an agent plays, or played last."""
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                is_known = self.headers.get("Authorization") == f"Bearer {token}"
                answer = json.dumps({"is_accepted": not door.refusal, "message": door.refusal}).encode()
                self.send_response(200 if is_known else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                if is_known and not door.refusal:
                    door.take_effect(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def take_effect(self, command: dict[str, Any]) -> None:
        self.commands.append(command)
        assert self.telephony is not None
        agent, seat = command.get("agent", ""), command.get("seat", "")
        match command["command"]:
            case "sign_in":
                for skill in command["queues"]:
                    self.telephony.tell(facts.AgentSignedIn(agent=agent, queue=skill["queue"], seat=seat))
            case "hand_over":
                step = facts.HandedOver(target=command["target"], agent=agent, attempt=str(len(self.commands)))
                self.telephony.tell(step, call_id=command["call_id"])
            case "play_flow" | "stop_flow":
                self._play(command)
            case "sign_out":
                self.telephony.tell(facts.AgentSignedOut(agent=agent, queue="common", seat=seat))
            case "pause":
                self.telephony.tell(facts.AgentPaused(agent=agent, queue="common", reason=command["reason"]))
            case "resume":
                self.telephony.tell(facts.AgentResumed(agent=agent, queue="common"))

    def _play(self, command: dict[str, Any]) -> None:
        """Played at once, and the citizen is back when it is stopped."""
        assert self.telephony is not None
        if command["command"] == "play_flow":
            self.played = facts.FlowPlayed(flow=command["flow"], agent=command["agent"], play=str(len(self.commands)))
        else:
            self.played = self.played.model_copy(update={"step": facts.PlayedStep.STOPPED})
        self.telephony.tell(self.played, call_id=command["call_id"])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
