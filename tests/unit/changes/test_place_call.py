"""A test call to a switch that goes away in the middle of it."""

import re
import socket
import threading

from dialplan.changes.test_call import place_call

LOUD = bytes([0x80, 8]) + bytes(10) + bytes([0x2A, 0xAA] * 80)
"""An RTP packet of A-law at full voice."""


def answer_once_and_die(server: socket.socket) -> None:
    """200 to the INVITE, a fifth of a second of sound, and the port is closed."""
    with server:
        invite, caller = server.recvfrom(65_535)
        text = invite.decode()
        kept = [line for line in text.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
        server.sendto("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode(), caller)
        server.recvfrom(65_535)  # ACK
        media = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
        assert media is not None
        for _ in range(10):
            server.sendto(LOUD, (caller[0], int(media[1])))


def test_a_switch_that_dies_after_its_answer_is_a_failed_call() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
    switch = threading.Thread(target=answer_once_and_die, args=(server,))
    switch.start()

    result = place_call("12345", address="127.0.0.1", server=("127.0.0.1", port), seconds=5)
    switch.join()

    assert (result.status, result.is_good) == (200, False)
    assert result.problem is not None
    assert result.problem.code == "call_lost"


def test_a_port_where_nothing_listens_is_told_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    result = place_call("12345", address="127.0.0.1", server=("127.0.0.1", port), seconds=60)

    assert result.problem is not None
    assert result.problem.code == "call_port_closed"
