"""The prompt list, building audio from it, and finding what is missing or stale."""

import math
import struct
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ivr_flows.build import Progress, build_prompts
from ivr_flows.check import DIALPLAN_PROMPTS, check_flows
from ivr_flows.loader import FLOWS
from ivr_flows.prompts import Prompt, PromptsInvalid, load_prompts, read_prompts
from ivr_flows.voice import EspeakVoice, ToolMissing, VoiceFailed, run_tool


def write_tone(file: Path, seconds: float, amplitude: int) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        count = int(16000 * seconds)
        samples = (int(amplitude * math.sin(n * 440 * 2 * math.pi / 16000)) for n in range(count))
        out.writeframes(struct.pack(f"<{count}h", *samples))


@dataclass
class ToneVoice:
    """Says everything as a tone, a quarter of a second a character."""

    identity: str = "tone"
    said: list[str] = field(default_factory=list)

    def speak(self, text: str, wav: Path) -> None:
        self.said.append(text)
        if text == "哑":
            raise VoiceFailed("lost its voice")
        write_tone(wav, 0.25 * len(text), 2000)


def prompts_of(**texts: str) -> dict[str, Prompt]:
    return {name: Prompt(name, text, text) for name, text in texts.items()}


def test_the_prompt_list_has_what_the_dialplan_plays() -> None:
    assert set(DIALPLAN_PROMPTS) <= load_prompts().keys()


def test_the_greeting_tells_of_the_recording() -> None:
    greeting = load_prompts()["greeting"]

    assert "本次通话将被录音" in greeting.text
    assert "一二三四五" in greeting.spoken


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: {text: 拨打110}", "prompts.yaml:1: prompt 'a': a voice would read the figures as one number: "
                               "write them out in 'spoken'"),
        ("a: {source: P01}", "prompts.yaml:1: prompt 'a': 'text' is missing"),
        ("a: 您好", "prompts.yaml:1: prompt 'a': must have a text, and nothing but text in its fields"),
        ("a: {text: 您好, txt: 您好}", "prompts.yaml:1: prompt 'a': unknown field 'txt'"),
        ("../a: {text: 您好}", "prompts.yaml:1: prompt '../a': "
                              "a name is small letters, figures and hyphens, at most 40"),
        ("- a", "prompts.yaml:1: must be a mapping of names to prompts"),
        ("a: {text: 您好}\na: {text: 再见}", "prompts.yaml:2: 'a' is there twice"),
        ("", "prompts.yaml: is empty"),
    ],
)  # fmt: skip
def test_a_broken_prompt_list_is_refused_with_its_problem(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "prompts.yaml"
    file.write_text(content)

    assert [str(problem) for problem in read_prompts(file)[1]] == [message]
    with pytest.raises(PromptsInvalid):
        load_prompts(file)


def test_prompts_become_telephone_audio(tmp_path: Path) -> None:
    seen: list[Progress] = []

    report = build_prompts(tmp_path, seen.append, voice=ToneVoice(), prompts=prompts_of(a="您好", b="再见"))

    assert sorted(report.built) == ["a", "b"]
    assert [one.done for one in seen] == [1, 2]
    with wave.open(str(tmp_path / "a.wav")) as audio:
        assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (8000, 1, 2)
        assert (tmp_path / "a.alaw").stat().st_size == audio.getnframes()
    assert {file.name for file in tmp_path.iterdir()} == {"a.wav", "a.alaw", "b.wav", "b.alaw", "prompts.json"}


def test_only_what_changed_is_built_again(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好", b="再见"))

    report = build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好", b="改了"))

    assert (report.built, report.kept) == (["b"], ["a"])


def test_a_lost_file_is_built_again(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好"))
    (tmp_path / "a.alaw").unlink()

    assert build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好")).built == ["a"]


def test_another_voice_speaks_everything_anew(tmp_path: Path) -> None:
    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好"))

    assert build_prompts(tmp_path, voice=ToneVoice("lower"), prompts=prompts_of(a="您好")).built == ["a"]


def test_a_damaged_manifest_only_costs_a_new_build(tmp_path: Path) -> None:
    (tmp_path / "prompts.json").write_text('{"a": ')

    assert build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="您好")).built == ["a"]


def test_one_prompt_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    report = build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(a="哑", b="再见"))

    assert report.built == ["b"]
    assert report.failed == {"a": "lost its voice"}


def test_a_studio_recording_takes_the_place_of_the_voice(tmp_path: Path) -> None:
    recordings, voice = tmp_path / "recordings", ToneVoice()
    recordings.mkdir()
    write_tone(recordings / "a.wav", 1.0, 20000)

    report = build_prompts(tmp_path / "s", voice=voice, prompts=prompts_of(a="您好", b="再见"), recordings=recordings)

    assert voice.said == ["再见"]
    assert report.recorded == ["a"]


def test_loud_and_quiet_recordings_become_equally_loud(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    write_tone(recordings / "loud.wav", 2.0, 30000)
    write_tone(recordings / "quiet.wav", 2.0, 600)

    build_prompts(tmp_path, voice=ToneVoice(), prompts=prompts_of(loud="响", quiet="轻"), recordings=recordings)

    assert peak(tmp_path / "loud.wav") == pytest.approx(peak(tmp_path / "quiet.wav"), rel=0.1)


def test_a_recording_of_silence_is_refused(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    write_tone(recordings / "a.wav", 1.0, 0)

    report = build_prompts(tmp_path / "s", voice=ToneVoice(), prompts=prompts_of(a="您好"), recordings=recordings)

    assert "a" in report.failed


def test_a_missing_program_is_named_with_its_remedy() -> None:
    with pytest.raises(ToolMissing, match="no-such-tool is not installed: run `hotline setup`"):
        run_tool("no-such-tool")


def test_the_check_finds_missing_and_stale_audio(tmp_path: Path) -> None:
    sounds, voice = tmp_path / "sounds", ToneVoice()
    prompts_file = tmp_path / "zh.yaml"
    prompts_file.write_text("".join(f"{name}: {{text: 您好}}\n" for name in DIALPLAN_PROMPTS))
    build_prompts(sounds, voice=voice, prompts=load_prompts(prompts_file))
    prompts_file.write_text(prompts_file.read_text().replace("overflow: {text: 您好}", "overflow: {text: 再见}"))
    (sounds / "no-agent.wav").unlink()

    problems = check_flows(sounds, prompts_file=prompts_file, voice=voice)

    assert [str(problem) for problem in problems] == [
        "no-agent.wav: prompt 'no-agent' has no audio: build the prompts",
        "overflow.wav: prompt 'overflow' was built from another text: build the prompts",
    ]


def test_the_check_finds_a_prompt_that_the_dialplan_needs_and_a_recording_that_nobody_plays(tmp_path: Path) -> None:
    prompts_file, recordings = tmp_path / "zh.yaml", tmp_path / "recordings"
    recordings.mkdir()
    (recordings / "greting.wav").touch()
    prompts_file.write_text("".join(f"{name}: {{text: 您好}}\n" for name in DIALPLAN_PROMPTS if name != "overflow"))

    problems = check_flows(None, flows=FLOWS, prompts_file=prompts_file, recordings=recordings)

    assert [str(problem) for problem in problems] == [
        "zh.yaml: prompt 'overflow' is missing: the dialplan plays it",
        "recordings/greting.wav: no prompt has this name",
    ]


def test_the_check_finds_a_queue_that_the_site_plan_does_not_have() -> None:
    problems = check_flows(None, queues={"consumer"})

    assert {(problem.file, problem.message.partition(": ")[2]) for problem in problems} == {
        ("hotline-12345.yaml", "queue 'common' is not in the site plan, queues are consumer")
    }


def test_what_we_ship_has_no_problem() -> None:
    assert check_flows(None) == []


def test_every_prompt_we_ship_can_be_read_by_the_voice() -> None:
    voice = EspeakVoice()

    assert [prompt.name for prompt in load_prompts().values() if voice.unreadable(prompt.spoken)] == []


def test_the_plain_mandarin_voice_would_spell_in_english() -> None:
    """Why EspeakVoice does not use it: if this fails, espeak-ng was mended and the default may change."""
    assert EspeakVoice(name="cmn").unreadable("平顶山")


def peak(file: Path) -> int:
    with wave.open(str(file)) as audio:
        frames = audio.readframes(audio.getnframes())
    return max(abs(sample) for (sample,) in struct.iter_unpack("<h", frames))
