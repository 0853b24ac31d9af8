"""An outage is over: each follower is told once, by message or by call, in the day, however often it is asked."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.auth import SYSTEM
from app.accounts.models import AuditEntry
from app.broadcasts.jobs import tell_followers
from app.broadcasts.models import IncidentFollower
from app.calls.models import Call, MissedCall
from app.contract import events as facts
from app.contract.events import AnyPayload, CallbackStep, CallEvent, EventBatch, NodeVisit
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.outbox.jobs import deliver
from app.outbox.models import OutboxMessage
from app.outbox.senders import SendFailed
from app.platform.clock import to_shanghai, utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.models import Ticket
from tests.integration.broadcasts.test_broadcasts import OUTAGE, Officer

pytestmark = pytest.mark.services

MOBILE, LANDLINE, ABROAD = "13812345678", "03752001234", "+14155550123"
RINGING = facts.CallbackProgressed(step=CallbackStep.RINGING)
TALKED = facts.CallbackProgressed(step=CallbackStep.TALKED)
BUSY = facts.CallbackProgressed(step=CallbackStep.MISSED, cause="busy")
HEARD = facts.IntakeRecorded(flow="incident-over", route="hangup", path=[NodeVisit(node="told", left_by="next")])
ENDED = facts.CallEnded()


class Bridge(BaseHTTPRequestHandler):
    """The bridge's command door."""

    asked: list[dict[str, Any]]
    is_willing = True

    def do_POST(self) -> None:
        self.asked.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(orjson.dumps({"is_accepted": self.is_willing, "message": "no way to call back"}))

    def log_message(self, *_: object) -> None:
        pass


class Gateway:
    """Takes messages, or does not."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away, self.sent = is_away, list[tuple[str, str]]()

    def send(self, message: OutboxMessage) -> None:
        if self.is_away:
            raise SendFailed("away")
        self.sent.append((message.recipient, message.text))


class Aftermath(Officer):
    """The duty officer, the worker, telephony and the gateway. `now` is what the worker's clock shows."""

    def __init__(self, client: TestClient, database: Database, headers: dict[str, str], settings: Settings) -> None:
        super().__init__(client, database, headers)
        self.settings = settings
        noon = to_shanghai(utc_now()).replace(hour=12, minute=0) + timedelta(days=1)
        self.now = noon.astimezone(utc_now().tzinfo)

    def followed_by(self, *numbers: str) -> int:
        made = self.on_air()
        for number in numbers:
            assert self.call("follow-broadcast", ani=number, broadcast=str(made))["found"]
        return made

    def end(self, made: int, **body: object) -> Any:
        return self.client.post(f"/api/v1/broadcasts/{made}/end", json=body or None)

    def work(self, at: datetime | None = None, **settings: object) -> None:
        """The sweep, twice: nothing may come of the second one."""
        own = self.settings.model_copy(update=settings)
        for _ in range(2):
            tell_followers(JobContext(own, self.database, lambda: at or self.now))

    def deliver(self, gateway: Gateway, at: datetime | None = None) -> None:
        deliver(JobContext(self.settings, self.database, lambda: at or self.now), gateway)

    def tell(self, call_id: str, *payloads: AnyPayload, at: datetime | None = None) -> None:
        """Facts of a call, told twice."""
        events = [
            CallEvent.make(
                payload, node="node1.ami", occurred_at=(at or self.now) + timedelta(seconds=second), uniqueid=call_id,
                call_id=call_id, distinguishers=(second,),
            ).model_dump(mode="json") | {"seq": second + 1}
            for second, payload in enumerate(payloads)
        ]  # fmt: skip
        for _ in range(2):
            with self.database.transaction() as session:
                batch = EventBatch(node="node1.ami", events=events)
                assert store_batch(session, batch, Terms(), self.now, SYSTEM).parked == 0

    def followers(self, made: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.client.get(f"/api/v1/broadcasts/{made}/followers").json()["items"]
        return rows

    def rows(self, model: type[Any]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(model)))


@pytest.fixture
def bridge() -> Iterator[type[Bridge]]:
    door = type("Door", (Bridge,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), door)
    Thread(target=server.serve_forever, daemon=True).start()
    door.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield door
    server.shutdown()
    server.server_close()


@pytest.fixture
def officer(
    client: TestClient,
    database: Database,
    service_token: Callable[..., dict[str, str]],
    settings: Settings,
    bridge: type[Bridge],
) -> Aftermath:
    own = settings.model_copy(update={"bridge_url": bridge.url})  # type: ignore[attr-defined]
    officer = Aftermath(client, database, service_token("lookup:read"), own)
    officer.log_in()
    return officer


def test_a_mobile_gets_one_message_and_a_landline_one_call(officer: Aftermath, bridge: type[Bridge]) -> None:
    made, gateway = officer.followed_by(MOBILE, LANDLINE), Gateway()

    ended = officer.end(made)
    officer.work()
    officer.deliver(gateway)
    officer.work()

    assert (ended.json()["over_by"], ended.json()["untold"]) == ("supervisor", 2)
    assert officer.end(made).status_code == 409
    assert gateway.sent == [(MOBILE, f"【12345热线】您曾来电关注的事项现已恢复正常：{OUTAGE}如仍未恢复，请拨打12345。")]
    assert bridge.asked == [{"command": "incident_over_call", "call_id": "io-2-1", "number": LANDLINE, "line": "12345"}]
    mobile, landline = officer.followers(made)
    assert (mobile["told_by"], landline["told_by"], landline["way"]) == ("sms", "", "call")

    officer.tell("io-2-1", RINGING, TALKED, HEARD, ENDED)

    assert officer.followers(made)[1]["told_by"] == "call"
    (listed,) = officer.client.get("/api/v1/broadcasts").json()["items"]
    assert (listed["followers"], listed["untold"], listed["left_to_people"]) == (2, 0, 0)
    assert officer.rows(Ticket) == officer.rows(MissedCall) == []
    (call,) = officer.rows(Call)
    assert (call.outcome, call.agent) == ("answered", None)


def test_nobody_is_told_while_the_outage_goes_on(officer: Aftermath, bridge: type[Bridge]) -> None:
    made = officer.followed_by(MOBILE, LANDLINE)

    officer.end(made, is_over=False)
    officer.work()

    assert bridge.asked == officer.rows(OutboxMessage) == []
    over = officer.client.post(f"/api/v1/broadcasts/{made}/over")
    officer.work()
    assert (over.status_code, len(bridge.asked), len(officer.rows(OutboxMessage))) == (200, 1, 1)
    assert officer.client.post(f"/api/v1/broadcasts/{made}/over").json()["code"] == "nothing-to-tell"
    told = [(row.action, row.object_id, row.detail.get("followers")) for row in officer.rows(AuditEntry)]
    assert ("broadcast_ended", str(made), 2) in told
    assert ("incident_over", str(made), 2) in told


def test_at_night_nobody_is_rung_and_no_message_leaves(officer: Aftermath, bridge: type[Bridge]) -> None:
    made, gateway = officer.followed_by(MOBILE, LANDLINE), Gateway()
    night = officer.now - timedelta(hours=8)

    officer.end(made)
    officer.work(at=night)
    officer.deliver(gateway, at=night)
    assert bridge.asked == gateway.sent == []

    officer.work()
    officer.deliver(gateway)
    assert (len(bridge.asked), len(gateway.sent)) == (1, 1)


def test_who_does_not_answer_is_rung_three_times_and_then_left_to_people(
    officer: Aftermath, bridge: type[Bridge]
) -> None:
    made = officer.followed_by(LANDLINE)
    officer.end(made)

    for attempt in (1, 2, 3):
        officer.work()
        assert [one["call_id"] for one in bridge.asked] == [f"io-1-{n}" for n in range(1, attempt + 1)]
        officer.tell(f"io-1-{attempt}", RINGING, BUSY, ENDED)
        officer.now += timedelta(minutes=150)
    officer.work()

    (row,) = officer.followers(made)
    assert (row["rung"], row["cause"], row["told_at"], len(bridge.asked)) == (3, "busy", None, 3)
    assert row["given_up_at"] is not None
    page = officer.client.get(f"/broadcasts/{made}").text
    assert "待人工告知" in page
    assert LANDLINE not in page


def test_who_hangs_up_before_he_has_heard_it_is_rung_again(officer: Aftermath, bridge: type[Bridge]) -> None:
    made = officer.followed_by(LANDLINE)
    officer.end(made)
    officer.work()
    half = facts.IntakeRecorded(flow="incident-over", path=[NodeVisit(node="told", left_by="hung_up")])

    officer.tell("io-1-1", RINGING, TALKED, half, ENDED)
    officer.now += timedelta(hours=1)
    officer.work()

    assert [one["call_id"] for one in bridge.asked] == ["io-1-1", "io-1-2"]
    assert officer.followers(made)[0]["told_at"] is None


def test_a_message_that_nobody_takes_becomes_a_call(officer: Aftermath, bridge: type[Bridge]) -> None:
    officer.end(officer.followed_by(MOBILE))
    officer.work()
    with officer.database.transaction() as session:
        session.scalars(select(OutboxMessage)).one().attempts = 5

    officer.deliver(Gateway(is_away=True))
    officer.work()

    assert [one["number"] for one in bridge.asked] == [MOBILE]


@pytest.mark.parametrize(("way", "calls", "messages"), [("call", 2, 0), ("people", 0, 0)])
def test_the_city_may_choose_calls_or_people(
    officer: Aftermath, bridge: type[Bridge], way: str, calls: int, messages: int
) -> None:
    officer.end(officer.followed_by(MOBILE, LANDLINE))

    officer.work(followers_told_by=way)

    assert (len(bridge.asked), len(officer.rows(OutboxMessage))) == (calls, messages)
    assert {row.given_up_at is not None for row in officer.rows(IncidentFollower)} == {way == "people"}


def test_a_number_abroad_and_a_telephony_without_a_way_out_are_left_to_people(
    officer: Aftermath, bridge: type[Bridge]
) -> None:
    bridge.is_willing = False
    made = officer.followed_by(ABROAD, LANDLINE)
    officer.end(made)

    officer.work()

    assert [(row["way"], row["cause"]) for row in officer.followers(made)] == [("people", "abroad"), ("call", "no_way")]
    assert [one["number"] for one in bridge.asked] == [LANDLINE]


def test_a_bridge_that_is_away_costs_a_turn_and_no_follower(officer: Aftermath) -> None:
    made = officer.followed_by(LANDLINE)
    officer.end(made)

    officer.work(bridge_url="http://127.0.0.1:9")

    (row,) = officer.followers(made)
    assert (row["calls_placed"], row["rung"], row["given_up_at"]) == (1, 0, None)


def test_after_two_days_nobody_is_rung_any_more(officer: Aftermath, bridge: type[Bridge]) -> None:
    made = officer.followed_by(LANDLINE)
    officer.end(made)
    officer.work(at=officer.now + timedelta(days=2))

    assert bridge.asked == []
    assert officer.followers(made)[0]["given_up_at"] is not None


def test_the_flow_is_told_what_he_followed(officer: Aftermath) -> None:
    made = officer.followed_by(LANDLINE)

    def ask(call_id: str) -> Any:
        body = {"call_id": call_id, "line": "12345", "ani": LANDLINE, "arguments": {}}
        return officer.client.post("/api/v1/flow-lookups/incident-over", json=body, headers=officer._headers).json()

    assert ask("io-1-1")["values"] == {"prompt": f"broadcast-{made}"}
    assert ask("io-99-1") == ask("fu-1-1") == ask("node1-1.1") == {"found": False, "values": {}}


def test_facts_of_a_stranger_or_an_attempt_that_never_was_change_nothing(officer: Aftermath) -> None:
    made = officer.followed_by(LANDLINE)
    officer.end(made)
    officer.work()

    officer.tell("io-99-1", TALKED, HEARD, ENDED)
    officer.tell("io-1-7", TALKED, HEARD, ENDED)

    assert officer.followers(made)[0]["told_at"] is None


@pytest.mark.parametrize("body", [{"is_over": "perhaps"}, {"surprise": 1}, []])
def test_an_end_that_cannot_be_is_refused(officer: Aftermath, body: object) -> None:
    made = officer.on_air()

    assert officer.client.post(f"/api/v1/broadcasts/{made}/end", json=body).status_code == 422
    assert officer.client.post("/api/v1/broadcasts/99/over").status_code == 404
    assert officer.client.post(f"/api/v1/broadcasts/{made}/over").status_code == 409
