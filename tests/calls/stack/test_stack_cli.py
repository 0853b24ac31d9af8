"""The `hotline` command on a whole running stack."""

import json
import subprocess

import httpx
import pytest

from dialplan.changes.mending import Marker, Pending
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.versions import VersionStore, read_folder
from dialplan.settings import DialplanSettings
from tests.stack import Stack

pytestmark = pytest.mark.calls


def test_a_running_stack_is_healthy_in_the_eyes_of_status_and_doctor(stack: Stack) -> None:
    status = json.loads(stack.run_cli("status", "--json").stdout)
    doctor = json.loads(stack.run_cli("doctor", "--json").stdout)

    assert status["is_healthy"]
    assert {row["name"] for row in status["processes"]} == {
        "redis",
        "web",
        "facts",
        "worker",
        "asterisk",
        "bridge",
        "agi",
    }
    assert [finding for finding in doctor["findings"] if finding["level"] == "fail"] == []


def test_starting_and_setting_up_again_changes_nothing(stack: Stack) -> None:
    before = {
        name: stack.control.get_state(name).pid
        for name in ("redis", "web", "facts", "worker", "asterisk", "bridge", "agi")
    }
    users = (stack.home / "demo-users.json").read_bytes()
    settings = (stack.home / "hotline.env").read_bytes()

    setup = stack.run_cli("setup").stdout
    stack.run_cli("up")

    assert "done  " not in setup
    assert {name: stack.control.get_state(name).pid for name in before} == before
    assert (stack.home / "demo-users.json").read_bytes() == users
    assert (stack.home / "hotline.env").read_bytes() == settings


def test_a_dead_process_is_seen_by_status_and_doctor_until_it_is_back(stack: Stack) -> None:
    stack.kill("agi")
    try:
        status = stack.run_cli("status", "--json", check=False)
        doctor = stack.run_cli("doctor", "--json", check=False)
    finally:
        stack.start("agi")

    assert (status.returncode, doctor.returncode) == (1, 1)
    failed = [finding["check"] for finding in json.loads(doctor.stdout)["findings"] if finding["level"] == "fail"]
    assert failed == ["agi"]
    assert stack.run_cli("status").returncode == 0


def test_supervisord_starts_again_what_died_by_itself(stack: Stack) -> None:
    before = stack.control.get_state("bridge").pid

    stack.kill("bridge", is_kept=True)
    stack.start("bridge")

    assert stack.control.get_state("bridge").pid not in {0, before}


def test_every_seat_of_the_plan_has_its_own_password(stack: Stack) -> None:
    seats = json.loads(stack.run_cli("seat", "list", "--json").stdout)

    assert [seat["seat"] for seat in seats][:3] == ["8001", "8002", "8003"]
    assert {seat["port"] for seat in seats} == {stack.settings.sip_port}
    assert len({seat["password"] for seat in seats}) == len(seats)


def test_a_demo_user_can_log_in(stack: Stack) -> None:
    answer = httpx.post(
        f"{stack.url}/api/v1/session", json={"username": "1001", "password": stack.user("8001")}, trust_env=False
    )

    assert (answer.status_code, answer.json()["role"]) == (200, "agent")


def test_a_user_is_added_once(stack: Stack) -> None:
    stack.environment["HOTLINE_NEW_PASSWORD"] = "a long enough one"
    try:
        first = stack.run_cli("user", "add", "newcomer", "--role", "agent", "--queue", "common=1", check=False)
        second = stack.run_cli("user", "add", "newcomer", "--role", "agent", check=False)
    finally:
        del stack.environment["HOTLINE_NEW_PASSWORD"]

    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert "username-taken" in second.stderr
    assert "Traceback" not in second.stderr


def test_no_secret_stands_in_any_log(stack: Stack) -> None:
    values = [line.partition("=")[2] for line in (stack.home / "hotline.env").read_text().splitlines()]
    secrets = [value for value in values if len(value) == 64]
    logs = [path for path in (stack.home / "supervisor").rglob("*.log") if path.is_file()]

    found = subprocess.run(
        ["grep", "-l", "-F", "-f", "-", *map(str, logs)], input="\n".join(secrets), text=True, check=False,
        capture_output=True,
    )  # fmt: skip

    assert len(secrets) == 8
    assert len(logs) >= 6
    assert found.stdout == ""


def test_starting_mends_a_change_that_was_killed_half_way(stack: Stack) -> None:
    settings = stack.read(DialplanSettings)
    store, folder = VersionStore(settings.home), ConfigurationFolder(settings)
    before = read_folder(folder.live)
    folder.stage(before | {"queues.conf": before["queues.conf"] + "; half a change\n"})
    Marker(store).set(Pending(number=store.next_number(), live_before=folder.identity))
    folder.exchange()
    assert json.loads(stack.run_cli("dialplan", "state", "--json").stdout)["is_cut_short"]

    told = stack.run_cli("up").stdout

    assert "an earlier change was cut short" in told
    assert read_folder(folder.live) == before
    state = json.loads(stack.run_cli("dialplan", "state", "--json").stdout)
    assert (state["is_cut_short"], state["hand_edits"]) == (False, [])
