"""Agents' states, switch commands and pops over HTTP, with a command door that answers as the bridge would."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import Role
from app.calls.models import AgentState, Call, ScreenPop
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.switch import Switch

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
Enter = Callable[..., dict[str, str]]


class Door:
    """The bridge's command door: remembers what it was told."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.answer = (200, {"is_accepted": True, "message": ""})
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                door.commands.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                body = json.dumps(door.answer[1]).encode()
                self.send_response(door.answer[0])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def door(client: TestClient) -> Iterator[Door]:
    door = Door()
    thread = threading.Thread(target=door.server.serve_forever, daemon=True)
    thread.start()
    switch = Switch(f"http://127.0.0.1:{door.server.server_address[1]}", "c" * 32)
    client.app.state.switch = switch  # type: ignore[attr-defined]
    yield door
    switch.close()
    door.server.shutdown()
    door.server.server_close()
    thread.join()


@pytest.fixture
def enter(client: TestClient, database: Database) -> Enter:
    """Makes an account and logs it in: the headers of its requests."""

    def make(username: str, role: Role = Role.AGENT, *, seat: str = "8001") -> dict[str, str]:
        queues = {"common": 0, "consumer": 2} if role is Role.AGENT and seat else {}
        with database.transaction() as session:
            accounts.create_user(
                session, username, display_name="张敏", role=role, password=PASSWORD, now=utc_now(), seat=seat,
                queues=queues,
            )  # fmt: skip
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return make


def put_state(database: Database, agent: str, **values: Any) -> None:
    now = utc_now()
    with database.transaction() as session:
        session.merge(AgentState(agent=agent, since_at=now, last_event_at=now, **values))


def test_sign_in_sends_the_seat_and_the_queues_of_the_account(client: TestClient, door: Door, enter: Enter) -> None:
    headers = enter("1001")
    answer = client.post("/api/v1/agents/1001/sign-in", headers=headers)
    assert answer.status_code == 202
    assert door.commands == [
        {
            "command": "sign_in", "agent": "1001", "seat": "8001", "pause_reason": "",
            "queues": [{"queue": "common", "penalty": 0}, {"queue": "consumer", "penalty": 2}],
        }
    ]  # fmt: skip


def test_an_account_without_a_seat_is_told_so_and_nothing_is_sent(client: TestClient, door: Door, enter: Enter) -> None:
    answer = client.post("/api/v1/agents/1001/sign-in", headers=enter("1001", seat=""))
    assert answer.status_code == 409
    assert answer.json()["code"] == "no-seat"
    assert door.commands == []


@pytest.mark.usefixtures("plan_words")
def test_a_pause_needs_a_reason_of_the_plan(client: TestClient, door: Door, enter: Enter, database: Database) -> None:
    headers = enter("1001")
    put_state(database, "1001", status="ready", queues={"common": True}, registers={})
    answer = client.post("/api/v1/agents/1001/pause", headers=headers, json={"reason": "bored"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "可选原因：小休、就餐"
    assert client.post("/api/v1/agents/1001/pause", headers=headers, json={"reason": "meal"}).status_code == 202
    assert [command["command"] for command in door.commands] == ["pause"]


@pytest.mark.usefixtures("plan_words")
def test_who_is_not_signed_in_cannot_pause(client: TestClient, door: Door, enter: Enter) -> None:
    answer = client.post("/api/v1/agents/1001/pause", headers=enter("1001"), json={"reason": "meal"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "您尚未签入队列"
    assert door.commands == []


def test_an_agent_may_not_steer_another(client: TestClient, door: Door, enter: Enter) -> None:
    enter("1001")
    answer = client.post("/api/v1/agents/1001/sign-out", headers=enter("1002", seat="8002"))
    assert answer.status_code == 403
    assert door.commands == []


def test_a_supervisor_signs_another_out(client: TestClient, door: Door, enter: Enter) -> None:
    enter("1001")
    answer = client.post("/api/v1/agents/1001/sign-out", headers=enter("9001", Role.SUPERVISOR, seat=""))
    assert answer.status_code == 202
    assert door.commands[0]["agent"] == "1001"


def test_a_bridge_that_is_away_is_told_in_chinese(client: TestClient, enter: Enter) -> None:
    client.app.state.switch = switch = Switch("http://127.0.0.1:9", "c" * 32)  # type: ignore[attr-defined]
    answer = client.post("/api/v1/agents/1001/sign-in", headers=enter("1001"))
    switch.close()
    assert answer.status_code == 503
    assert "电话系统未连接" in answer.json()["detail"]


def test_a_bridge_without_asterisk_is_told_as_unavailable(client: TestClient, door: Door, enter: Enter) -> None:
    door.answer = (503, {"detail": "no connection"})
    assert client.post("/api/v1/agents/1001/sign-in", headers=enter("1001")).status_code == 503


def test_an_answer_that_cannot_be_read_is_no_success(client: TestClient, door: Door, enter: Enter) -> None:
    door.answer = (200, {"something": "else"})
    assert client.post("/api/v1/agents/1001/sign-in", headers=enter("1001")).status_code == 503


def test_a_refusal_of_the_switch_is_explained(client: TestClient, door: Door, enter: Enter) -> None:
    door.answer = (200, {"is_accepted": False, "message": "Unable to add interface: No such queue"})
    answer = client.post("/api/v1/agents/1001/sign-in", headers=enter("1001"))
    assert answer.status_code == 409
    assert answer.json()["detail"] == "队列不存在，请联系运维人员"


def test_a_request_without_the_csrf_token_does_nothing(client: TestClient, door: Door, enter: Enter) -> None:
    enter("1001")
    assert client.post("/api/v1/agents/1001/sign-in").status_code == 403
    assert door.commands == []


def test_a_pop_is_seen_and_acknowledged_by_its_agent_alone(
    client: TestClient, enter: Enter, database: Database
) -> None:
    mine = enter("1001")
    with database.transaction() as session:
        session.add(Call(call_id="node1-1.1", node="node1", state="talking", agent="1001", arrived_at=utc_now()))
        session.flush()
        session.add(ScreenPop(agent="1001", call_id="node1-1.1", kind="answered", created_at=utc_now()))
    pops = client.get("/api/v1/pops", headers=mine).json()["items"]
    assert [pop["call_id"] for pop in pops] == ["node1-1.1"]
    others = enter("1002", seat="8002")
    assert client.get("/api/v1/pops", headers=others).json()["items"] == []
    assert client.post(f"/api/v1/pops/{pops[0]['id']}/acknowledge", headers=others).status_code == 404
    client.cookies.clear()
    login = client.post("/api/v1/session", json={"username": "1001", "password": PASSWORD}).json()
    mine = {"X-CSRF-Token": login["csrf_token"]}
    assert client.post(f"/api/v1/pops/{pops[0]['id']}/acknowledge", headers=mine).status_code == 200
    assert client.get("/api/v1/pops").json()["items"] == []
    of_the_call = client.get("/api/v1/pops", params={"call_id": "node1-1.1"}).json()["items"]
    assert [pop["acknowledged_at"] is None for pop in of_the_call] == [False]
    enter("1003", seat="8003")
    assert client.get("/api/v1/pops", params={"call_id": "node1-1.1"}).json()["items"] == []


def test_the_board_lists_agents_who_never_signed_in_too(client: TestClient, enter: Enter) -> None:
    enter("1001")
    headers = enter("9001", Role.SUPERVISOR, seat="")
    agents = client.get("/api/v1/agents", headers=headers).json()["items"]
    assert [(agent["username"], agent["status"]) for agent in agents] == [("1001", "offline")]


def test_another_agents_call_is_not_drawn(client: TestClient, enter: Enter, database: Database) -> None:
    enter("1002", seat="8002")
    with database.transaction() as session:
        session.add(
            Call(
                call_id="node1-2.1", node="node1", state="talking", agent="1001", caller_number="13812345678",
                arrived_at=utc_now(),
            )
        )  # fmt: skip
    page = client.get("/desk/call?call_id=node1-2.1")
    assert page.status_code == 200
    assert "138" not in page.text
