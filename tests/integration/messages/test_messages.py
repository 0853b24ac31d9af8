"""Messages of citizens: kept once, heard in parts and audited, dealt with once, made a ticket of."""

import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app.accounts.auth import SYSTEM
from app.accounts.models import AuditEntry, Role
from app.accounts.service import create_user
from app.calls.models import CallEventRow, MissedCall
from app.contract import events as facts
from app.contract.events import AnyPayload, CallEvent, EventBatch
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.messages.models import VoiceMessage
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from app.tickets.models import Ticket

pytestmark = pytest.mark.services

CALLER, CALL = "19900012345", "node1-1.7"
FILE, REASON = f"{CALL}-1-message.wav", f"{CALL}-2-reason.wav"


class Desk:
    """Somebody at his page, a node that tells of messages, and its folder of recordings."""

    def __init__(self, client: TestClient, database: Database, home: Path) -> None:
        self.client, self.database, self.recordings = client, database, home / "asterisk" / "recordings"

    def log_in(self, role: Role) -> None:
        with self.database.transaction() as session:
            create_user(
                session, role.value, display_name="某人", role=role, password="a-long-password", now=utc_now(),
                seat="8001" if role is Role.AGENT else "",
            )  # fmt: skip
        answer = self.client.post("/api/v1/session", json={"username": role.value, "password": "a-long-password"})
        self.client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def tell(self, *payloads: AnyPayload, call_id: str = CALL) -> None:
        """Facts of a call that nobody answered, told twice."""
        now = utc_now() - timedelta(minutes=5)
        story = [facts.CallArrived(trunk="carrier", dnis="12345", ani=CALLER), facts.CallerQueued(queue="common")]
        events = [
            CallEvent.make(
                payload, node="node1.ami", occurred_at=now + timedelta(seconds=second), uniqueid=call_id,
                call_id=call_id, distinguishers=(second,),
            ).model_dump(mode="json") | {"seq": second + 1}
            for second, payload in enumerate([*story, *payloads, facts.CallEnded()])
        ]  # fmt: skip
        for _ in range(2):
            with self.database.transaction() as session:
                assert (
                    store_batch(session, EventBatch(node="node1.ami", events=events), Terms(), now, SYSTEM).parked == 0
                )

    def record(self, name: str, seconds: int = 2) -> bytes:
        self.recordings.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self.recordings / name), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(b"\1\0" * 8000 * seconds)
        return (self.recordings / name).read_bytes()

    def items(self, **params: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.client.get("/api/v1/messages", params=params).json()["items"]  # type: ignore[arg-type]
        return rows

    def rows(self, model: type[Any]) -> list[Any]:
        with self.database.reading() as session:
            return list(session.scalars(select(model)))

    def heard(self) -> list[str]:
        return [row.object_id for row in self.rows(AuditEntry) if row.action == "message_heard"]


@pytest.fixture
def desk(client: TestClient, database: Database, settings: Settings) -> Desk:
    return Desk(client, database, settings.home)


@pytest.fixture
def agent(desk: Desk) -> Desk:
    desk.log_in(Role.AGENT)
    desk.tell(facts.MessageLeft(file=FILE, seconds=2))
    return desk


def test_a_message_stands_on_the_list_once_masked_and_with_its_line(agent: Desk) -> None:
    agent.tell(facts.MessageLeft(file=REASON, seconds=3), call_id="node1-1.8")

    (row,) = agent.items(open=True, kind="message")
    assert (row["caller_number"], row["line"], row["seconds"], row["is_open"]) == ("199****2345", "12345", 2, True)
    assert [one["kind"] for one in agent.items()] == ["reason", "message"]
    assert agent.items(limit=1)[0]["kind"] == "reason"
    page = agent.client.get("/messages").text
    assert "199****2345" in page
    assert CALLER not in page
    assert f"/api/v1/messages/{row['id']}/audio" in page
    assert "还没有处理过的留言" in agent.client.get("/messages?view=done").text


def test_it_is_heard_whole_or_in_parts_and_each_beginning_is_audited(agent: Desk) -> None:
    sound = agent.record(FILE)
    url = f"/api/v1/messages/{agent.items()[0]['id']}/audio"

    whole = agent.client.get(url)
    first = agent.client.get(url, headers={"Range": "bytes=0-99"})
    later = agent.client.get(url, headers={"Range": "bytes=100-"})

    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, sound, "audio/wav")
    assert (first.status_code, first.content) == (206, sound[:100])
    assert (later.content, later.headers["content-range"]) == (sound[100:], f"bytes 100-{len(sound) - 1}/{len(sound)}")
    assert agent.heard() == ["1", "1"]
    assert agent.client.get(url, headers={"Range": f"bytes={len(sound)}-"}).status_code == 416


@pytest.mark.parametrize("file", ["gone.wav", "..", "node1-1.7-1-message.wav"])
def test_audio_that_is_gone_or_out_of_its_folder_is_not_there(agent: Desk, file: str) -> None:
    with agent.database.transaction() as session:
        session.scalars(select(VoiceMessage)).one().file = file

    assert agent.client.get("/api/v1/messages/1/audio").status_code == 404
    assert agent.heard() == []


def test_who_has_dealt_with_it_takes_it_off_both_lists_and_is_named(agent: Desk) -> None:
    assert [row.reason for row in agent.rows(MissedCall)] == ["message"]

    done = agent.client.post("/api/v1/messages/1/handle")
    again = agent.client.post("/api/v1/messages/1/handle")

    assert (done.json()["handled_by"], done.json()["is_open"]) == ("agent", False)
    assert (again.status_code, again.json()["code"]) == (409, "message-handled")
    assert [row.resolution for row in agent.rows(MissedCall)] == ["dismissed"]
    assert agent.items(open=True) == []
    assert "已处理" in agent.client.get("/messages?view=done").text


def test_a_call_back_deals_with_it_too(agent: Desk) -> None:
    agent.client.post("/api/v1/missed-calls/1/resolve", json={"resolution": "called_back"})

    assert agent.items(open=True) == []
    assert "已回拨" in agent.client.get("/messages?view=done").text


def test_an_agent_makes_a_draft_of_his_own_of_it(agent: Desk) -> None:
    made = agent.client.post("/api/v1/messages/1/ticket")

    assert (made.status_code, made.json()["is_own_draft"]) == (201, True)
    (ticket,) = agent.rows(Ticket)
    assert (ticket.caller_number, ticket.accepted_by, ticket.call_id) == (CALLER, "agent", CALL)
    assert f'href="/tickets/{ticket.id}"' in agent.client.get("/messages?view=done").text
    assert "/api/v1/messages/1/audio" in agent.client.get(f"/tickets/{ticket.id}/messages").text
    assert "/api/v1/messages/1/audio" in agent.client.get(f"/calls/{CALL}/messages").text
    assert ticket.ticket_number in agent.client.get(f"/desk?ticket_id={ticket.id}").text
    assert agent.client.post("/api/v1/messages/1/ticket").status_code == 409


def test_who_may_not_listen_does_not(desk: Desk, service_token: Callable[..., dict[str, str]]) -> None:
    desk.tell(facts.MessageLeft(file=FILE, seconds=2))
    desk.record(FILE)
    assert desk.client.get("/api/v1/messages/1/audio").status_code == 401
    desk.log_in(Role.OPS)

    refused = [
        desk.client.get(url).status_code for url in ("/messages", "/api/v1/messages", "/api/v1/messages/1/audio")
    ]
    acts = [desk.client.post(f"/api/v1/messages/1/{act}").status_code for act in ("handle", "ticket")]

    assert refused == [403] * 3
    assert acts == [403] * 2
    assert "audio" not in desk.client.get(f"/calls/{CALL}/messages").text
    assert desk.heard() == []


def test_an_auditor_listens_and_changes_nothing(desk: Desk) -> None:
    desk.tell(facts.MessageLeft(file=FILE, seconds=2))
    desk.record(FILE)
    desk.log_in(Role.AUDITOR)

    assert desk.client.get("/api/v1/messages/1/audio").status_code == 200
    assert desk.client.post("/api/v1/messages/1/handle").status_code == 403
    assert desk.heard() == ["1"]


@pytest.mark.parametrize("path", ["messages/0/audio", "messages/x/audio", "messages/99999999999999999999/audio"])
def test_a_message_that_cannot_be_is_refused(agent: Desk, path: str) -> None:
    assert agent.client.get(f"/api/v1/{path}").status_code == 422
    assert agent.client.get("/api/v1/messages/99/audio").status_code == 404
    assert agent.client.get("/messages?view=all").status_code == 422


def test_the_call_is_shown_also_when_its_facts_are_no_longer_kept(agent: Desk) -> None:
    with agent.database.transaction() as session:
        session.execute(delete(CallEventRow))

    page = agent.client.get(f"/calls/{CALL}")

    assert page.status_code == 200
    assert f"/calls/{CALL}/messages" in page.text
