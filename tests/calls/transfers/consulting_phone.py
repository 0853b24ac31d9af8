"""An agent's telephone that calls a colleague beside the citizen, and then joins the two (REFER with Replaces)."""

import re
from urllib.parse import quote

from dialplan.seats import seat_password
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_answerer import ANSWER, SipAnswerer, header, until
from tests.calls.dialplan.sip_phone import token


class ConsultingPhone(SipAnswerer):
    """`with ConsultingPhone(node, "8001") as phone: …` It answers whoever calls."""

    def __init__(self, node: AsteriskNode, seat: str) -> None:
        super().__init__("127.0.0.1", 0, ANSWER)
        self.seat, self.server_port = seat, node.settings.sip_port
        self.password = seat_password(node.settings.seat_secret.get_secret_value(), seat)
        self._own_tag, self._own_call = token(), token()
        self._colleague = ""

    def register_at_seat(self) -> None:
        self.register(self.seat, self.password, self.server_port)

    def consult(self, number: str) -> None:
        """Call the colleague and wait for the answer. Raises AssertionError."""
        target = f"sip:{number}@127.0.0.1:{self.server_port}"
        challenge = self._invite(target, 1, "")
        self._own("ACK", target, 1, header(challenge, "To"))
        proof = self.authorization(challenge, "INVITE", target, self.seat, self.password)
        self._colleague = self._invite(target, 2, proof)
        assert self._colleague.startswith("SIP/2.0 200"), self._colleague
        self._own("ACK", target, 2, header(self._colleague, "To"))

    def join(self) -> None:
        """The citizen's side is told to take over the call with the colleague."""
        invite, peer = next(iter(self._dialogs.values()))
        [their_tag] = re.findall(r";tag=([^;\s]+)", header(self._colleague, "To"))
        replaces = quote(f"{self._own_call};to-tag={their_tag};from-tag={self._own_tag}", safe="")
        contact = re.search(r"<(.*?)>", header(invite, "Contact"))
        assert contact
        self.socket.sendto(
            (
                f"REFER {contact[1]} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{token()}\r\n"
                f"From: {header(invite, 'To')};tag={self._tag}\r\nTo: {header(invite, 'From')}\r\n"
                f"Call-ID: {header(invite, 'Call-ID')}\r\nCSeq: 1 REFER\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:{self.seat}@{self.address}:{self.port}>\r\n"
                f"Refer-To: <sip:colleague@127.0.0.1:{self.server_port}?Replaces={replaces}>\r\n"
                "Content-Length: 0\r\n\r\n"
            ).encode(),
            peer,
        )

    def _invite(self, target: str, cseq: int, extra: str) -> str:
        """The final answer."""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {self.media.getsockname()[1]} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        )
        self._own("INVITE", target, cseq, f"<{target}>", extra + "Content-Type: application/sdp\r\n", body)

        def mine() -> list[str]:
            return [answer for answer in self.answers if f"CSeq: {cseq} INVITE" in answer]

        until(lambda: bool(mine()), "the answer to a consultation", 20)
        return mine()[0]

    def _own(self, method: str, target: str, cseq: int, to: str, extra: str = "", body: str = "") -> None:
        """A request in the dialog with the colleague."""
        self.socket.sendto(
            (
                f"{method} {target} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{token()}\r\n"
                f"From: <sip:{self.seat}@127.0.0.1>;tag={self._own_tag}\r\nTo: {to}\r\n"
                f"Call-ID: {self._own_call}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:{self.seat}@{self.address}:{self.port}>\r\n{extra}"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode(),
            ("127.0.0.1", self.server_port),
        )
