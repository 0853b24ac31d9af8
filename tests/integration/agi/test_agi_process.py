"""`python -m agi` as supervisord runs it: a process of its own, real sockets on both sides."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.contract.journal import Journal
from app.contract.ports import free_port
from app.contract.records import encode_record
from tests.fakes.agi_call import CallScript
from tests.fakes.asterisk_agi import FakeAsterisk
from tests.fakes.store_http import FakeStore

TOLD = {"HL_CALL_ID": "node1-1.1", "HL_TRUNK": "carrier", "HL_DNIS": "12345", "HL_ANI": "13800005678"}


class AgiProcess:
    """The server, with its log line by line."""

    def __init__(self, home: Path, web_url: str, **settings: str) -> None:
        self.port = free_port()
        environment = {
            **os.environ,
            "HOTLINE_HOME": str(home),
            "HOTLINE_AGI_PORT": str(self.port),
            "HOTLINE_AGI_TOKEN": "a-token",
            "HOTLINE_FACTS_URL": web_url,
            **settings,
        }
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agi"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []

    def wait_for(self, event: str) -> dict[str, Any]:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("{") and (entry := json.loads(line))["event"] == event:
                return dict(entry)
        raise AssertionError("".join(self.lines))

    def call(self, call: CallScript) -> None:
        asyncio.run(FakeAsterisk(call).dial(self.port))

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait for an end that the process chose itself."""
        output, _ = self.process.communicate(timeout=30)
        self.lines.append(output)
        return self.process.returncode

    def journalled(self) -> list[dict[str, Any]]:
        journal = Journal(self.home / "journal" / "agi", fsync_interval_ms=0)
        try:
            return [record.as_dict() for record in journal.read_after(0, 100)]
        finally:
            journal.close()


Start = Callable[..., AgiProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[AgiProcess] = []

    def start_one(web_url: str = "http://127.0.0.1:9", **settings: str) -> AgiProcess:
        started.append(AgiProcess(tmp_path, web_url, **settings))
        started[-1].wait_for("agi_listening")
        return started[-1]

    yield start_one
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


def test_a_call_is_greeted_queued_and_reported(start: Start) -> None:
    with FakeStore(card={"is_known": True, "is_priority": True, "original_line": "12345"}).running() as store:
        agi = start(store.url)
        call = CallScript(variables=dict(TOLD))

        agi.call(call)

        assert agi.stop() == 0
    assert call.heard == ["greeting"]
    assert (call.variables["HL_QUEUE"], call.variables["HL_PRIORITY"]) == ("common", "10")
    assert call.variables["HL_DONE"] == "1"
    (event,) = store.events
    assert (event["type"], event["call_id"], event["seq"]) == ("IntakeRecorded", "node1-1.1", 1)
    assert event["payload"]["lookup"] == "known"
    assert store.tokens == {"Bearer a-token"}


def test_without_a_store_the_caller_is_queued_and_the_fact_waits_on_disk(start: Start) -> None:
    agi = start()
    call = CallScript(variables=dict(TOLD))

    agi.call(call)
    agi.stop(signal.SIGKILL)

    assert call.variables["HL_DONE"] == "1"
    (event,) = agi.journalled()
    assert event["event_id"] == "node1.agi:node1-1763865600.1:IntakeRecorded:hotline-12345"


def test_a_fact_of_before_a_crash_is_delivered_after_it(start: Start) -> None:
    first = start()
    first.call(CallScript(variables=dict(TOLD)))
    first.stop(signal.SIGKILL)

    with FakeStore().running() as store:
        second = start(store.url)
        second.wait_for("store_reachable")
        second.stop()

    assert [event["call_id"] for event in store.events] == ["node1-1.1"]


def test_numbers_and_the_token_stay_out_of_the_log(start: Start) -> None:
    agi = start()
    agi.call(CallScript(variables=dict(TOLD)))
    agi.stop()

    log = "".join(agi.lines)
    assert "flow_ended" in log
    assert "13800005678" not in log
    assert "a-token" not in log


def test_a_second_server_on_one_journal_says_why_it_does_not_start(start: Start) -> None:
    first = start()
    second = AgiProcess(first.home, "http://127.0.0.1:9")

    assert "is written by another process" in second.wait_for("agi_cannot_start")["error"]
    assert second.exit_code() == 1


def test_a_second_server_of_another_name_shares_the_load(start: Start) -> None:
    start()
    second = start(HOTLINE_AGI_NAME="agi-2")
    call = CallScript(variables=dict(TOLD))

    second.call(call)

    assert call.variables["HL_DONE"] == "1"


def test_a_taken_port_says_so(start: Start) -> None:
    first = start()
    second = AgiProcess(first.home, "http://127.0.0.1:9", HOTLINE_AGI_NAME="b", HOTLINE_AGI_PORT=str(first.port))

    assert "address already in use" in second.wait_for("agi_cannot_start")["error"]
    assert second.exit_code() == 1


class HesitantAsterisk(FakeAsterisk):
    """Answers the first command only when it is let."""

    def __init__(self, call: CallScript) -> None:
        super().__init__(call)
        self.is_in_flow, self.may_go_on = threading.Event(), threading.Event()

    def reply(self, command: str) -> str:
        self.is_in_flow.set()
        assert self.may_go_on.wait(20)
        return super().reply(command)


def test_a_delivery_that_breaks_ends_the_process_after_its_calls(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "journal" / "agi"
    folder.mkdir(parents=True)
    too_deep = b'{"ani": "13800005678", "payload": %b%b}' % (b"[" * 300, b"]" * 300)  # can be read, and not be sent
    (folder / "0000000000000001.journal").write_bytes(encode_record(1, too_deep))
    asterisk = HesitantAsterisk(CallScript(variables=dict(TOLD)))
    with socket.create_server(("127.0.0.1", 0)) as store, ThreadPoolExecutor(1) as pool:
        agi = start(f"http://127.0.0.1:{store.getsockname()[1]}", HOTLINE_AGI_COMMAND_SECONDS="20")
        with store.accept()[0] as asked:
            calling = pool.submit(lambda: asyncio.run(asterisk.dial(agi.port)))
            try:
                assert asterisk.is_in_flow.wait(20)
                cursor = b'{"node": "node1.agi", "cursor": 0}'
                asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(cursor), cursor))
                ended = agi.wait_for("agi_delivery_ended")
            finally:
                asterisk.may_go_on.set()
            calling.result(20)

        assert agi.exit_code() == 1
    assert ended["error"].startswith("TypeError at client.py:")
    assert asterisk.call.variables["HL_DONE"] == "1"
    log = "".join(agi.lines)
    assert "agi_stopped" in log
    assert "agi_calls_cut" not in log
    assert "13800005678" not in log


def test_an_invalid_flow_is_left_out_and_the_others_are_served(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "good.yaml").write_text(
        "flow: good\ntitle: t\nstart: a\nunrecorded_reason: a test\nnodes:\n  a: {kind: queue, queue: common}\n"
    )
    (tmp_path / "shipped" / "bad.yaml").write_text("flow: bad\n")
    server = start(HOTLINE_AGI_FLOWS=str(tmp_path / "shipped"))
    good, bad = CallScript(script="good", variables=dict(TOLD)), CallScript(script="bad", variables=dict(TOLD))

    server.call(good)
    server.call(bad)

    assert (good.variables.get("HL_DONE"), bad.variables.get("HL_STARTED")) == ("1", None)
    assert any("flow_invalid" in line and "bad.yaml:1: 'nodes' is missing" in line for line in server.lines)
