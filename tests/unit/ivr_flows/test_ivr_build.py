"""From text to what Asterisk plays: formats, loudness, what is built again, and whose voice it is."""

import json
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

from ivr_flows.audio import ENDINGS, resampled, to_alaw
from ivr_flows.build import Progress, audio_file, build_prompts, read_manifest
from ivr_flows.prompts import Prompt, load_all, load_prompts
from ivr_flows.voice import CommandVoice, EspeakVoice, ToolMissing, VoiceFailed, choose_voice, run_tool
from sipp_scenarios.audio import alaw
from tests.unit.ivr_flows.spoken_prompts import ToneVoice, peak, prompts_of, samples_of, write_tone


def recorded(name: str, wav: Path) -> Prompt:
    return Prompt(name, "响", "响", recording=wav)


def test_prompts_become_telephone_audio_of_both_rates(tmp_path: Path) -> None:
    seen: list[Progress] = []

    report = build_prompts(tmp_path, seen.append, voice=ToneVoice(), prompts=prompts_of(a="您好", b="再见"))

    assert sorted(report.built) == ["zh/a", "zh/b"]
    assert [one.done for one in seen] == [1, 2]
    folder = tmp_path / "zh/hotline"
    narrow_hz, narrow = samples_of(folder / "a.wav")
    wide_hz, wide = samples_of(folder / "a.wav16")
    assert (narrow_hz, wide_hz) == (8000, 16000)
    assert len(wide) == 2 * len(narrow)
    assert list((folder / "a.alaw").read_bytes()) == [alaw(sample) for sample in narrow]
    assert {file.name for file in folder.iterdir()} == {f"{name}.{ending}" for name in "ab" for ending in ENDINGS}
    assert {file.name for file in tmp_path.iterdir()} == {"zh", "prompts.json"}


def test_alaw_is_that_of_the_recommendation() -> None:
    samples = np.arange(-32768, 32768, 7, dtype=np.int16)

    assert to_alaw(samples).tolist() == [alaw(int(sample)) for sample in samples]


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22050, 16000), (16000, 8000), (44100, 16000), (8000, 16000)])
def test_a_tone_is_the_same_tone_at_another_rate(from_hz: int, to_hz: int) -> None:
    def tone(rate: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        return np.sin(np.arange(rate) * 700 * 2 * np.pi / rate).astype(np.float32)

    made = resampled(tone(from_hz), from_hz, to_hz)

    assert len(made) == to_hz
    middle = slice(to_hz // 10, -to_hz // 10)
    assert np.abs(made - tone(to_hz))[middle].max() < 0.01


def test_what_the_narrow_rate_cannot_hold_does_not_come_back_as_another_tone() -> None:
    high = np.sin(np.arange(16000) * 6000 * 2 * np.pi / 16000).astype(np.float32)

    assert np.abs(resampled(high, 16000, 8000))[800:-800].max() < 0.01


def test_only_what_changed_is_built_again(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好", b="再见"))

    report = build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好", b="改了"))

    assert (report.built, report.kept) == (["zh/b"], ["zh/a"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_lost_file_is_built_again(tmp_path: Path, ending: str) -> None:
    (prompt,) = prompts_of(a="您好")
    build_prompts(tmp_path, voice=ToneVoice(), prompts=[prompt])
    audio_file(tmp_path, prompt, ending).unlink()

    assert build_prompts(tmp_path, voice=ToneVoice(), prompts=[prompt]).built == ["zh/a"]


def test_another_voice_speaks_everything_anew(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好"))

    assert build_prompts(tmp_path, voice=ToneVoice("lower"), prompts=prompts_of(a="您好")).built == ["zh/a"]


def test_what_was_spoken_once_is_copied_for_the_next_stack_and_for_a_text_that_comes_back(tmp_path: Path) -> None:
    cache, voice = tmp_path / "cache", ToneVoice()
    build_prompts(tmp_path / "one", voice=voice, prompts=prompts_of(a="您好"), cache=cache)
    build_prompts(tmp_path / "one", voice=voice, prompts=prompts_of(a="再见"), cache=cache)

    other = build_prompts(tmp_path / "two", voice=voice, prompts=prompts_of(a="您好"), cache=cache)
    back = build_prompts(tmp_path / "one", voice=voice, prompts=prompts_of(a="您好"), cache=cache)

    assert (other.copied, back.copied) == (["zh/a"], ["zh/a"])
    assert voice.said == ["您好", "再见"]
    for ending in ENDINGS:
        first, second = (tmp_path / stack / f"zh/hotline/a.{ending}" for stack in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("damage", ['{"zh/a": ', "[]", '{"zh/a": {"sum": 1}}', '{"zh/a": "x"}'])
def test_a_damaged_manifest_only_costs_a_new_build(tmp_path: Path, damage: str) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好"))
    (tmp_path / "prompts.json").write_text(damage)

    assert build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好")).built == ["zh/a"]


def test_one_prompt_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    report = build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="哑", b="再见"))

    assert report.built == ["zh/b"]
    assert report.failed == {"zh/a": "lost its voice"}


def test_a_studio_recording_takes_the_place_of_the_voice(tmp_path: Path) -> None:
    voice = ToneVoice()
    write_tone(tmp_path / "a.wav", 1.0, 20000)

    report = build_prompts(
        tmp_path / "s", voice=voice, prompts=[recorded("a", tmp_path / "a.wav"), *prompts_of(b="再见")]
    )

    assert voice.said == ["再见"]
    assert report.recorded == ["zh/a"]


def test_a_studio_may_deliver_24_bit_stereo(tmp_path: Path) -> None:
    run_tool("sox", "-n", "-r", "48000", "-b", "24", "-c", "2", str(tmp_path / "a.wav"), "synth", "1", "sine", "440")

    report = build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=[recorded("a", tmp_path / "a.wav")])

    assert (report.built, report.failed) == (["zh/a"], {})
    assert read_manifest(tmp_path / "s")["zh/a"].seconds == pytest.approx(1.3, abs=0.05)


def test_loud_and_quiet_recordings_become_equally_loud(tmp_path: Path) -> None:
    write_tone(tmp_path / "loud.wav", 2.0, 30000)
    write_tone(tmp_path / "quiet.wav", 2.0, 600)
    prompts = [recorded(name, tmp_path / f"{name}.wav") for name in ("loud", "quiet")]

    build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=prompts)

    folder = tmp_path / "s/zh/hotline"
    assert peak(folder / "loud.wav") == pytest.approx(peak(folder / "quiet.wav"), rel=0.02)
    assert [built.level_db for built in read_manifest(tmp_path / "s").values()] == pytest.approx([-20, -20], abs=0.2)


def test_a_pause_does_not_make_a_sentence_louder(tmp_path: Path) -> None:
    write_tone(tmp_path / "short.wav", 1.0, 9000)
    run_tool("sox", str(tmp_path / "short.wav"), str(tmp_path / "long.wav"), "pad", "0", "4", "repeat", "1")
    prompts = [recorded(name, tmp_path / f"{name}.wav") for name in ("short", "long")]

    build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=prompts)

    folder = tmp_path / "s/zh/hotline"
    assert peak(folder / "long.wav") == pytest.approx(peak(folder / "short.wav"), rel=0.02)


def test_a_single_bang_is_turned_down_and_not_cut_off(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 2.0, 1500)
    with (tmp_path / "a.wav").open("r+b") as file:
        file.seek(44 + 2 * 16000)
        file.write(array("h", [20000, -20000] * 40).tobytes())

    build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=[recorded("a", tmp_path / "a.wav")])

    built = read_manifest(tmp_path / "s")["zh/a"]
    assert built.peak_db <= -0.9
    assert built.level_db > -24, "the rest is not turned down with it"
    assert built.clipped == 0


def test_words_stand_closer_together_than_sentences(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(say_5="五", five="五"))

    built = read_manifest(tmp_path)
    assert built["zh/five"].seconds - built["zh/say-5"].seconds == pytest.approx(0.25, abs=0.01)


def test_a_pause_is_as_long_as_its_list_says(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=[Prompt("say-pause", "停", "停", length_ms=250)])

    rate_hz, samples = samples_of(tmp_path / "zh/hotline/say-pause.wav")
    assert (rate_hz, len(samples), set(samples)) == (8000, 2000, {0})


def test_a_tone_is_as_loud_as_speech(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=[Prompt("beep", "嘀", "嘀", length_ms=300, tone_hz=1000)])

    assert len(samples_of(tmp_path / "zh/hotline/beep.wav16")[1]) == 4800
    assert peak(tmp_path / "zh/hotline/beep.wav") == pytest.approx(32767 * 0.1 * 2**0.5, rel=0.01)


@pytest.mark.parametrize("amplitude", [0, 1])
def test_a_recording_of_silence_is_refused(tmp_path: Path, amplitude: int) -> None:
    write_tone(tmp_path / "a.wav", 1.0, amplitude)

    report = build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=[recorded("a", tmp_path / "a.wav")])

    assert report.failed == {"zh/a": "a.wav holds nothing but silence"}


@pytest.mark.parametrize("content", [b"", b"RIFF", b"hello"])
def test_a_recording_that_is_no_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)

    report = build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=[recorded("a", tmp_path / "a.wav")])

    assert "sox failed" in report.failed["zh/a"]


def test_a_program_named_in_the_settings_is_the_voice(tmp_path: Path) -> None:
    write_tone(tmp_path / "neural.wav", 1.0, 9000)
    speak = "import shutil, sys; open(sys.argv[2] + '.txt', 'w').write(sys.argv[3] + sys.stdin.read())"
    program = tmp_path / "neural.py"
    program.write_text(f"{speak}; shutil.copy(sys.argv[1], sys.argv[2])")
    voice = choose_voice(f"{sys.executable} {program} {tmp_path}/neural.wav {{wav}} {{language}}-{{pace}}")
    prompt = Prompt("a", "12345", "一二三四五", is_slow=True)

    voice.speak(prompt, tmp_path / "a.wav")

    assert (tmp_path / "a.wav.txt").read_text() == "zh-slow一二三四五"
    assert build_prompts(tmp_path / "s", voice=voice, prompts=[prompt]).built == ["zh/a"]


@pytest.mark.parametrize("command", ["true", "'", "true {model}", "no-such-voice {wav}"])
def test_a_voice_that_says_nothing_is_an_error_with_its_reason(tmp_path: Path, command: str) -> None:
    with pytest.raises(VoiceFailed):
        CommandVoice(command).speak(Prompt("a", "您好", "您好"), tmp_path / "a.wav")


def test_a_missing_program_is_named_with_its_remedy() -> None:
    with pytest.raises(ToolMissing, match="no-such-tool is not installed: run `hotline setup`"):
        run_tool("no-such-tool")


def test_without_a_command_espeak_speaks_and_slowly_where_it_should(tmp_path: Path) -> None:
    voice = choose_voice(" ")
    fast, slow = Prompt("fast", "您好", "您好，请稍候"), Prompt("slow", "您好", "您好，请稍候", is_slow=True)

    build_prompts(tmp_path, voice=voice, prompts=[fast, slow])

    assert isinstance(voice, EspeakVoice)
    built = json.loads((tmp_path / "prompts.json").read_text())
    assert built["zh/slow"]["seconds"] > built["zh/fast"]["seconds"] * 1.1


def test_every_prompt_we_ship_can_be_read_by_the_voice() -> None:
    voice, prompts = EspeakVoice(), load_prompts().values()
    speech = [prompt for prompt in prompts if not prompt.length_ms]

    if voice.unreadable("\n".join(prompt.spoken for prompt in speech)):  # one process for all; then: which?
        assert [prompt.name for prompt in speech if voice.unreadable(prompt.spoken)] == []


def test_english_prompts_hold_no_chinese() -> None:
    assert [prompt.name for prompt in load_all() if prompt.language == "en" and not prompt.text.isascii()] == []


def test_the_plain_mandarin_voice_would_spell_in_english() -> None:
    """Why EspeakVoice does not use it: if this fails, espeak-ng was mended and the default may change."""
    assert EspeakVoice(names={"zh": "cmn"}).unreadable("平顶山")
