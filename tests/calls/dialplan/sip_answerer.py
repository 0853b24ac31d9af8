"""A phone or a department's exchange that is rung: it answers, is busy, refuses or rings on; it keeps what it got."""

import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable

from tests.calls.dialplan.sip_phone import send_key, token

ANSWER, BUSY, REJECT, RING, UNAVAILABLE = "answer", "busy", "reject", "ring", "unavailable"
REFUSALS = {BUSY: "486 Busy Here", REJECT: "603 Decline", UNAVAILABLE: "503 Service Unavailable"}


class SipAnswerer:
    """`with SipAnswerer("127.0.0.8", 15060, ANSWER) as exchange: …` One behaviour for every call; change it freely."""

    def __init__(self, address: str, port: int, behaviour: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.address, self.port = self.socket.getsockname()
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind((address, 0))
        self.behaviour = behaviour
        self.invites: list[str] = []
        self.cancelled = self.ended = 0
        self.answers: list[str] = []
        """Final answers of requests we sent ourselves."""
        self._pending: dict[str, tuple[str, tuple[str, int]]] = {}
        self._dialogs: dict[str, tuple[str, tuple[str, int]]] = {}
        self._tag = token()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "SipAnswerer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.sendto(b"", self.socket.getsockname())  # ends the thread
        self._thread.join(timeout=5)
        self.socket.close()
        self.media.close()

    # what a test does

    def register(self, seat: str, password: str, server_port: int) -> None:
        """Register as a seat. Raises AssertionError when that does not work within 5 seconds."""
        challenge = self._ask("REGISTER", seat, server_port, 1, "")
        uri = f"sip:127.0.0.1:{server_port}"
        proof = self.authorization(challenge, "REGISTER", uri, seat, password)
        assert self._ask("REGISTER", seat, server_port, 2, proof).startswith("SIP/2.0 200")

    @staticmethod
    def authorization(challenge: str, method: str, uri: str, seat: str, password: str) -> str:
        """The header that answers a challenge (RFC 2617)."""
        values = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        secret = _md5(f"{seat}:{values['realm']}:{password}")
        response = _md5(
            f"{secret}:{values['nonce']}:00000001:{seat}:auth:{_md5(f'{method}:{uri}')}"
            if "qop" in values
            else f"{secret}:{values['nonce']}:{_md5(f'{method}:{uri}')}"
        )
        quality = f', qop=auth, nc=00000001, cnonce="{seat}"' if "qop" in values else ""
        return (
            f'Authorization: Digest username="{seat}", realm="{values["realm"]}", nonce="{values["nonce"]}", '
            f'uri="{uri}", response="{response}", algorithm=MD5, opaque="{values.get("opaque", "")}"{quality}\r\n'
        )

    def answer_now(self) -> None:
        """Let every call that rings here be answered."""
        for message, peer in list(self._pending.values()):
            self._answer(message, peer)
        self._pending.clear()

    def press(self, key: str) -> None:
        """A key in the newest call, which was answered here."""
        send_key(self.media, key, "127.0.0.1", self.invites[-1])

    def hang_up(self) -> None:
        """BYE on every call that was answered here."""
        for message, peer in list(self._dialogs.values()):
            self.socket.sendto(_bye(message, self._tag, self.address, self.port), peer)
        self._dialogs.clear()

    def wait_for(self, count: int = 1, seconds: float = 20) -> str:
        """The newest INVITE, once so many have come. Raises AssertionError."""
        until(lambda: len(self.invites) >= count, f"{count} calls at {self.address}:{self.port}", seconds)
        return self.invites[-1]

    # inside

    def _ask(self, method: str, user: str, server_port: int, cseq: int, extra: str) -> str:
        before = len(self.answers)
        self.socket.sendto(
            (
                f"{method} sip:127.0.0.1:{server_port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{token()}\r\n"
                f"From: <sip:{user}@127.0.0.1>;tag={self._tag}\r\nTo: <sip:{user}@127.0.0.1>\r\n"
                f"Call-ID: {self._tag}{user}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:{user}@{self.address}:{self.port}>\r\nExpires: 600\r\n{extra}Content-Length: 0\r\n\r\n"
            ).encode(),
            ("127.0.0.1", server_port),
        )
        until(lambda: len(self.answers) > before, f"answer to {method}", 5)
        return self.answers[-1]

    def _serve(self) -> None:
        while True:
            data, peer = self.socket.recvfrom(65535)
            if not data:
                return
            message = data.decode(errors="replace")
            if message.startswith("SIP/2.0"):
                if not message.startswith("SIP/2.0 1"):
                    self.answers.append(message)
                continue
            self._take(message, peer)

    def _take(self, message: str, peer: tuple[str, int]) -> None:
        method, call = message.split(" ", 1)[0], header(message, "Call-ID")
        if method == "INVITE":
            if call in self._pending or call in self._dialogs:
                return  # sent again
            self.invites.append(message)
            self._reply("180 Ringing", message, peer)
            if self.behaviour in REFUSALS:
                self._reply(REFUSALS[self.behaviour], message, peer)
            elif self.behaviour == ANSWER:
                self._answer(message, peer)
            else:
                self._pending[call] = (message, peer)
        elif method == "CANCEL":
            self.cancelled += 1
            self._reply("200 OK", message, peer)
            if call in self._pending:
                self._reply("487 Request Terminated", self._pending.pop(call)[0], peer)
        elif method != "ACK":
            self._reply("200 OK", message, peer)
            self.ended += method == "BYE"

    def _answer(self, message: str, peer: tuple[str, int]) -> None:
        self._dialogs[header(message, "Call-ID")] = (message, peer)
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {self.media.getsockname()[1]} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\n"
        )
        self._reply("200 OK", message, peer, body)

    def _reply(self, status: str, message: str, peer: tuple[str, int], body: str = "") -> None:
        kept = [line for line in message.split("\r\n") if re.match(r"(Via|From|Call-ID|CSeq):", line)]
        to = header(message, "To")
        to += "" if "tag=" in to else f";tag={self._tag}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = "\r\n".join([f"SIP/2.0 {status}", *kept, f"To: {to}", f"Contact: <sip:x@{self.address}:{self.port}>"])
        self.socket.sendto(f"{text}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode(), peer)


def until(is_so: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait for it. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.01)


def header(message: str, name: str) -> str:
    """The first value of a header, or nothing."""
    found = re.search(rf"^{name}: (.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _bye(invite: str, tag: str, address: str, port: int) -> bytes:
    contact = re.search(r"<(.*?)>", header(invite, "Contact"))
    target = contact[1] if contact else "sip:127.0.0.1"
    return (
        f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{token()}\r\n"
        f"From: {header(invite, 'To')};tag={tag}\r\nTo: {header(invite, 'From')}\r\n"
        f"Call-ID: {header(invite, 'Call-ID')}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()
