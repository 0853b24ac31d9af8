"""A whole stack beside the others, in its own folder and on its own ports: for tests and for the bench.

    with running_side_stack(home, port_offset=10_000) as stack:
        stack.run_cli("call", "caller-reaches-agent")

The folder is made anew each time and kept afterwards, so that logs can be read. Asterisk's root file system is shared
with the demo: nothing is written into it.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from app.cli import health
from app.cli.process_control import ProcessControl
from app.cli.settings import StackSettings
from app.contract.env import PROJECT, EnvSettings

Settings = TypeVar("Settings", bound=EnvSettings)
DEMO_PORTS = {
    "HOTLINE_SIP_PORT": 5060,
    "HOTLINE_RTP_START": 10000,
    "HOTLINE_RTP_END": 10999,
    "HOTLINE_AMI_PORT": 5038,
    "HOTLINE_AGI_PORT": 4573,
    "HOTLINE_WEB_PORT": 8012,
    "HOTLINE_BRIDGE_PORT": 8013,
    "HOTLINE_FACTS_PORT": 8014,
    "HOTLINE_REDIS_PORT": 6390,
}

FIRST_EPHEMERAL_PORT = 32_768
"""From here on Linux gives ports to whoever connects somewhere: a server's own may be taken just when it starts."""


class SideStack:
    """One stack of its own. `settings` are HOTLINE_* names and values that differ from the demo's."""

    def __init__(self, home: Path, *, port_offset: int, settings: Mapping[str, str], cli_seconds: int = 110) -> None:
        self.home = home
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("HOTLINE_")}
        self.environment["HOTLINE_HOME"] = str(home)
        self._cli_seconds = cli_seconds
        shared_root = os.environ.get("HOTLINE_ASTERISK_ROOT", str(PROJECT / ".runtime" / "asterisk-root"))
        """Raises ValueError for an offset that leads to ports which any client may hold."""
        if max(DEMO_PORTS.values()) + port_offset >= FIRST_EPHEMERAL_PORT:
            raise ValueError(f"port offset {port_offset} reaches the ports that the system hands out by itself")
        ports = {name: str(port + port_offset) for name, port in DEMO_PORTS.items()}
        by_hand = {"HOTLINE_PROBE_EVERY_MINUTES": "0"}  # no test call that nobody ordered mixes with those counted here
        self._own_settings = ports | {"HOTLINE_ASTERISK_ROOT": shared_root} | by_hand | dict(settings)

    def prepare(self) -> None:
        """Set up an empty installation; what an interrupted run left is stopped first."""
        if self.home.exists():
            self.run_cli("down")
            shutil.rmtree(self.home)
        self.home.mkdir(parents=True)
        env_file = self.home / "hotline.env"
        env_file.touch(mode=0o600)
        env_file.write_text("".join(f"{name}={value}\n" for name, value in self._own_settings.items()))
        self.run_cli("setup")
        self.settings = self.read(StackSettings)
        self.control = ProcessControl(self.settings)

    def begin(self) -> None:
        """Start everything and wait until it is healthy."""
        self.run_cli("up")

    def end(self) -> None:
        """Stop everything; the folder stays until the next time."""
        self.run_cli("down")

    def read(self, settings: type[Settings]) -> Settings:
        """Settings of a class as this stack's processes see them, whatever this process's environment holds."""
        ours = os.environ.copy()
        try:
            os.environ.clear()
            os.environ.update(self.environment)
            return settings()
        finally:
            os.environ.clear()
            os.environ.update(ours)

    @property
    def url(self) -> str:
        """Where its pages are, without a slash at the end."""
        return self.settings.page_url.rstrip("/")

    def user(self, name: str) -> str:
        """Password of a demo user, by username or by the seat where he sits."""
        users = json.loads((self.home / "demo-users.json").read_text(encoding="utf-8"))["users"]
        return next(str(user["password"]) for user in users if name in (user["username"], user["seat"]))

    def start(self, name: str) -> None:
        """Start one process and wait until it does its work."""
        self.control.start(name)
        health.wait_until_healthy(self.control, self.settings, [name])

    def stop(self, name: str) -> None:
        """Stop one process the friendly way; returns when it has ended."""
        self.control.stop(name)

    def kill(self, name: str, *, is_kept: bool = False) -> None:
        """kill -9. It stays down until `start`; `is_kept`: supervisord starts it again at once."""
        if is_kept:
            self.control.signal(name, signal.SIGKILL)
        else:
            self.control.kill(name)

    def run_cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`hotline ARGUMENTS` on this stack. With `check` a failure is an AssertionError that holds its output."""
        command = [sys.executable, "-m", "app.cli", *arguments]
        result = subprocess.run(
            command,
            cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False, timeout=self._cli_seconds,
        )  # fmt: skip
        if check and result.returncode:
            raise AssertionError(f"hotline {' '.join(arguments)} failed:\n{result.stdout}\n{result.stderr}")
        return result


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """A second run waits for its turn."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
