"""The prompt lists, and finding what is missing, stale or clipped."""

from pathlib import Path

import pytest

from ivr_flows.build import build_prompts
from ivr_flows.check import DIALPLAN_PROMPTS, check_flows
from ivr_flows.prompts import SHIPPED, Prompt, PromptsInvalid, load_all, load_prompts, read_prompts, site_source
from ivr_flows.say import LANGUAGES, words
from tests.unit.ivr_flows.spoken_prompts import ToneVoice, source_of, write_tone

FLOW = """\
flow: small
title: 小
start: greet
nodes:
  greet: {kind: play, prompt: greeting, is_recording_notice: true, next: person}
  person: {kind: queue, queue: common}
"""


def lists_with(language: str, *more: str, without: tuple[str, ...] = ()) -> str:
    """A list that has all that must be there."""
    names = {*DIALPLAN_PROMPTS, *words(language), *more} - {*without}
    return "".join(f"{name}: {{text: {'好' if language == 'zh' else 'fine'}}}\n" for name in sorted(names))


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "small.yaml").write_text(FLOW, encoding="utf-8")
    return folder


def test_the_prompt_list_has_what_the_dialplan_plays() -> None:
    for language in LANGUAGES:
        assert set(DIALPLAN_PROMPTS) <= load_prompts(language).keys()


@pytest.mark.parametrize(
    "name", ["greeting", "greeting-priority", "greeting-night", "greeting-holiday", "greeting-menu"]
)
def test_every_greeting_tells_of_the_recording(name: str) -> None:
    greeting = load_prompts()[name]

    assert "本次通话将被录音" in greeting.text
    assert "一二三四五" in greeting.spoken


def test_the_english_greeting_tells_of_the_recording() -> None:
    assert "recorded" in load_prompts("en")["greeting"].text


def test_every_prompt_of_the_hotlines_list_is_there() -> None:
    told = {source for prompt in load_all() for source in prompt.source.split()}

    assert {f"P{number:02}" for number in range(1, 29)} - told == {"P27"}, "P27 is made from the site plan's lines"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: {text: 拨打110}", "zh.yaml:1: prompt 'a': a voice would read the figures as one number: "
                               "write them out in 'spoken'"),
        ("a: {source: P01}", "zh.yaml:1: prompt 'a': 'text' is missing"),
        ("a: 您好", "zh.yaml:1: prompt 'a': must have a text, and nothing but text in its fields"),
        ("a: {text: 您好, txt: 您好}", "zh.yaml:1: prompt 'a': unknown field 'txt'"),
        ("../a: {text: 您好}", "zh.yaml:1: prompt '../a': "
                              "a name is small letters, figures and hyphens, at most 40"),
        ("a: {text: 您好, pace: fast}", "zh.yaml:1: prompt 'a': 'pace' is one of normal, slow"),
        ("a: {text: 停, length_ms: 0.5}", "zh.yaml:1: prompt 'a': 'length_ms' is a number from 1 to 9999"),
        ("a: {text: 嘀, tone_hz: 440}", "zh.yaml:1: prompt 'a': 'length_ms' is missing: how long the tone is"),
        ("- a", "zh.yaml:1: must be a mapping of names to prompts"),
        ("a: {text: 您好}\na: {text: 再见}", "zh.yaml:2: 'a' is there twice"),
        ("", "zh.yaml: is empty"),
    ],
)  # fmt: skip
def test_a_broken_prompt_list_is_refused_with_its_problem(tmp_path: Path, content: str, message: str) -> None:
    source = source_of(tmp_path, zh=content)

    assert [str(problem) for problem in read_prompts("zh", [source])[1]] == [message]
    with pytest.raises(PromptsInvalid):
        load_prompts("zh", [source])


def test_a_name_in_two_files_of_a_folder_is_a_mistake(tmp_path: Path) -> None:
    source = source_of(tmp_path, zh="a: {text: 您好}", zh_more="a: {text: 再见}")

    assert [str(problem) for problem in read_prompts("zh", [source])[1]] == [
        "zh.yaml:1: prompt 'a' is in another file of this folder too"
    ]


def test_an_installations_own_text_and_recording_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    source_of(tmp_path / "prompts", zh="greeting: {text: 您好，汝州市热线。}")
    write_tone(tmp_path / "prompts/recordings/zh/long-wait.wav", 1, 9000)

    prompts = load_prompts("zh", [SHIPPED, site_source(tmp_path)])

    assert prompts["greeting"].text == "您好，汝州市热线。"
    assert prompts["long-wait"].recording == tmp_path / "prompts/recordings/zh/long-wait.wav"
    assert prompts["overflow"] == load_prompts()["overflow"]


def test_the_check_finds_missing_stale_and_clipped_audio(tmp_path: Path, flows: Path) -> None:
    sounds, voice = tmp_path / "sounds", ToneVoice()
    lists = source_of(tmp_path / "lists", zh=lists_with("zh"), en=lists_with("en"))
    write_tone(tmp_path / "lists/recordings/zh/forwarding.wav", 2, 90_000)
    build_prompts(sounds, voice=voice, prompts=load_all([lists]))
    assert [str(one) for one in check_flows(sounds, flows=flows, sources=[lists], voice=voice)] == [
        "zh/forwarding.wav: prompt 'forwarding' is clipped: "
        f"{clipped(sounds)} samples at full scale were cut off; have it recorded again, more quietly"
    ]
    changed = lists_with("zh").replace("overflow: {text: 好}", "overflow: {text: 再见}")
    source_of(tmp_path / "lists", zh=changed)
    (tmp_path / "lists/recordings/zh/forwarding.wav").unlink()
    (sounds / "zh/hotline/no-agent.wav16").unlink()

    problems = check_flows(sounds, flows=flows, sources=[lists], voice=voice)

    assert sorted(str(problem) for problem in problems) == [
        "zh/forwarding.wav: prompt 'forwarding' was built from another text: build the prompts",
        "zh/no-agent.wav: prompt 'no-agent' has no audio: build the prompts",
        "zh/overflow.wav: prompt 'overflow' was built from another text: build the prompts",
    ]


def clipped(sounds: Path) -> int:
    from ivr_flows.build import read_manifest  # noqa: PLC0415

    count = read_manifest(sounds)["zh/forwarding"].clipped
    assert count > 10_000, "most of two seconds"
    return count


def test_the_check_finds_what_somebody_plays_and_nobody_wrote(tmp_path: Path, flows: Path) -> None:
    lists = source_of(
        tmp_path / "lists",
        zh=lists_with("zh", without=("overflow",)),
        en=lists_with("en", without=("say-5", "no-agent")),
    )
    write_tone(tmp_path / "lists/recordings/zh/greting.wav", 1, 9000)

    problems = check_flows(None, flows=flows, sources=[lists])

    assert [str(problem) for problem in problems] == [
        "zh/greting.wav: a recording, but no prompt has this name",
        "zh.yaml: prompt 'overflow' is missing: the dialplan plays it",
        "en.yaml: prompt 'no-agent' is missing: the dialplan plays it",
        "en.yaml: prompt 'say-5' is missing: numbers and dates are made of it",
    ]


def test_the_check_finds_a_queue_that_the_site_plan_does_not_have(flows: Path) -> None:
    (problem,) = check_flows(None, flows=flows, queues={"consumer"})

    assert "queue 'common' is not in the site plan" in str(problem)


def test_what_we_ship_has_no_problem() -> None:
    assert check_flows(None) == []


def test_a_prompt_says_in_which_language_it_is() -> None:
    assert {prompt.key for prompt in load_all() if prompt.name == "greeting"} == {"zh/greeting", "en/greeting"}
    assert Prompt("a", "您好", "您好").key == "zh/a"
