"""What comes over RTP: caught on a socket of our own while SIPp signals, and listened to."""

import math
import select
import socket
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SAMPLES_PER_SECOND = 8000
WINDOW = SAMPLES_PER_SECOND // 10
RTP_HEADER = 12
PCMA = 8
WAIT_SECONDS = 0.05


def _linear(code: int) -> int:
    """A-law byte to a 16-bit sample (ITU-T G.711, table 1a)."""
    code ^= 0x55
    exponent, mantissa = code >> 4 & 0x07, code & 0x0F
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << exponent - 1
    return magnitude if code & 0x80 else -magnitude


LINEAR = tuple(_linear(code) for code in range(256))


@dataclass
class Sound:
    """Audio as it came."""

    samples: "array[int]" = field(default_factory=lambda: array("h"))

    @property
    def length_ms(self) -> int:
        return len(self.samples) * 1000 // SAMPLES_PER_SECOND

    @property
    def loudness(self) -> int:
        """Root mean square of the loudest tenth of a second, 0 to 32767."""
        loudest = 0
        for start in range(0, len(self.samples), WINDOW):
            window = self.samples[start : start + WINDOW]
            loudest = max(loudest, sum(sample * sample for sample in window) // len(window))
        return math.isqrt(loudest)

    def add(self, packet: bytes) -> None:
        """Take a datagram; what is no RTP with A-law is left out."""
        if len(packet) <= RTP_HEADER or packet[0] >> 6 != 2 or packet[1] & 0x7F != PCMA:
            return
        start = RTP_HEADER + 4 * (packet[0] & 0x0F)
        self.samples.extend(LINEAR[byte] for byte in packet[start:])


@contextmanager
def open_ear(address: str) -> Iterator[socket.socket]:
    """A socket on an even port of this address. OSError: the address is not this machine's, or no port is free."""
    for _ in range(50):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ear.bind((address, 0))
            if ear.getsockname()[1] % 2 == 0:
                ear.setblocking(False)
                yield ear
                return
        finally:
            ear.close()
    raise OSError(f"no free even UDP port on {address}")


def listen(ear: socket.socket, *, while_true: Callable[[], bool]) -> Sound:
    """Take what comes for as long as the condition holds."""
    sound = Sound()
    while while_true():
        if select.select([ear], [], [], WAIT_SECONDS)[0]:
            try:
                sound.add(ear.recv(2048))
            except BlockingIOError:
                continue
    return sound
