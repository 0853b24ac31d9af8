"""Places one call to a number as a citizen would, and listens whether somebody speaks.

The smallest SIP caller there is (RFC 3261, UDP): INVITE, listen to the RTP that comes, BYE. It proves that a node takes
calls; whole scenarios are SIPp's work.
"""

import contextlib
import re
import secrets
import selectors
import socket
import time
from dataclasses import dataclass

from dialplan.changes.saying import Saying, say

SILENCE = 0xD5
"""A-law of zero; its neighbours are just as quiet."""
SOUNDING_PACKETS = 5
"""100 ms of sound: a prompt, not a crackle."""
RETRANSMIT_SECONDS = 0.5


@dataclass(frozen=True)
class CallResult:
    """How one test call went. Without a problem it was answered and something was heard."""

    number: str
    status: int
    answered_ms: int
    problem: Saying | None = None

    @property
    def is_good(self) -> bool:
        return self.problem is None

    @property
    def failure(self) -> Saying:
        """What to say of a call that was not good."""
        problem = self.problem or say("call_unanswered")
        return say("test_call", number=self.number, problem=problem.text, problem_zh=problem.zh)


def place_call(number: str, *, address: str, server: tuple[str, int], seconds: float = 12.0) -> CallResult:
    """Call a number from a local address. Never raises for what the other side does; OSError for a foreign address."""
    with Caller(number, address, server) as caller:
        return caller.run(time.monotonic() + seconds)


def _token() -> str:
    return secrets.token_hex(8)


class Caller:
    """One call, step by step; `with` holds its sockets. Nothing is sent that was not asked for.

    `headers` are lines of the INVITE beyond the necessary ones, each with its CRLF.
    """

    def __init__(self, number: str, address: str, server: tuple[str, int], *, headers: str = "") -> None:
        self.number, self.address, self.server = number, address, server
        self._headers = headers
        self._call_id, self._tag, self._to = _token(), _token(), f"<sip:{number}@{server[0]}:{server[1]}>"
        self._began = time.monotonic()
        self.answer = ""
        """The last answer, whole."""

    def __enter__(self) -> "Caller":
        with contextlib.ExitStack() as stack:
            self._sip = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._media = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            self._sip.bind((self.address, 0))
            self._media.bind((self.address, 0))
            self._sip.connect(self.server)  # so that a closed port is told at once
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, deadline: float) -> CallResult:
        try:
            status = self.invite(deadline)
        except TimeoutError:
            return self._result(0, say("call_unanswered"))
        except ConnectionRefusedError:
            return self._result(0, say("call_port_closed"))
        if status != 200:
            return self._result(status, say("call_refused", status=status))
        answered = self._result(200)
        try:
            heard = self.hears_sound(deadline)
        except BaseException:
            with contextlib.suppress(OSError):
                self.hang_up()  # who ends us in the middle leaves no call behind
            raise
        try:
            self.hang_up()
        except ConnectionRefusedError:
            return CallResult(self.number, 200, answered.answered_ms, say("call_lost"))
        return answered if heard else CallResult(self.number, 200, answered.answered_ms, say("call_silent"))

    def _result(self, status: int, problem: Saying | None = None) -> CallResult:
        return CallResult(self.number, status, round((time.monotonic() - self._began) * 1000), problem)

    def invite(self, deadline: float) -> int:
        """Final status, acknowledged. Raises TimeoutError, ConnectionRefusedError."""
        branch, wait, status = _token(), RETRANSMIT_SECONDS, 0
        port = self._media.getsockname()[1]
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        )
        self._send("INVITE", 1, branch, body)
        while status < 200:
            self._sip.settimeout(min(wait, max(deadline - time.monotonic(), 0.01)))
            try:
                status, to = self._answer_to("INVITE")
            except TimeoutError:
                if time.monotonic() >= deadline:
                    if status:
                        self._send("CANCEL", 1, branch)
                    raise
                if not status:  # a provisional answer ends retransmission
                    self._send("INVITE", 1, branch, body)
                    wait = min(wait * 2, 4.0)
        self._to = to
        self._send("ACK", 1, _token() if status == 200 else branch)
        return status

    def _answer_to(self, method: str) -> tuple[int, str]:
        """Status and To header of the next answer. Raises TimeoutError."""
        while True:
            message = self._sip.recv(65_535).decode(errors="replace")
            if found := re.match(r"SIP/2\.0 (\d{3})", message):
                to = re.search(r"^(?:To|t)\s*:\s*(.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
                if to and f" {method}" in message:
                    self.answer = message
                    return int(found[1]), to[1]

    def hears_sound(self, deadline: float) -> bool:
        """Whether a tenth of a second of sound comes before the deadline, or before they hang up."""
        sounding = 0
        with selectors.DefaultSelector() as ready:
            ready.register(self._media, selectors.EVENT_READ)
            while sounding < SOUNDING_PACKETS and (left := deadline - time.monotonic()) > 0:
                if ready.select(left):
                    sounding += _is_sound(self._media.recv(2048))
        return sounding >= SOUNDING_PACKETS

    def hang_up(self) -> bool:
        """BYE; whether the other side knew the call and said so."""
        self._sip.settimeout(1.0)
        branch = _token()
        for _ in range(3):
            self._send("BYE", 2, branch)
            with contextlib.suppress(TimeoutError):
                return self._answer_to("BYE")[0] == 200
        return False

    def wait_for_goodbye(self, deadline: float) -> None:
        """Their BYE, answered. Raises TimeoutError."""
        while True:
            self._sip.settimeout(max(deadline - time.monotonic(), 0.01))
            message = self._sip.recv(65_535).decode(errors="replace")
            if message.startswith("BYE "):
                kept = [line for line in message.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
                self._sip.send("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode())
                return

    def _send(self, method: str, cseq: int, branch: str, body: str = "") -> None:
        host, port = self._sip.getsockname()
        kind = "Content-Type: application/sdp\r\n" if body else ""
        message = (
            f"{method} sip:{self.number}@{self.server[0]}:{self.server[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:test-call@{host}>;tag={self._tag}\r\nTo: {self._to}\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:test-call@{host}:{port}>\r\n"
            f"{self._headers if method == 'INVITE' else ''}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._sip.send(message.encode())


def _is_sound(packet: bytes) -> bool:
    """Whether an RTP packet of A-law holds something to hear: more than a few values beside silence."""
    return sum(abs((value ^ 0x55) & 0x7F) > 4 for value in packet[12:]) > len(packet) // 4
