"""supervisord behind one class: render its configuration, start it, ask it, stop everything and see that it is gone.

It is spoken to over a Unix socket that only the owner may open. Every process below it carries the socket's address
in its environment: that mark, and nothing else, says which processes are ours to end.
"""

import contextlib
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from supervisor.xmlrpc import SupervisorTransport

from app.cli.console import StepFailed
from app.cli.env_file import write_private
from app.cli.processes import START_ORDER, STOP_ORDER, Program
from app.cli.settings import StackSettings
from app.contract.env import PROJECT

WANTED_OPEN_FILES = 65536
START_SECONDS = 10
SHUTDOWN_SECONDS = 120
"""Sum of all processes' own time limits, and some."""


@dataclass(frozen=True)
class ProcessState:
    """What supervisord knows of one process. `state` is its own word: RUNNING, BACKOFF, FATAL, STOPPED …"""

    name: str
    state: str
    pid: int
    started_at_epoch: int
    description: str


def render_configuration(settings: StackSettings, programs: list[Program]) -> None:
    """Write redis.conf and supervisord.conf, readable by their owner only."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False,  # noqa: S701
    )  # fmt: skip
    environment.filters["command"] = lambda parts: shlex.join(parts).replace("%", "%%").replace("\n", "\n    ")
    # supervisord stops the highest priority first
    environment.filters["priority"] = lambda program: 100 - STOP_ORDER.index(program.name)
    redis_home = settings.home / "redis"
    for folder in (redis_home, settings.supervisor_home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    socket_folder = settings.supervisor_socket.parent
    socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket_folder.stat().st_uid != os.getuid():
        raise StepFailed(
            f"{socket_folder} belongs to somebody else", "move the project to a folder with a shorter path"
        )
    supervisor = environment.get_template("supervisord.conf.j2").render(
        socket=settings.supervisor_socket, home=settings.supervisor_home, hotline_home=settings.home, project=PROJECT,
        programs=programs, open_files=_open_files(),
        user="root" if os.getuid() == 0 else "",
    )  # fmt: skip
    redis = environment.get_template("redis.conf.j2").render(
        port=settings.redis_port, password=settings.redis_password.get_secret_value(), folder=redis_home
    )
    write_private(settings.supervisor_home / "supervisord.conf", supervisor)
    write_private(redis_home / "redis.conf", redis)


def _open_files() -> int:
    """As many files as we may open, up to what a thousand calls need; a lower limit is no reason not to start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(WANTED_OPEN_FILES, hard)


class ProcessControl:
    """The processes of one stack (one HOTLINE_HOME)."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self.server_url = f"unix://{settings.supervisor_socket}"

    @contextlib.contextmanager
    def _talk(self) -> Iterator[Any]:
        transport = SupervisorTransport(serverurl=self.server_url)
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
        finally:
            transport.close()

    def is_up(self) -> bool:
        """Whether supervisord answers."""
        try:
            with self._talk() as supervisor:
                return supervisor.getState()["statename"] == "RUNNING"  # type: ignore[no-any-return]
        except (OSError, xmlrpc.client.Error):
            return False

    def start_supervisor(self) -> None:
        """Start supervisord with nothing below it yet. Raises StepFailed."""
        configuration = self._settings.supervisor_home / "supervisord.conf"
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
        deadline = time.monotonic() + START_SECONDS
        while result.returncode == 0 and time.monotonic() < deadline:
            if self.is_up():
                return
            time.sleep(0.05)
        log = self._settings.supervisor_home / "supervisord.log"
        raise StepFailed(f"supervisord did not start: {result.stderr or result.stdout}", f"see {log}")

    def reread(self) -> None:
        """Take over a changed configuration; a process whose definition changed is stopped and defined anew."""
        with self._talk() as supervisor:
            added, changed, removed = supervisor.reloadConfig()[0]
            for name in [*changed, *removed]:
                supervisor.stopProcessGroup(name)
                supervisor.removeProcessGroup(name)
            for name in [*added, *changed]:
                supervisor.addProcessGroup(name)

    def list_states(self) -> list[ProcessState]:
        """All processes, in the order of their start; empty when supervisord is not running."""
        try:
            with self._talk() as supervisor:
                rows = supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error):
            return []
        states = [
            ProcessState(row["name"], row["statename"], row["pid"], row["start"], row["description"]) for row in rows
        ]
        return sorted(states, key=lambda state: START_ORDER.index(state.name))

    def get_state(self, name: str) -> ProcessState:
        """Raises KeyError for a name that is not in the stack."""
        return {state.name: state for state in self.list_states()}[name]

    def start(self, name: str) -> None:
        """Start one process if it is not running; returns at once. Raises StepFailed."""
        try:
            with self._talk() as supervisor:
                supervisor.startProcess(name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise StepFailed(f"{name} cannot be started: {fault.faultString}") from fault

    def stop(self, name: str) -> None:
        """Stop one process the friendly way, and wait for its end."""
        with self._talk() as supervisor, contextlib.suppress(xmlrpc.client.Fault):
            supervisor.stopProcess(name)

    def kill(self, name: str) -> None:
        """End one process as a crash would, and leave it down.

        It is frozen first, so that it never sees the SIGTERM by which supervisord learns that it shall stay down.
        """
        pid = self.get_state(name).pid
        os.killpg(pid, signal.SIGSTOP)
        with self._talk() as supervisor:
            supervisor.stopProcess(name, False)
            os.killpg(pid, signal.SIGKILL)
            while supervisor.getProcessInfo(name)["pid"]:
                time.sleep(0.02)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one process (SIGKILL: supervisord starts it again)."""
        os.kill(self.get_state(name).pid, number)

    def shut_down(self) -> list[int]:
        """Stop every process and supervisord; the ids of processes that had to be killed.

        Raises StepFailed if something is left.
        """
        if self.is_up():
            with self._talk() as supervisor:
                supervisor.shutdown()
        elif pid := self._supervisor_pid():
            os.kill(pid, signal.SIGTERM)  # alive, but it does not answer
        deadline = time.monotonic() + SHUTDOWN_SECONDS
        while self._supervisor_pid() and time.monotonic() < deadline:
            time.sleep(0.05)
        killed = self.list_left_over()
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while (left := self.list_left_over()) and time.monotonic() < deadline + 5:
            time.sleep(0.05)
        if left:
            raise StepFailed(
                f"processes of this stack are still alive: {left}", "look at them with `ps`, then kill PID"
            )
        return killed

    def _supervisor_pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._settings.supervisor_home / "supervisord.pid").read_text())
            if str(self._settings.supervisor_home).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def list_left_over(self) -> list[int]:
        """Processes that this stack's supervisord started and that live, whoever is their parent by now."""
        mark = f"SUPERVISOR_SERVER_URL={self.server_url}".encode()
        return [pid for pid in _list_pids() if mark in _read_environment(pid).split(b"\0") and pid != os.getpid()]


def _list_pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _read_environment(pid: int) -> bytes:
    try:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return b""
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
