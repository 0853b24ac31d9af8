"""The bench's own stack: many seats, and beside the product's dialplan the same call in plain dialplan."""

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from app.cli.env_file import read_assignments
from app.cli.side_stack import SideStack, only_one
from app.contract.commands import QueueSkill, SignIn
from app.contract.env import PROJECT
from sipp_scenarios.target import Target

HOME = PROJECT / ".runtime" / "bench" / "stack"
PLAIN_DNIS = "10000"
QUEUE = "common"
FIRST_AGENT = 1001
FIRST_SEAT = 8001
SHORT_GREETING_SECONDS = "2"

# The baseline: same prompts, same queue, same recording, no AGI and nothing of ours around it.
PLAIN = f"""
[from-trunk-carrier]
exten => {PLAIN_DNIS},1,Answer()
 same => n,Playback(hotline/greeting)
 same => n,MixMonitor(${{BENCH_RECORDINGS}}/${{UNIQUEID}}.wav,b)
 same => n,Queue({QUEUE},C,,,300)
 same => n,Hangup()
"""


class BenchStack(SideStack):
    """A side stack with a way to sign many agents in."""

    def __init__(self) -> None:
        settings = {
            "HOTLINE_SITE_PLAN": str(PROJECT / "dialplan" / "sites" / "bench.yaml"),
            "HOTLINE_RTP_START": "21000",
            "HOTLINE_RTP_END": "29999",
            "HOTLINE_ALLOW_FAULTS": "true",
        }
        super().__init__(HOME, port_offset=5000, settings=settings, cli_seconds=300)

    def add_plain_dialplan(self) -> None:
        """After `prepare`, before `begin`: the baseline's extension, in the file Asterisk will load."""
        recordings = self.home / "asterisk" / "recordings"
        with (self.home / "asterisk" / "etc" / "extensions.conf").open("a", encoding="utf-8") as file:
            file.write(PLAIN.replace("${BENCH_RECORDINGS}", str(recordings)))

    def shorten_greeting(self) -> None:
        """After `prepare`: two seconds of it, for a quick run. Both sides hear the same."""
        folder = self.settings.sounds / "zh" / "hotline"
        for path in (folder / "greeting.wav", folder / "greeting.alaw"):
            short = path.with_suffix(f".short{path.suffix}")
            raw = ["-t", "al", "-r", "8000", "-c", "1"] if path.suffix == ".alaw" else []
            subprocess.run(["sox", *raw, path, *raw, short, "trim", "0", SHORT_GREETING_SECONDS], check=True)
            short.chmod(path.stat().st_mode)
            short.replace(path)

    def target(self) -> Target:
        return self.read(Target)

    def sign_in(self, seats: Sequence[str]) -> None:
        """Put every seat into the queue through the bridge's command door, as the desk does."""
        token = read_assignments((self.home / "hotline.env").read_text())["HOTLINE_COMMAND_TOKEN"]
        headers = {"Authorization": f"Bearer {token}"}
        base_url = f"http://{self.settings.bridge_host}:{self.settings.bridge_port}"
        with httpx.Client(base_url=base_url, headers=headers, timeout=20) as client, ThreadPoolExecutor(8) as pool:

            def put(seat: str) -> None:
                agent = str(FIRST_AGENT + int(seat) - FIRST_SEAT)
                command = SignIn(agent=agent, seat=seat, queues=[QueueSkill(queue=QUEUE)])
                client.post("/commands", json=command.model_dump()).raise_for_status()

            list(pool.map(put, seats))


@contextmanager
def bench_stack(*, is_quick: bool) -> Iterator[BenchStack]:
    """The stack runs for as long as the block."""
    with only_one(HOME.parent / ".lock"):
        stack = BenchStack()
        stack.prepare()
        stack.add_plain_dialplan()
        if is_quick:
            stack.shorten_greeting()
        try:
            stack.begin()
            yield stack
        finally:
            stack.end()
