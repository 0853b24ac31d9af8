"""The smallest SIP phone that can say anything: SIPp's templates would tidy up what a hostile caller sends."""

import random
import re
import socket
import struct
import time


def token() -> str:
    return f"{random.getrandbits(48):012x}"


def send_key(media: socket.socket, key: str, address: str, message: str) -> None:
    """A key to whom this message names for sound, as telephones send it (RFC 4733): a tenth of a second long, its
    end told three times."""
    port = int(re.search(r"^m=audio (\d+)", message, re.MULTILINE)[1])  # type: ignore[index]
    event, moment, source = "0123456789*#".index(key), random.getrandbits(31), random.getrandbits(32)
    for number in range(8):
        is_end, held = number >= 5, 160 * min(number + 1, 5)
        head = struct.pack("!BBHII", 0x80, 101 | (0x80 if number == 0 else 0), number, moment, source)
        packet = head + struct.pack("!BBH", event, 0x8A if is_end else 0x0A, held)
        media.sendto(packet, (address, port))
        time.sleep(0.02)


class SipPhone:
    """A caller at an address of his own. Every header is sent as given, byte by byte."""

    def __init__(self, server_port: int, address: str = "127.0.0.2") -> None:
        self.server = ("127.0.0.1", server_port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.address, self.port = self.socket.getsockname()
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        """Where the sound goes that nobody listens to: it must not fill the place of the signalling."""
        self.media.bind((address, 0))
        self.call_id, self.tag, self.to = token(), token(), ""
        self.has_events = True
        """Offers keys as events (RFC 4733); a telephone without them can only sound."""

    def __enter__(self) -> "SipPhone":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.media.close()

    def _send(self, method: str, cseq: int, *, branch: str | None = None, body: str = "", headers: str = "") -> None:
        head = (
            f"{method} {self.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{branch or token()}\r\n"
            f"To: {self.to or '<sip:hotline@127.0.0.1>'}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:caller@{self.address}:{self.port}>\r\nMax-Forwards: 70\r\n"
        )
        end = ("Content-Type: application/sdp\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}"
        sender = b"From: " + self.sender + f";tag={self.tag}\r\n".encode()
        self.socket.sendto(head.encode() + sender + headers.encode() + end.encode(), self.server)

    def _receive(self, seconds: float) -> str:
        self.socket.settimeout(seconds)
        return self.socket.recv(65535).decode(errors="replace")

    def ask(self, method: str, target: str, sender: bytes = b"<sip:caller@127.0.0.1>") -> int:
        """Status of the answer to one request outside a call. Raises TimeoutError when there is none."""
        self.target, self.sender = target, sender
        self._send(method, 1)
        return int(self._receive(5).split()[1])

    def invite(self, dialled: str, sender: bytes = b"<sip:13800000000@c>", *headers: str) -> int:
        """Final status of a call, acknowledged. Raises TimeoutError when nothing answers."""
        self.target, self.sender = f"sip:{dialled}@127.0.0.1:{self.server[1]}", sender
        branch = token()
        events = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" if self.has_events else ""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {self.media.getsockname()[1]} RTP/AVP 8{' 101' if self.has_events else ''}\r\n"
            f"a=rtpmap:8 PCMA/8000\r\n{events}"
        )
        self._send("INVITE", 1, branch=branch, body=body, headers="".join(f"{line}\r\n" for line in headers))
        while (status := int((message := self._receive(5)).split()[1])) < 200:
            pass
        self.to = re.search(r"^To: (.*?)\r?$", message, re.MULTILINE)[1]  # type: ignore[index]
        self._send("ACK", 1, branch=None if status == 200 else branch)
        self.answer = message
        return status

    def press(self, key: str) -> None:
        send_key(self.media, key, self.server[0], self.answer)

    def hang_up(self) -> None:
        """BYE, and the answer to it."""
        self._send("BYE", 2)
        while "CSeq: 2 BYE" not in self._receive(5):
            pass

    def wait_for_goodbye(self, seconds: float = 20) -> None:
        """The hotline's own BYE, answered. Raises TimeoutError."""
        while not (message := self._receive(seconds)).startswith("BYE"):
            pass
        kept = [line for line in message.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
        answer = "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""])
        self.socket.sendto(answer.encode(), self.server)
