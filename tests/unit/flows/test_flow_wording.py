"""What the validator says has its Chinese, whatever a person wrote wrong."""

import re
from pathlib import Path

import pytest

from app.contract.flows import SOUND_FOLDERS, Problem, Refusal
from app.flows import wording
from app.flows.commands import NOT_FOUND, UNFIT
from app.flows.problem_words import translate
from ivr_flows import say
from ivr_flows.picture import EXITS

BROKEN = Path(__file__).parents[1] / "ivr_flows"
LINES = sorted(
    {
        line
        for file in [*BROKEN.glob("broken_flows/*.expected"), *BROKEN.glob("broken_libraries/*/expected")]
        for line in file.read_text(encoding="utf-8").splitlines()
    }
)
PLACE = re.compile(r"^[^:]+:(?:\d+:)? ")
OURS = re.compile(
    r"personless_reason|gate_reason|unrecorded_reason|wrong_key|silence|nodes|flow|title|start|YAML|UTF-8|KB|repeat"
    r"|return|outcomes|lines|general|accept|true|false"
)


@pytest.mark.parametrize("line", LINES)
def test_every_problem_that_a_test_knows_is_told_in_chinese(line: str) -> None:
    message = PLACE.sub("", line)
    told = translate(message)

    assert told, message
    ours = OURS.sub("", told)
    foreign = [word for word in re.findall("[A-Za-z]{3,}", ours) if word not in message]
    assert foreign == [], "what is not the author's own word is Chinese"
    assert not re.search("is missing|must be|known kinds|never happens|leads to", told)


def test_audio_is_served_from_where_it_is_built() -> None:
    assert dict(SOUND_FOLDERS) == dict(say.SOUND_FOLDERS)


def test_a_sentence_without_chinese_is_shown_as_technical() -> None:
    shown = wording.tell_problem(Problem(file="a.yaml", line=3, message="something new"))

    assert (shown.row, shown.text, shown.technical) == (3, wording.UNKNOWN, "something new")


def test_every_refusal_that_has_a_status_of_its_own_has_words() -> None:
    assert (NOT_FOUND | UNFIT) - wording.REFUSALS.keys() == set()


@pytest.mark.parametrize(
    ("code", "values", "text"),
    [
        ("too-quiet", {"value": "-51.2"}, "录音太轻（-51.2 dB），放大后会有明显噪声，请重新录制"),
        ("unknown-version", {"flow": "waiting", "version": "9"}, "流程 waiting 没有第 9 版"),
        ("unknown-version", {}, wording.UNKNOWN),
        ("no-such-code", {}, wording.UNKNOWN),
    ],
)
def test_a_refusal_is_told_in_chinese(code: str, values: dict[str, str], text: str) -> None:
    assert wording.tell_refusal(Refusal(refused=code, message="no", values=values)) == text


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ("queue common", "进入队列 common"),
        ("queue common priority 10 side doors waiting", "进入队列 common，优先级 10，等待时的侧门 waiting"),
        ("dial 12315", "转到专线 12315"),
        ("hand over 110", "转到应急服务 110"),
        ("hang up", "挂机"),
        ("back next", "返回原处 next"),
    ],
)
def test_an_end_is_told_in_chinese(end: str, text: str) -> None:
    assert wording.tell_end(end) == text


def test_every_plain_exit_has_its_word() -> None:
    assert EXITS.keys() <= wording.EXITS.keys()
    assert [wording.tell_exit(name) for name in ("keys.1", "cases.yes", "silence", "hung_up")] == [
        "按 1", "是", "不按键", "挂机",
    ]  # fmt: skip
