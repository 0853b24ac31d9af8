"""What phones say and speak: SIPp's message language, voices, waiting, the log of a phone."""

import wave
from array import array
from pathlib import Path

import pytest

from sipp_scenarios import audio
from sipp_scenarios.cast import fictitious_number
from sipp_scenarios.templates import COMMON, render, sipp_text
from sipp_scenarios.waiting import StoreUnavailable, TooLate, until


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("张三", "张三"),
        ("[service]", "\\x5Bservice]"),
        ("a\\b", "a\\x5Cb"),
        ("a\r\nb", "a\\x0D\\x0Ab"),
        ("]]>", "]]\\x3E"),
        ("${SHELL(id)}", "${SHELL(id)}"),
    ],
)
def test_nothing_in_a_text_is_read_as_sipps_own_language(text: str, escaped: str) -> None:
    assert sipp_text(text) == escaped


def test_a_value_that_is_missing_is_an_error_and_no_empty_header() -> None:
    with pytest.raises(Exception, match="'dnis' is undefined"):
        render("options", COMMON, {})


def test_numbers_of_callers_are_of_a_range_that_nobody_has() -> None:
    numbers = {fictitious_number() for _ in range(50)}

    assert all(number.startswith("199000") and len(number) == 11 for number in numbers)
    assert len(numbers) > 40


def wav(path: Path, samples: list[int]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.SAMPLE_RATE)
        file.writeframes(array("h", samples).tobytes())
    return path


def test_silence_is_heard_as_silence(tmp_path: Path) -> None:
    heard = audio.listen(wav(tmp_path / "x.wav", [0] * 8000))

    assert heard == audio.Recording(seconds=1.0, loudness=0, has_caller=False, has_agent=False)


def test_two_people_who_talk_at_once_are_both_heard(tmp_path: Path) -> None:
    together = [a + b for a, b in zip(audio.tone(audio.CALLER_HZ), audio.tone(audio.AGENT_HZ), strict=True)]

    heard = audio.listen(wav(tmp_path / "x.wav", together))

    assert heard.has_caller
    assert heard.has_agent


def test_one_voice_is_not_taken_for_the_other(tmp_path: Path) -> None:
    heard = audio.listen(wav(tmp_path / "x.wav", audio.tone(audio.AGENT_HZ)))

    assert heard.has_agent
    assert not heard.has_caller


@pytest.mark.parametrize(
    ("sample", "code"), [(0, 0xD5), (-1, 0x55), (32767, 0xAA), (-32768, 0x2A), (1000, 0xFA), (-1000, 0x7A)]
)
def test_samples_become_g711_a_law(sample: int, code: int) -> None:
    assert audio.alaw(sample) == code


def test_waiting_ends_with_the_first_answer() -> None:
    answers = iter([None, False, "here"])

    assert until(lambda: next(answers), what="somebody", within_ms=5000) == "here"


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(TooLate, match="an answer: not within 0 ms"):
        until(lambda: None, what="an answer", within_ms=0)


def test_a_store_that_is_away_is_asked_again_and_named_in_the_end() -> None:
    def ask() -> None:
        raise StoreUnavailable("connection refused")

    with pytest.raises(TooLate, match=r"a call: not within 0 ms \(connection refused\)"):
        until(ask, what="a call", within_ms=0)
