"""supervisord for real: what is started is healthy, what is stopped is gone, what is not ours is left alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import health
from app.cli.advice import ENDED_OTHERWISE
from app.cli.console import StepFailed
from app.cli.env_file import ensure_env_file
from app.cli.process_control import ProcessControl, render_configuration
from app.cli.processes import Program
from app.cli.settings import StackSettings
from app.cli.stack_commands import up
from app.contract.ports import free_port

pytestmark = pytest.mark.services

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], start_new_session=True)\n"
    "signal.pause()",
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackSettings:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_REDIS_PORT", str(free_port()))
    monkeypatch.setenv("HOTLINE_REDIS_PASSWORD", "a-password")
    return StackSettings()


def redis_program(settings: StackSettings) -> Program:
    return Program("redis", ["redis-server", str(settings.home / "redis" / "redis.conf")], "")


@pytest.fixture
def control(settings: StackSettings) -> Iterator[ProcessControl]:
    """A stack of Redis, a sleeper in place of the web, and a worker that ignores SIGTERM and leaves a child."""
    programs = [redis_program(settings), Program("web", SLEEPER, ""), Program("worker", STUBBORN, "", stop_seconds=1)]
    render_configuration(settings, programs)
    control = ProcessControl(settings)
    control.start_supervisor()
    try:
        for program in programs:
            control.start(program.name)
        health.wait_until_healthy(control, settings, ["redis", "worker"])
        yield control
    finally:
        control.shut_down()


def is_alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_redis_asks_for_its_password(control: ProcessControl, settings: StackSettings) -> None:
    assert control.get_state("redis").state == "RUNNING"
    assert health.why_not_healthy("redis", settings) == ""
    wrong = settings.model_copy(update={"redis_password": type(settings.redis_password)("wrong")})
    assert "AuthenticationError" in health.why_not_healthy("redis", wrong)


def test_nothing_is_left_after_the_shutdown_not_even_a_child_that_left_its_group(control: ProcessControl) -> None:
    started = control.list_left_over()

    killed = control.shut_down()

    assert len(started) == 4
    assert len(killed) == 1  # the child of the stubborn worker
    assert [pid for pid in started if is_alive(pid)] == []


def test_processes_are_found_and_ended_when_supervisord_itself_was_killed(
    control: ProcessControl, settings: StackSettings
) -> None:
    started = control.list_left_over()
    os.kill(int((settings.supervisor_home / "supervisord.pid").read_text()), signal.SIGKILL)

    control.shut_down()

    assert started
    assert [pid for pid in started if is_alive(pid)] == []


def test_a_process_that_only_resembles_ours_is_left_alone(control: ProcessControl) -> None:
    with subprocess.Popen(SLEEPER) as stranger:
        try:
            control.shut_down()

            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_killed_process_stays_down_until_it_is_started(control: ProcessControl) -> None:
    before = control.get_state("web").pid

    control.kill("web")

    assert not is_alive(before)
    assert control.get_state("web").state == "STOPPED"
    control.start("web")
    assert control.get_state("web").pid not in {0, before}


def test_a_changed_definition_replaces_the_process_and_leaves_the_others(
    control: ProcessControl, settings: StackSettings
) -> None:
    redis_pid, web_pid = control.get_state("redis").pid, control.get_state("web").pid
    render_configuration(settings, [redis_program(settings), Program("web", [*SLEEPER, "changed"], "", stop_seconds=1)])

    control.reread()
    control.start("web")

    assert control.get_state("redis").pid == redis_pid
    assert control.get_state("web").pid not in {0, web_pid}
    assert [state.name for state in control.list_states()] == ["redis", "web"]


def test_a_process_that_cannot_start_is_reported_with_its_log_and_what_follows_from_it(settings: StackSettings) -> None:
    command = [sys.executable, "-c", "print('the reason why'); raise SystemExit(3)"]
    without_package = [sys.executable, "-c", "import no_such_package"]
    render_configuration(settings, [Program("web", command, ""), Program("facts", without_package, "")])
    control = ProcessControl(settings)
    control.start_supervisor()
    try:
        for name in ("web", "facts"):
            control.start(name)
        with pytest.raises(StepFailed, match="the reason why") as failure:
            health.wait_until_healthy(control, settings, ["web"])
        assert failure.value.remedy == ENDED_OTHERWISE
        with pytest.raises(StepFailed, match="no_such_package") as failure:
            health.wait_until_healthy(control, settings, ["facts"])
        assert "make setup" in failure.value.remedy
    finally:
        control.shut_down()


def test_a_taken_port_is_named_before_anything_starts(settings: StackSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_env_file(settings.home / "hotline.env")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        monkeypatch.setenv("HOTLINE_WEB_PORT", str(port))

        with pytest.raises(StepFailed, match=rf"port {port} \(web\) is taken by .*pid {os.getpid()}"):
            up()

    assert not ProcessControl(settings).is_up()
