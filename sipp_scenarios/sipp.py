"""One SIPp process: started with every limit set, cued while it runs, read when it is over.

Its log lines (`<log message="[timestamp] answered"/>`) are the facts of the SIP side. SIPp matches incoming requests
to its call by Call-ID alone, so a datagram from the runner (an INFO with that Call-ID) is a cue: "hang up now".
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.contract.ports import free_port
from sipp_scenarios.waiting import until

SIPP = "sipp"
OUTER_LIMIT_SECONDS = 10
"""How much longer than SIPp's own time-out we wait before we kill it."""

PORT_WITHIN_MS = 60_000

EXIT_CODES = {
    0: "all calls as expected",
    1: "a call failed",
    97: "ended by a command",
    99: "no call was made",
    254: "could not bind its address",
    255: "fatal error or time-out",
}


def wait_for_port(address: str, port: int) -> None:
    """Until this UDP port is free: another stack's run may just use the same exchange. Raises TooLate."""

    def is_free() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            return True
        return False

    until(is_free, what=f"nobody else sits at {address}:{port}", within_ms=PORT_WITHIN_MS)


def digest(seat: str, password: str) -> str:
    """SIPp's keyword for a digest answer. SIPp reads it in a file of values too, but no [field] within it."""
    return f"[authentication username={seat} password={password}]"


@dataclass(frozen=True)
class SippPlan:
    """What to start. Times in seconds."""

    name: str
    folder: Path
    xml: str
    target: str
    address: str
    out_of_call_xml: str = ""
    timeout_seconds: int = 60
    calls: int = 1
    """0: as many as come."""
    calls_at_once: int = 1
    is_traced: bool = True
    """Keep every message; not under load."""
    options: Sequence[str] = ()
    port: int = 0
    """0: any that is free."""


@dataclass
class SippFact:
    """One line of SIPp's log: what happened on the SIP side, when (Unix seconds)."""

    at: float
    what: str


@dataclass
class SippProcess:
    """A running SIPp. Use `start_sipp`."""

    plan: SippPlan
    port: int
    process: subprocess.Popen[bytes]
    started_at: float
    call_id: str
    command: list[str]
    is_killed: bool = field(default=False)
    cues: int = field(default=0)

    def facts(self) -> list[SippFact]:
        """What this process logged so far, in order."""
        path = self.plan.folder / "log"
        facts: list[SippFact] = []
        for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
            at, _, what = line.rpartition("\t")[2].strip().partition(" ")
            with contextlib.suppress(ValueError):
                facts.append(SippFact(float(at), what))
        return facts

    def cue(self, call_id: str = "", keys: str = "", *, speaks: bool = False) -> None:
        """Tell the call of this process, or another call of it, to go on: to its end, or from ringing to the answer; to
        press these keys; or to speak.
        """
        act = f"X-Keys: {keys}" if keys else "X-Go-On: 1"
        self.cues += 1  # one that reads like the one before would be taken for its retransmission
        lines = [
            "INFO sip:cue SIP/2.0",
            f"Call-ID: {call_id or self.call_id}",
            "To: <sip:cue>",
            f"CSeq: {self.cues} INFO",
            *([] if speaks else [act]),
            f"X-Speak: {int(speaks)}",
            "",
            "",
        ]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((self.plan.address, 0))
            sender.sendto("\r\n".join(lines).encode(), (self.plan.address, self.port))

    def wait(self, timeout_seconds: float | None = None) -> int:
        """Exit code; kills the process when it outlives its limit."""
        limit = self.started_at + self.plan.timeout_seconds + OUTER_LIMIT_SECONDS
        remaining = max(limit - time.time(), 0.1) if timeout_seconds is None else timeout_seconds
        try:
            return self.process.wait(remaining)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.wait(5)

    def kill(self) -> None:
        """End it now, with its children. Safe to call twice."""
        if self.process.poll() is None:
            self.is_killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)

    def complaint(self, *, limit: int = 400) -> str:
        """SIPp's own words about what went wrong, shortened; empty when it has none."""
        texts = []
        for name in ("errors", "output"):
            path = self.plan.folder / name
            texts += path.read_text(errors="replace").splitlines() if path.exists() else []
        wanted = [line.strip() for line in texts if _is_complaint(line)]
        return "\n".join(wanted)[-limit:]


COMPLAINTS = ("Aborting", "nexpected", "while expecting", "imeout", "Error", "Unable", "fail", "nvalid", "referenced")
EVERYDAY = ("Messages  Retrans", "jumping to label", "using the out-of-call scenario")
"""What SIPp writes into its error file although all is well."""


def _is_complaint(line: str) -> bool:
    return any(word in line for word in COMPLAINTS) and not any(word in line for word in EVERYDAY)


def start_sipp(plan: SippPlan) -> SippProcess:
    """Start SIPp in the plan's folder. Raises FileNotFoundError when SIPp is not installed."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    (plan.folder / "scenario.xml").write_text(plan.xml, encoding="utf-8")
    port = plan.port or free_port(plan.address, kind=socket.SOCK_DGRAM)
    name = f"{plan.folder.name}-{port}-{time.time_ns()}"
    command = [
        SIPP, *([plan.target] if plan.target else []), "-sf", "scenario.xml",
        "-i", plan.address, "-p", str(port), "-mi", plan.address, "-cid_str", f"{name}-%u",
        "-l", str(plan.calls_at_once), "-nostdin", "-skip_rlimit",
        "-timeout", f"{plan.timeout_seconds}s", "-timeout_error", "-max_retrans", "6",
        "-trace_logs", "-log_file", "log", *(["-m", str(plan.calls)] if plan.calls else []), *plan.options,
    ]  # fmt: skip
    if plan.is_traced:
        command += ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
    if plan.out_of_call_xml:
        (plan.folder / "out-of-call.xml").write_text(plan.out_of_call_xml, encoding="utf-8")
        command += ["-oocsf", "out-of-call.xml"]
    with (plan.folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=plan.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    return SippProcess(plan, port, process, time.time(), f"{name}-1", command)
