"""A call-back through the whole product: a key on the missed-call list, worker, bridge, Asterisk, the record."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dialplan.seats import seat_password
from dialplan.settings import DialplanSettings
from tests.calls.callbacks.callback_stage import CITIZENS
from tests.calls.dialplan.sip_answerer import ANSWER, RING, SipAnswerer
from tests.calls.dialplan.sip_phone import SipPhone
from tests.stack import Stack

pytestmark = [pytest.mark.calls, pytest.mark.timeout(240)]

CITIZEN = "13677778888"
CITIZENS_PORT = 15060
"""Of the outgoing trunk in the tests' site plan."""
PATIENCE_SECONDS = 60


@pytest.fixture
def agent(stack: Stack) -> Iterator[httpx.Client]:
    """Agent 1003, logged in."""
    with httpx.Client(base_url=f"{stack.url}/api/v1", trust_env=False, timeout=30) as client:
        answer = client.post("/session", json={"username": "1003", "password": stack.user("1003")})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client
        client.post("/agents/1003/sign-out")


def wait_for(found: Callable[[], Any], what: str) -> Any:
    until, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not (value := found()):
        assert time.monotonic() < until, f"waited for {what}"
        pause.wait(0.1)
    return value


def items(client: httpx.Client, path: str, **params: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path, params=params).json()["items"]  # type: ignore[arg-type]
    return found


def test_a_missed_call_is_called_back_and_both_sides_are_in_the_record(stack: Stack, agent: httpx.Client) -> None:
    switch = stack.read(DialplanSettings)
    with SipPhone(switch.sip_port) as caller:  # nobody is signed in: told so, let go, and put on the list
        assert caller.invite("12345", f"<sip:{CITIZEN}@c>".encode()) == 200
        caller.wait_for_goodbye(60)
    wanted = f"{CITIZEN[:3]}****{CITIZEN[-4:]}"
    missed = wait_for(
        lambda: next((row for row in items(agent, "/missed-calls", open=True) if row["caller_number"] == wanted), None),
        "the missed call",
    )
    with SipAnswerer("127.0.0.1", 0, RING) as phone, SipAnswerer(CITIZENS, CITIZENS_PORT, ANSWER) as citizen:
        phone.register("8003", seat_password(switch.seat_secret.get_secret_value(), "8003"), switch.sip_port)
        assert agent.post("/agents/1003/sign-in").status_code == 202
        wait_for(lambda: agent.get("/agents/me").json()["status"] == "ready", "the agent is ready")
        is_up(switch)

        asked = agent.post("/callbacks", json={"missed_call_id": missed["id"]})
        assert asked.status_code == 201, asked.text
        where = f"/callbacks/{asked.json()['id']}"
        phone.wait_for(1, PATIENCE_SECONDS)
        assert citizen.invites == [], "the citizen's phone rings before an agent is there"
        phone.answer_now()
        pops = wait_for(lambda: [pop for pop in items(agent, "/pops") if pop["kind"] == "answered"], "the pop")
        citizen.wait_for(1, PATIENCE_SECONDS)
        talked = wait_for(lambda: (row := agent.get(where).json())["status"] == "talked" and row, "they talk")
        citizen.hang_up()

    call = wait_for(lambda: (row := agent.get(f"/calls/{pops[-1]['call_id']}").json())["ended_at"] and row, "the end")
    assert (talked["agent"], talked["call_id"], call["outcome"]) == ("1003", call["call_id"], "answered")
    assert call["ticket_id"] == talked["ticket_id"]
    ticket = agent.get(f"/tickets/{call['ticket_id']}").json()
    assert ticket["created_at"] <= talked["offered"][-1]["rang_at"], "the ticket was there before the phone rang"
    (row,) = [row for row in items(agent, "/missed-calls", open=False) if row["id"] == missed["id"]]
    assert (row["resolution"], row["resolved_by"]) == ("called_back", "1003")


def is_up(switch: DialplanSettings) -> None:
    """Until Asterisk has found the citizens' exchange at its address."""
    from dialplan.asterisk import cli  # noqa: PLC0415 - beside its only use

    def is_known() -> bool:
        cli(switch, "pjsip qualify outgoing")
        return any(CITIZENS in line and " Avail " in line for line in cli(switch, "pjsip show contacts").splitlines())

    wait_for(is_known, "the exchange is up")
