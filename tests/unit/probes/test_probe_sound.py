"""What comes over RTP is heard as it is."""

import socket
import struct

import pytest

from app.probes.rules import LEAST_LOUDNESS
from app.probes.sound import Sound, listen, open_ear
from sipp_scenarios.audio import alaw, tone

SILENCE = bytes([0xD5]) * 160


def packet(payload: bytes, *, kind: int = 8, extra_sources: int = 0, version: int = 2) -> bytes:
    header = struct.pack("!BBHII", version << 6 | extra_sources, kind, 1, 160, 7)
    return header + b"\0" * 4 * extra_sources + payload


def heard(*packets: bytes) -> Sound:
    sound = Sound()
    for one in packets:
        sound.add(one)
    return sound


def test_a_tone_has_the_loudness_it_was_made_with() -> None:
    voice = bytes(alaw(sample) for sample in tone(440, seconds=0.2, amplitude=9000))

    sound = heard(*(packet(voice[at : at + 160]) for at in range(0, len(voice), 160)))

    assert sound.length_ms == 200
    assert sound.loudness == pytest.approx(9000 / 2**0.5, rel=0.02)


def test_a_word_in_long_silence_is_heard() -> None:
    voice = bytes(alaw(sample) for sample in tone(440, seconds=0.1))
    quiet = [packet(SILENCE)] * 100

    assert heard(*quiet, packet(voice), *quiet).loudness > LEAST_LOUDNESS


def test_silence_is_long_and_not_loud() -> None:
    sound = heard(*[packet(SILENCE)] * 50)

    assert (sound.length_ms, sound.loudness < LEAST_LOUDNESS) == (1000, True)


def test_nothing_is_no_sound() -> None:
    assert (heard().length_ms, heard().loudness) == (0, 0)


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x80",
        packet(b""),
        packet(SILENCE, kind=0),
        packet(SILENCE, version=1),
        packet(SILENCE, kind=101),
        b"GET /",
    ],
)
def test_what_is_no_speech_of_ours_is_left_out(noise: bytes) -> None:
    assert heard(noise).length_ms == 0


def test_a_packet_with_contributing_sources_is_read_behind_them() -> None:
    assert heard(packet(SILENCE, extra_sources=3)).length_ms == 20


def test_an_ear_hears_what_reaches_its_even_port() -> None:
    with open_ear("127.0.0.7") as ear, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        address = ear.getsockname()
        mouth.sendto(packet(SILENCE), address)
        turns = iter([True, True, False])

        sound = listen(ear, while_true=lambda: next(turns))

    assert address[1] % 2 == 0
    assert sound.length_ms == 20


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(OSError, match="assign"), open_ear("192.0.2.1"):
        pass
