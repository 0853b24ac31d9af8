"""The keys of the desk: what is asked of the switch, and what the page shows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import Role
from app.calls.models import AgentState, Call
from app.contract.commands import AnyCommand, HandOver, LeaveHandOver, TakeBack
from app.desk import handover_service
from app.desk.stream import list_messages
from app.handovers.models import Handover, Referral
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.switch import SwitchRefused, explain_refusal
from app.tickets.models import Ticket

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
CALL = "node1-1.0"
Enter = Callable[..., dict[str, str]]


class Telephony:
    """Takes commands; `reports` is what it then tells the store, as the bridge would."""

    def __init__(self, database: Database) -> None:
        self.commands: list[AnyCommand] = []
        self.reports: str | None = "offered"
        self.refusal = ""
        self._database = database

    def send(self, command: AnyCommand) -> None:
        self.commands.append(command)
        if self.refusal:
            raise SwitchRefused(explain_refusal(self.refusal), reason=self.refusal)
        if isinstance(command, HandOver) and self.reports:
            put_handover(self._database, self.reports, attempt=str(len(self.commands)), agent=command.agent)

    def close(self) -> None:
        """Nothing is open."""


def put_handover(database: Database, status: str, *, attempt: str = "1", agent: str = "1001", cause: str = "") -> int:
    with database.transaction() as session:
        row = Handover(
            call_id=CALL, attempt=attempt, target="110", agent=agent, status=status, cause=cause,
            offered_at=datetime(2026, 11, 23, 8, tzinfo=UTC), answered_at=None, settled_at=None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def telephony(client: TestClient, database: Database) -> Iterator[Telephony]:
    client.app.state.switch = telephony = Telephony(database)  # type: ignore[attr-defined]
    yield telephony
    del client.app.state.switch  # type: ignore[attr-defined]


@pytest.fixture
def talking(database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        session.add(
            Call(
                call_id=CALL, node="node1", state="talking", agent="1001", caller_number="13800000001",
                arrived_at=now, answered_at=now,
            )
        )  # fmt: skip
        session.merge(
            AgentState(
                agent="1001", status="talking", call_id=CALL, queues={"common": True}, registers={}, since_at=now,
                last_event_at=now,
            )
        )  # fmt: skip


@pytest.fixture
def enter(client: TestClient, database: Database) -> Enter:
    def make(username: str = "1001", seat: str = "8001") -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(
                session, username, display_name="张敏", role=Role.AGENT, password=PASSWORD, now=utc_now(), seat=seat,
                queues={"common": 0},
            )  # fmt: skip
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return make


@pytest.mark.usefixtures("talking")
def test_one_key_asks_the_switch_and_answers_with_the_attempt(
    client: TestClient, telephony: Telephony, enter: Enter
) -> None:
    answer = client.post("/api/v1/handovers", headers=enter(), json={"target": "110"})

    assert answer.status_code == 202
    assert answer.json()["handover"]["status"] == "offered"
    assert answer.json()["id"] == answer.json()["handover"]["id"]
    assert telephony.commands == [HandOver(call_id=CALL, agent="1001", seat="8001", target="110")]


@pytest.mark.usefixtures("talking")
def test_a_step_that_does_not_come_home_in_time_is_no_error(
    client: TestClient, telephony: Telephony, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover_service, "COMES_HOME_SECONDS", 0.1)
    telephony.reports = None

    answer = client.post("/api/v1/handovers", headers=enter(), json={"target": "110", "call_id": CALL})

    assert (answer.status_code, answer.json()["id"]) == (202, None)


@pytest.mark.usefixtures("talking")
def test_only_who_talks_hands_over(client: TestClient, telephony: Telephony, enter: Enter) -> None:
    other = client.post("/api/v1/handovers", headers=enter("1002", "8002"), json={"target": "110", "call_id": CALL})
    wrong_call = client.post("/api/v1/handovers", headers=enter(), json={"target": "110", "call_id": "node1-9.9"})

    assert (other.status_code, wrong_call.status_code) == (409, 409)
    assert other.json()["code"] == "not-your-call"
    assert telephony.commands == []


@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize("status", ["offered", "answered"])
def test_a_second_tab_or_a_repeated_request_asks_the_switch_nothing(
    client: TestClient, telephony: Telephony, enter: Enter, database: Database, status: str
) -> None:
    put_handover(database, status)

    answer = client.post("/api/v1/handovers", headers=enter(), json={"target": "119"})

    assert (answer.status_code, answer.json()["code"]) == (409, "handover-under-way")
    assert answer.json()["detail"] == "正在转接 110，请先撤回"
    assert telephony.commands == []


@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize("status", ["refused", "returned"])
def test_after_an_attempt_that_is_settled_another_number_is_tried(
    client: TestClient, telephony: Telephony, enter: Enter, database: Database, status: str
) -> None:
    put_handover(database, status, attempt="0")

    answer = client.post("/api/v1/handovers", headers=enter(), json={"target": "119"})

    assert answer.status_code == 202
    assert [command.target for command in telephony.commands if isinstance(command, HandOver)] == ["119"]


@pytest.mark.parametrize("target", ["", "11", "1a0", "110;119", "１１０", "1" * 30])
def test_a_target_that_is_no_number_is_refused(client: TestClient, enter: Enter, target: str) -> None:
    assert client.post("/api/v1/handovers", headers=enter(), json={"target": target}).status_code == 422


@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("a hand-over is under way", "先撤回"),
        ("no hand-over is under way", "没有正在进行"),
        ("no way to hand over to 999", "没有通往该号码的中继"),
    ],
)
def test_a_refusal_says_what_to_do(
    client: TestClient, telephony: Telephony, enter: Enter, refusal: str, words: str
) -> None:
    telephony.refusal = refusal

    answer = client.post("/api/v1/handovers", headers=enter(), json={"target": "110"})

    assert answer.status_code == 409
    assert words in answer.json()["detail"]


@pytest.mark.usefixtures("talking")
def test_leaving_and_taking_back_are_for_who_handed_over(
    client: TestClient, telephony: Telephony, enter: Enter, database: Database
) -> None:
    attempt = put_handover(database, "answered")
    headers = enter()

    assert client.post(f"/api/v1/handovers/{attempt}/leave", headers=headers).status_code == 202
    assert client.post(f"/api/v1/handovers/{attempt}/take-back", headers=headers).status_code == 202
    assert telephony.commands == [LeaveHandOver(call_id=CALL, seat="8001"), TakeBack(call_id=CALL)]
    assert client.post(f"/api/v1/handovers/{attempt}/leave", headers=enter("1002", "8002")).status_code == 404
    assert client.post("/api/v1/handovers/424242/leave", headers=headers).status_code in {403, 404}


@pytest.mark.usefixtures("talking")
def test_the_page_shows_keys_then_the_state_then_what_became_of_it(
    client: TestClient, enter: Enter, database: Database
) -> None:
    enter()
    assert 'data-target="110"' in client.get("/desk/call").text
    assert "其他热线" in client.get("/desk").text
    attempt = put_handover(database, "offered")
    page = client.get("/desk/call").text
    assert "正在呼叫" in page
    assert 'data-target="110"' not in page
    assert 'data-handover-move="leave"' not in page
    with database.transaction() as session:
        session.get_one(Handover, attempt).status = "answered"
    assert 'data-handover-move="leave"' in client.get("/desk/call").text
    with database.transaction() as session:
        row = session.get_one(Handover, attempt)
        row.status, row.cause = "refused", "busy"
    page = client.get("/desk/call").text
    assert "未接通（对方忙）" in page
    assert 'data-target="110"' in page


@pytest.mark.usefixtures("talking")
def test_the_list_and_the_calls_page_show_what_became_of_it(
    client: TestClient, enter: Enter, database: Database
) -> None:
    enter()
    assert "没有转接记录" in client.get("/handovers").text
    assert client.get(f"/calls/{CALL}/handovers").text.strip() == ""
    put_handover(database, "refused", cause="rejected")

    assert "未接通（对方拒接）" in client.get("/handovers", params={"target": "110"}).text
    assert "没有转接记录" in client.get("/handovers", params={"target": "119"}).text
    assert "未接通（对方拒接）" in client.get(f"/calls/{CALL}/handovers").text
    assert client.get("/handovers", params={"cursor": "nonsense"}).status_code == 422
    client.cookies.clear()
    assert "转接记录" not in client.get("/handovers").text


@pytest.mark.usefixtures("talking")
def test_the_open_page_is_told_each_step_once(database: Database) -> None:
    attempt = put_handover(database, "offered")

    def told() -> list[str]:
        with database.reading() as session:
            return [message.id for message in list_messages(session, "1001") if message.event == "handover"]

    assert told() == [f"handover-{attempt}-offered"]
    with database.transaction() as session:
        session.get_one(Handover, attempt).status = "answered"
    assert told() == [f"handover-{attempt}-answered"]


@pytest.mark.usefixtures("talking")
def test_what_110_referred_stands_beside_the_call(client: TestClient, enter: Enter, database: Database) -> None:
    enter()
    with database.transaction() as session:
        now = utc_now()
        ticket = Ticket(ticket_number="1" * 19, query_code="1" * 8, created_at=now, updated_at=now)
        session.add(ticket)
        session.flush()
        session.add(
            Referral(
                source="110", incident_number="J1234", alarmed_at=now, address="<b>路口</b>", category="噪音扰民",
                caller_number="13800000001", transfer_kind="voice", content="施工", digest="d", sent_by="police",
                received_at=now, ticket_id=ticket.id,
            )
        )  # fmt: skip

    page = client.get("/desk/call").text

    assert "110 转来" in page
    assert "J1234" in page
    assert "<b>路口</b>" not in page
