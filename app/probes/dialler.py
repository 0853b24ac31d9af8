"""One test call with SIPp. The only module that knows it: SIPp signals, we listen."""

import re
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from socket import SOCK_DGRAM
from string import Template

from app.contract.ports import free_port
from app.probes.rules import Dialled
from app.probes.settings import ProbeSettings
from app.probes.sound import Sound, listen, open_ear

SIPP = "sipp"
ANSWER_SECONDS = 10
LISTEN_SECONDS = 4
SLACK_SECONDS = 6
"""For SIPp's own end: what it sends is answered, or sent again and given up."""
SCENARIO = Path(__file__).with_name("dial.xml")
LINE = re.compile(r"[0-9]{3,20}")

_STATUS = re.compile(r"^SIP/2\.0 ([2-6]\d\d) ", re.MULTILINE)
_RECEIVED = re.compile(r"^-{10,}.*\n\w+ message received \[\d+\] bytes ?:\n\n", re.MULTILINE)


@dataclass(frozen=True)
class Dialler:
    """Dials lines from the probe's address."""

    settings: ProbeSettings
    answer_seconds: float = ANSWER_SECONDS
    listen_seconds: float = LISTEN_SECONDS

    @property
    def limit_seconds(self) -> int:
        """No test call takes longer."""
        return round(self.answer_seconds + self.listen_seconds) + SLACK_SECONDS

    def dial(self, line: str, caller: str) -> Dialled:
        """Dial, listen, hang up. Never raises for what a line does; `failure` says what our own side lacks."""
        if not LINE.fullmatch(line) or not LINE.fullmatch(caller):
            return Dialled(failure=f"{line!r} is no number to dial")
        try:
            with (
                open_ear(str(self.settings.probe_address)) as ear,
                tempfile.TemporaryDirectory(prefix="hotline-probe-") as folder,
            ):
                process = self._start(Path(folder), line, caller, audio_port=ear.getsockname()[1])
                try:
                    sound = self._listen(process, ear)
                finally:
                    if process.poll() is None:
                        process.kill()
                        process.wait()
                return _judge(Path(folder), process.returncode, sound)
        except FileNotFoundError:
            return Dialled(failure="sipp is not installed: run `hotline setup`")
        except OSError as error:
            return Dialled(failure=f"{self.settings.probe_address} cannot be used: {error}")

    def _start(self, folder: Path, line: str, caller: str, *, audio_port: int) -> "subprocess.Popen[bytes]":
        values = {
            "line": line,
            "caller": caller,
            "audio_port": audio_port,
            "answer_ms": round(self.answer_seconds * 1000),
            "listen_ms": round(self.listen_seconds * 1000),
        }
        text = Template(SCENARIO.read_text(encoding="utf-8")).substitute(values)
        (folder / "dial.xml").write_text(text, encoding="utf-8")
        address = str(self.settings.probe_address)
        command = [
            SIPP, f"{self.settings.sip_host}:{self.settings.sip_port}", "-sf", "dial.xml", "-i", address,
            "-p", str(free_port(address, kind=SOCK_DGRAM)), "-mi", address,
            "-m", "1", "-nostdin", "-skip_rlimit", "-max_retrans", "6", "-timeout_error",
            "-timeout", f"{self.limit_seconds}s",
            "-trace_logs", "-log_file", "log", "-trace_msg", "-message_file", "messages",
        ]  # fmt: skip
        with (folder / "output").open("wb") as output:
            return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _listen(self, process: "subprocess.Popen[bytes]", ear: socket.socket) -> Sound:
        until = time.monotonic() + self.limit_seconds + 2
        return listen(ear, while_true=lambda: process.poll() is None and time.monotonic() < until)


def _judge(folder: Path, exit_code: int, sound: Sound) -> Dialled:
    moments = _moments(folder / "log")
    messages = _read(folder / "messages")
    if "invited" not in moments and not messages:
        ending = " ".join(_read(folder / "output").split())[-200:]
        return Dialled(failure=f"sipp ended with {exit_code}: {ending}")
    answered = moments.get("answered")
    return Dialled(
        sip_status=200 if answered else _final_status(messages),
        answer_ms=round((answered - moments["invited"]) * 1000) if answered else None,
        audio_ms=sound.length_ms,
        loudness=sound.loudness,
        is_cut_off="was_hung_up" in moments,
    )


def _moments(log: Path) -> dict[str, float]:
    """What SIPp logged → when, Unix seconds."""
    found = {}
    for line in _read(log).splitlines():
        at, _, what = line.rpartition("\t")[2].strip().partition(" ")
        if re.fullmatch(r"\d+\.\d+", at):
            found[what] = float(at)
    return found


def _final_status(messages: str) -> int | None:
    """The last final answer to the INVITE that came; None: none did."""
    for received in reversed(_RECEIVED.split(messages)[1:]):
        status = _STATUS.match(received)
        if status and re.search(r"^CSeq: *\d+ INVITE", received, re.MULTILINE | re.IGNORECASE):
            return int(status[1])
    return None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
