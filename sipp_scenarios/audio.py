"""Voices: tones that people in a scenario speak, and a listener that finds them again on a recording.

A caller speaks 440 Hz, an agent 700 Hz, a department's exchange 1000 Hz: a recording on which two of them sound at once
holds the conversation, not merely noise or music on hold.
"""

import math
import struct
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_RATE = 8000
CALLER_HZ = 440
AGENT_HZ = 700
EXCHANGE_HZ = 1000
WINDOW = SAMPLE_RATE // 10
PACKET = SAMPLE_RATE // 50
ALAW, UDP, ETHERNET = 8, 17, 1
"""Numbers of the RTP payload, the IP protocol and the link in a capture."""
AUDIBLE_SHARE = 0.05
"""Share of a window's energy that one voice must hold to count as heard."""


def alaw(sample: int) -> int:
    """One 16-bit sample as G.711 A-law (ITU-T G.711, table 1a)."""
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(abs(sample), 32635) >> 3
    exponent = max(magnitude.bit_length() - 5, 0)
    mantissa = (magnitude >> (exponent if exponent > 1 else 1)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def tone(frequency: int, *, seconds: float = 2.0, amplitude: int = 9000) -> list[int]:
    """A sine as 16-bit samples."""
    step = 2 * math.pi * frequency / SAMPLE_RATE
    return [round(amplitude * math.sin(step * n)) for n in range(int(SAMPLE_RATE * seconds))]


def write_voice(path: Path, frequency: int) -> Path:
    """Write a voice as raw A-law, which is what SIPp's rtp_stream plays."""
    path.write_bytes(bytes(alaw(sample) for sample in tone(frequency)))
    return path


def write_packets(path: Path, frequency: int) -> Path:
    """Write a voice as a capture of RTP packets, 20 ms of A-law each, which is what SIPp's play_pcap_audio sends."""
    voice = bytes(alaw(sample) for sample in tone(frequency))
    capture = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, ETHERNET)]
    for number, start in enumerate(range(0, len(voice), PACKET)):
        rtp = struct.pack(">BBHII", 0x80, ALAW, number, start, 1) + voice[start : start + PACKET]
        udp = struct.pack(">HHHH", 4000, 4000, 8 + len(rtp), 0) + rtp
        ip = struct.pack(">BBHHHBBH8x", 0x45, 0, 20 + len(udp), 0, 0, 64, UDP, 0) + udp
        frame = bytes(12) + b"\x08\x00" + ip
        seconds, microseconds = divmod(start * 1_000_000 // SAMPLE_RATE, 1_000_000)
        capture.append(struct.pack("<IIII", seconds, microseconds, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(capture))
    return path


def share_of(samples: Sequence[int], frequency: int) -> float:
    """Share (0 to 1) of the samples' energy at one frequency (Goertzel)."""
    energy = sum(sample * sample for sample in samples)
    if not energy:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * frequency / SAMPLE_RATE)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * power / (len(samples) * energy)


@dataclass(frozen=True)
class Recording:
    """What can be heard on a recording."""

    seconds: float
    loudness: int
    """Root mean square of the samples."""
    has_caller: bool
    has_agent: bool
    has_exchange: bool = False


def listen(path: Path) -> Recording:
    """Hear a mono 16-bit WAV file of 8 kHz. Raises FileNotFoundError, wave.Error."""
    with wave.open(str(path)) as file:
        samples = array("h", file.readframes(file.getnframes()))
        rate = file.getframerate()
    windows = [samples[n : n + WINDOW] for n in range(0, len(samples) - WINDOW + 1, WINDOW)]
    loudness = math.isqrt(sum(s * s for s in samples) // len(samples)) if samples else 0
    return Recording(
        seconds=len(samples) / rate,
        loudness=loudness,
        has_caller=any(share_of(window, CALLER_HZ) > AUDIBLE_SHARE for window in windows),
        has_agent=any(share_of(window, AGENT_HZ) > AUDIBLE_SHARE for window in windows),
        has_exchange=any(share_of(window, EXCHANGE_HZ) > AUDIBLE_SHARE for window in windows),
    )
