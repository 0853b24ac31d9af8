"""One real Asterisk with a rendered site, in a folder and on ports of its own, without any other process of ours."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from socket import SOCK_DGRAM

from app.contract.env import PROJECT
from app.contract.ports import free_port
from dialplan.asterisk import asterisk_version, cli, launch_command
from dialplan.check import prompt_names
from dialplan.music import ensure_music
from dialplan.plan_file import load_plan
from dialplan.render import render, write
from dialplan.settings import DialplanSettings

NODES = PROJECT / ".runtime/test"
HOME = NODES / f"dialplan-{os.getpid()}"
"""Each run has its own; it is kept for reading until the next run."""
START_SECONDS = 30


def own_settings() -> DialplanSettings:
    """Settings on free ports. Asterisk's root is shared: nothing is written into it."""
    os.environ.setdefault("HOTLINE_ASTERISK_ROOT", str(PROJECT / ".runtime/asterisk-root"))
    first_agi, second_agi = free_port(), free_port()
    return DialplanSettings(
        home=HOME,
        site_plan=HOME / "site.yaml",
        sip_port=free_port(kind=SOCK_DGRAM),
        rtp_start=40000,
        rtp_end=40999,
        ami_port=free_port(),
        ami_events_secret="events-secret-of-a-test",
        ami_commands_secret="commands-secret-of-a-test",
        seat_secret="seat-secret-of-a-test",
        agi_servers=f"127.0.0.1:{first_agi},127.0.0.1:{second_agi}",
        agi_time_limit_seconds=2,
    )


class AsteriskNode:
    """`with AsteriskNode(own_settings()) as node: …`"""

    def __init__(self, settings: DialplanSettings, plan_changes: Sequence[tuple[str, str]] = ()) -> None:
        self.settings, self.plan_changes = settings, plan_changes
        self.home = settings.asterisk_home
        self.departments_port = free_port(kind=SOCK_DGRAM)
        """Where the departments' exchanges of the plan are, each at its own address."""

    def __enter__(self) -> "AsteriskNode":
        for old in NODES.glob("dialplan*"):
            if not Path("/proc", old.name.partition("-")[2] or "none").exists():
                shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        plan = (PROJECT / "dialplan/sites/test.yaml").read_text(encoding="utf-8")
        for old, new in (("port: 15060", f"port: {self.departments_port}"), *self.plan_changes):
            assert old in plan
            plan = plan.replace(old, new)
        self.settings.site_plan.write_text(plan, "utf-8")
        write(render(load_plan(self.settings.site_plan), self.settings, asterisk_version(self.settings)), self.settings)
        ensure_music(self.home / "data/moh")
        for name in prompt_names(load_plan(self.settings.site_plan)):
            target = self.home / f"data/sounds/zh/hotline/{name}.wav"
            subprocess.run(["sox", "-n", "-r", "8000", "-c", "1", "-b", "16", target, "synth", "0.3"], check=True)
        output = (HOME / "output.txt").open("wb")
        self.process = subprocess.Popen(
            launch_command(self.settings), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        output.close()
        self._wait_until_booted()
        return self

    def _wait_until_booted(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if "fully booted" in self.cli("core waitfullybooted"):
                    return
            except OSError:
                time.sleep(0.1)  # its socket is not there yet
        raise AssertionError(f"Asterisk did not start: {(HOME / 'output.txt').read_text(errors='replace')}")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)

    def cli(self, command: str) -> str:
        return cli(self.settings, command)

    def wait_until_idle(self, seconds: float = 10) -> None:
        """Until no channel is left: a BYE is answered before its channel has gone. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        while not (channels := self.cli("core show channels count")).startswith("0 active channels"):
            assert time.monotonic() < deadline, channels
            time.sleep(0.02)

    def log(self) -> list[str]:
        return (self.home / "log/messages.log").read_text(encoding="utf-8", errors="replace").splitlines()

    def listen(self) -> None:
        """From now on `heard` knows what is played; a reload of the logger ends it."""
        self.cli("logger add channel heard.log verbose(3)")

    def heard(self, who: str) -> list[str]:
        """Our prompts that were played to channels whose name begins so, since `listen`, oldest first."""
        log = self.home / "log/heard.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return re.findall(rf"<{who}-[^>]*> Playing 'hotline/([a-z0-9-]+)", text)

    def queue_log(self, event: str, call_id: str = "") -> list[list[str]]:
        """Data fields of each line of this event (of this call), oldest first."""
        lines = Path(self.home / "log/queue_log").read_text(encoding="utf-8").split("\n")
        rows = [line.split("|") for line in lines if line]
        return [row[5:] for row in rows if row[4] == event and call_id in ("", row[1])]

    def last_call_id(self) -> str:
        lines = Path(self.home / "log/queue_log").read_text(encoding="utf-8").split("\n")
        return [line.split("|")[1] for line in lines if "|HLARRIVED|" in line][-1]
