"""Pages speak Chinese: whatever the commands say about a broken plan has a Chinese sentence."""

import re
from pathlib import Path

import pytest

from app.contract.changes import Fault
from app.contract.env import PROJECT
from app.operations.step_wording import STEP_SENTENCES
from app.operations.wording import REFUSALS, SENTENCES, say_message, say_step, translate
from app.platform.pages import make_environment
from dialplan.changes.wording import MODES_ZH

BROKEN = sorted((PROJECT / "tests/unit/dialplan/broken_sites").glob("*.yaml"))
LINE_CHECKS = PROJECT / "dialplan/line_checks.py"


def expected_faults(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith(f"# {file.name}: ")]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_every_fault_of_a_broken_plan_is_told_in_chinese(file: Path) -> None:
    for line in expected_faults(file):
        shown = translate(Fault(where=file.name, what=line))

        assert shown.is_translated, line
        assert re.search("[一-鿿]", shown.text)


def test_every_sentence_of_the_line_checks_is_told_in_chinese() -> None:
    source = LINE_CHECKS.read_text(encoding="utf-8")
    said = [re.sub(r"\{[^}]*\}", "12333", text) for text in re.findall(r'yield f"\{[^}]+\}[^:]*: ([^"]+)"', source)]

    assert len(said) >= 15
    assert [text for text in said if not translate(Fault(where="", what=text)).is_translated] == []


def test_numbers_and_names_of_a_fault_are_kept() -> None:
    fault = Fault(where="lines[12333].queue", what="there is no queue front. Add it under queues or correct it.")

    assert translate(fault, row=7).text == "没有队列 front，请在 queues 下添加，或改正名称"
    assert translate(fault, row=7).row == 7


def test_what_has_no_chinese_sentence_is_shown_as_it_came() -> None:
    shown = translate(Fault(where="x", what="the moon is full.", advice="Wait"))

    assert (shown.text, shown.is_translated) == ("the moon is full. Wait", False)
    assert say_message("the moon is full") is None
    assert say_step("the moon is full") is None


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("20261123-061232-5d8f30 waits for a second person's approval", "须先由另一位运维人员批准"),
        ("edited by hand on this node since the last change: pjsip.conf", "这些文件被手工修改过：pjsip.conf"),
        ("ops1 is changing this node since 14:12:54 (process 7): 12333", "ops1 自 14:12:54 起正在执行变更"),
        ("20261123-061232-5d8f30 is approved already", "这份申请已经处理过"),
        ("lines[1].queue: there is no queue front (and 2 more)", "没有队列 front"),
    ],
)
def test_a_refusal_is_told_in_chinese(message: str, said: str) -> None:
    assert said in (say_message(message) or "")


def test_a_step_is_told_in_chinese() -> None:
    seen = "loaded without a complaint; called 12345, 12319: all answered and heard, slowest after 14 ms"

    assert say_step(seen) == "加载无误；试拨 12345, 12319，全部接通且有声音，最慢 14 毫秒"


@pytest.mark.parametrize(("pattern", "chinese"), [*SENTENCES, *REFUSALS, *STEP_SENTENCES])
def test_a_chinese_sentence_uses_only_what_its_pattern_finds(pattern: str, chinese: str) -> None:
    used = [int(number) for number in re.findall(r"\\(\d)", chinese)]

    assert max(used, default=0) <= re.compile(pattern).groups


def test_a_mode_has_one_name_on_pages_and_in_the_words_of_a_change() -> None:
    page_words = make_environment().get_template("lines/words.html").module

    assert {mode.value: name for mode, name in MODES_ZH.items()} == page_words.MODES  # type: ignore[attr-defined]
