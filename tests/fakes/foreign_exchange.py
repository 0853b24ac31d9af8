"""An exchange on a UDP port of its own that takes one call as it is told to: for test calls with real SIPp."""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sipp_scenarios.audio import alaw, tone

PACKET = 160
PACE_SECONDS = 0.02


@dataclass
class ForeignExchange:
    """`status` answers the INVITE (None: nobody answers); `says` is A-law audio; `hangs_up` after it was said."""

    status: int | None = 200
    says: bytes = b""
    hangs_up: bool = False
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self.port = int(self._socket.getsockname()[1])

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                data, caller = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            request = data.decode()
            method = request.partition(" ")[0]
            self.requests.append(method)
            if method == "INVITE":
                self._take(request, caller)
            elif method == "ACK":
                self._talk(caller)
            elif method == "CANCEL":
                self._answer(request, caller, 200)
                self._answer(self._invite, caller, 487)
            elif method == "BYE":
                self._answer(request, caller, 200)

    def close(self) -> None:
        self._stop.set()

    def _take(self, invite: str, caller: tuple[str, int]) -> None:
        self._invite = invite
        self._answer(invite, caller, 100)
        if self.status is not None:
            self._answer(invite, caller, self.status)

    def _answer(self, request: str, caller: tuple[str, int], status: int) -> None:
        kept = [line for line in request.splitlines() if re.match(r"(Via|From|Call-ID|CSeq):", line)]
        to = next(line for line in request.splitlines() if line.startswith("To:"))
        tag = "" if status == 100 or "tag=" in to else ";tag=exchange"
        lines = [f"SIP/2.0 {status} As Told", *kept, to + tag, "Contact: <sip:exchange@127.0.0.1>"]
        body = ""
        if status == 200 and request.startswith("INVITE"):
            body = "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self._socket.sendto(text.encode(), caller)

    def _talk(self, caller: tuple[str, int]) -> None:
        port = int(re.search(r"m=audio (\d+)", self._invite)[1])  # type: ignore[index] # ours always has it
        for number, at in enumerate(range(0, len(self.says), PACKET)):
            header = struct.pack("!BBHII", 0x80, 8, number, number * PACKET, 7)
            self._socket.sendto(header + self.says[at : at + PACKET], (caller[0], port))
            self._stop.wait(PACE_SECONDS)
        if self.hangs_up:
            self._hang_up(caller)

    def _hang_up(self, caller: tuple[str, int]) -> None:
        named = dict(re.findall(r"^(From|To|Call-ID): (.*?)\r?$", self._invite, re.MULTILINE))
        lines = [
            f"BYE sip:probe@{caller[0]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-bye",
            f"From: {named['To']};tag=exchange",
            f"To: {named['From']}",
            f"Call-ID: {named['Call-ID']}",
            "CSeq: 1 BYE",
            "Content-Length: 0",
        ]
        self._socket.sendto("\r\n".join([*lines, "", ""]).encode(), caller)


def speech(seconds: float, *, amplitude: int = 9000) -> bytes:
    """A tone as A-law."""
    return bytes(alaw(sample) for sample in tone(440, seconds=seconds, amplitude=amplitude))


@contextmanager
def answering(exchange: ForeignExchange) -> Iterator[ForeignExchange]:
    """The exchange at work for as long as the block."""
    worker = threading.Thread(target=exchange.run)
    worker.start()
    try:
        yield exchange
    finally:
        exchange.close()
        worker.join()
        exchange._socket.close()
