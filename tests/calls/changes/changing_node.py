"""A real Asterisk whose plan is changed again and again, and callers who stay on the line meanwhile."""

import contextlib
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import yaml

from app.contract.changes import ApplyReport
from app.contract.env import PROJECT
from dialplan.asterisk import launch_command
from dialplan.changes.applying import Applying, ChangeRequest
from dialplan.changes.steps import OnStep
from dialplan.changes.test_call import Caller
from dialplan.changes.versions import VersionStore
from dialplan.check import prompt_names
from dialplan.plan_file import parse_plan
from dialplan.render import prepare_folders
from dialplan.settings import DialplanSettings
from tests.calls.dialplan.asterisk_node import AsteriskNode

HOME = PROJECT / ".runtime/test/changes"
TALKS = 25
Edit = Callable[[dict[str, Any]], object]


def plan_text(*edits: Edit) -> str:
    """The tests' plan, patient callers, echo tests as agents, no second person; edited."""
    plan = yaml.safe_load((PROJECT / "dialplan/sites/test.yaml").read_text(encoding="utf-8"))
    plan["change_control"] = {"approval": "none"}
    plan["destinations"] = [{"name": "echo-test", "kind": "echo", "numbers": f"9101-{9100 + TALKS}"}]
    plan["seats"] = [{"name": "hall", "range": "8001-8010", "may_dial": ["echo-test"]}]
    for queue in plan["queues"]:
        queue["max_wait_seconds"] = 300
    for edit in edits:
        edit(plan)
    return str(yaml.safe_dump(plan, allow_unicode=True, sort_keys=False))


class ChangingNode(AsteriskNode):
    """`with ChangingNode(settings) as node: node.apply(plan_text())`: the first plan is in force already."""

    def __enter__(self) -> "ChangingNode":
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        prepare_folders(self.settings)
        self.speak("music", folder="data/moh")
        self.speak_first_prompts()
        report = self.apply(plan_text())
        assert report.outcome == "applied", report
        output = (HOME / "output.txt").open("wb")
        self.process = subprocess.Popen(
            launch_command(self.settings), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        output.close()
        self._wait_until_booted()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.cli("core stop now")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=10)

    @property
    def store(self) -> VersionStore:
        return VersionStore(self.settings.home)

    def apply(
        self, text: str, *, settings: DialplanSettings | None = None, on_step: OnStep = lambda _: None, **request: Any
    ) -> ApplyReport:
        wanted = ChangeRequest(text, "plan", **({"by": "anna", "why": "a test"} | request))
        return self.applying(settings or self.settings, wanted, on_step).run()

    def applying(
        self, settings: DialplanSettings, request: ChangeRequest, on_step: OnStep = lambda _: None
    ) -> Applying:
        return Applying(settings, request, on_step=on_step, speak_prompts=self._speak_lines)

    def _speak_lines(self, plan: Any) -> int:
        missing = [
            name for name in prompt_names(plan) if not (self.home / f"data/sounds/zh/hotline/{name}.wav").exists()
        ]
        for name in missing:
            self.speak(name)
        return len(missing)

    def speak(self, name: str, *, folder: str = "data/sounds/zh/hotline", sound: str = "sine 400") -> None:
        target = self.home / folder / f"{name}.wav"
        command = ["sox", "-n", "-r", "8000", "-c", "1", "-b", "16", target, "synth", "0.6", *sound.split()]
        subprocess.run(command, check=True)

    def wait_for(self, text: str, command: str, seconds: float = 10) -> None:
        """Until the console's answer holds this text. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        while text not in (shown := self.cli(command)):
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)

    def rendered(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in (self.home / "etc").iterdir()}

    def speak_first_prompts(self) -> None:
        self._speak_lines(parse_plan(plan_text(), name="plan"))


class HeldCall(Caller):
    """A caller who stays, and notices when somebody hangs up on him."""

    _spoken = 0

    def accept(self) -> int:
        """Final status of the call; its media's address is kept."""
        status = self.invite(time.monotonic() + 20)
        self.accepted = self.answer
        return status

    def speak(self) -> None:
        """One packet of voice, as every telephone sends all the time: a silent trunk is hung up after two minutes."""
        self._spoken += 1
        head = b"\x80\x08" + self._spoken.to_bytes(2, "big") + (self._spoken * 160).to_bytes(4, "big")
        self._media.sendto(head + b"echo" + bytes([0x2A]) * 160, self._peer)

    @property
    def _peer(self) -> tuple[str, int]:
        return "127.0.0.1", int(re.findall(r"^m=audio (\d+)", self.accepted, re.MULTILINE)[0])

    def was_hung_up(self) -> bool:
        """Whether anything but repeated answers came: the hotline ended the call."""
        self._sip.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while message := self._sip.recv(65_535):
                if message.startswith(b"BYE"):
                    return True
        return False

    def hears_sound_now(self, seconds: float = 10) -> bool:
        """Whether there is sound that was not sent before this moment."""
        self._media.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._media.recv(2048)
        return self.hears_sound(time.monotonic() + seconds)

    def hears_own_voice(self, seconds: float = 10) -> bool:
        """Speak a tone to the echo test until a packet of it comes back."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as ready:
            ready.register(self._media, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                self.speak()
                while ready.select(0.02):
                    if self._media.recv(2048)[12:].count(0x2A) > 100:
                        return True
        return False
