"""Test calls on the whole product: real SIPp, real Asterisk, the worker, the store."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.stack import Stack

pytestmark = pytest.mark.calls
PATIENCE_SECONDS = 60


@pytest.fixture
def ops(stack: Stack) -> Iterator[httpx.Client]:
    """Somebody of the ops role, logged in."""
    with httpx.Client(base_url=f"{stack.url}/api/v1", trust_env=False) as client:
        answer = client.post("/session", json={"username": "ops", "password": stack.user("ops")})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client


def probe(stack: Stack, *lines: str) -> dict[str, dict[str, Any]]:
    options = [word for line in lines for word in ("--line", line)]
    answer = stack.run_cli("lines", "probe", "--json", *options, check=False)
    assert answer.stdout, answer.stderr
    return {result["line"]: result for result in json.loads(answer.stdout)}


def items(client: httpx.Client, path: str, **params: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path, params=params).json()["items"]  # type: ignore[arg-type]
    return found


def test_every_line_is_answered_heard_and_recorded_as_itself(stack: Stack, ops: httpx.Client) -> None:
    before = items(ops, "/calls", limit=1)

    results = probe(stack)

    assert "12345" in results
    assert "110" not in results
    assert {result["fault"] for result in results.values()} == {None}
    assert {line: result["found_line"] for line, result in results.items()} == {line: line for line in results}
    made = [ops.get(f"/calls/{result['call_id']}").json() for result in results.values()]
    assert {(call["queue"], call["agent"]) for call in made} == {("", None)}
    assert items(ops, "/calls", limit=1) == before


def test_nobody_misses_a_test_call(stack: Stack) -> None:
    with httpx.Client(base_url=f"{stack.url}/api/v1", trust_env=False) as supervisor:
        supervisor.post("/session", json={"username": "supervisor", "password": stack.user("supervisor")})
        before = items(supervisor, "/missed-calls")

        probe(stack, "12345")

        assert items(supervisor, "/missed-calls") == before


def test_the_worker_makes_the_test_call_that_a_page_orders(ops: httpx.Client) -> None:
    ordered = ops.post("/probes", json={"line": "12345"})
    assert ordered.status_code == 202, ordered.text

    until, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while (found := ops.get(f"/probes/{ordered.json()['id']}").json())["finished_at"] is None:
        assert time.monotonic() < until, found
        pause.wait(0.2)

    assert (found["status"], found["found_line"]) == ("passed", "12345")


def test_a_switch_that_is_down_raises_an_alarm_that_ends_when_it_is_back(stack: Stack, ops: httpx.Client) -> None:
    stack.stop("asterisk")
    try:
        failed = probe(stack, "12345")
        (alarm,) = items(ops, "/line-alarms", is_open=True)
    finally:
        stack.start("asterisk")

    assert failed["12345"]["fault"] == "no_answer"
    assert (alarm["line"], alarm["fault"]) == ("12345", "no_answer")
    assert probe(stack, "12345")["12345"]["fault"] is None
    assert items(ops, "/line-alarms", is_open=True) == []
