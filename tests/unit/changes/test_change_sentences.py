"""Every sentence of a change has a code, English and Chinese; a page never shows what only a terminal understands."""

import re
import string
from pathlib import Path

import pytest

from app.contract.changes import Fault
from app.contract.env import PROJECT
from app.contract.line_rules import PlannedLine, objections_to
from dialplan.changes.fault_wording import OTHER, RULES, in_chinese
from dialplan.changes.saying import joined, say, saying_of
from dialplan.changes.sentences import SENTENCES
from dialplan.changes.signals import Interrupted

CHINESE = re.compile("[一-鿿]")
BROKEN = sorted((PROJECT / "tests/unit/dialplan/broken_sites").glob("*.yaml"))
SOURCES = [*(PROJECT / "dialplan/changes").glob("*.py"), *(PROJECT / "app/cli").glob("*.py")]
SAID = re.compile(r"\b(?:say|because)\(\s*\"([a-z0-9_]+)\"")
ONLY_NAMES = {"reloaded", "lines_taken", "rehearsal_failed"}
"""What they hold is said elsewhere, or is a command's name."""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_said_in_both_languages(code: str) -> None:
    english, chinese, *remedies = SENTENCES[code]

    assert not CHINESE.search(english)
    assert code in ONLY_NAMES or CHINESE.search(chinese)
    assert len(remedies) in (0, 2)
    assert not remedies or (CHINESE.search(remedies[1]) and not CHINESE.search(remedies[0]))
    assert {name.removesuffix("_zh") for name in fields(chinese)} <= fields(english)


def test_every_sentence_is_used_and_every_used_one_exists() -> None:
    sources = [file.read_text("utf-8") for file in SOURCES if file.name != "sentences.py"]
    said = {code for source in sources for code in SAID.findall(source)}

    assert said <= set(SENTENCES)
    assert [code for code in SENTENCES if not any(f'"{code}"' in source for source in sources)] == []


def test_several_complaints_are_one_sentence_under_the_code_of_the_first() -> None:
    found = joined([say("queue_missing", name=name) for name in ("a", "b", "c", "d")])

    assert (found.code, found.text.count("queue"), found.zh) == (
        "queue_missing",
        3,
        "缺少队列 a；缺少队列 b；缺少队列 c",
    )


def test_what_nobody_foresaw_is_said_too() -> None:
    assert saying_of(KeyError("x")).zh == "程序意外出错（KeyError）"
    assert saying_of(Interrupted(15)).zh == "执行被中止（SIGTERM）"
    assert saying_of(PermissionError(13, "Permission denied", "/x")).zh == "无法读写 /x：没有权限"


def expected_faults(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith(f"# {file.name}: ")]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_every_fault_of_a_broken_plan_has_a_rule_of_its_own(file: Path) -> None:
    for line in expected_faults(file):
        told = in_chinese(Fault(where=file.name, what=line))

        assert told.code in {rule.code for rule in RULES}, line
        assert CHINESE.search(told.text_zh)


def test_every_sentence_of_the_line_checks_has_a_rule_of_its_own() -> None:
    source = (PROJECT / "dialplan/line_checks.py").read_text(encoding="utf-8")
    said = [re.sub(r"\{[^}]*\}", "12333", text) for text in re.findall(r'yield f"\{[^}]+\}[^:]*: ([^"]+)"', source)]
    codes = {rule.code for rule in RULES}

    assert len(said) >= 15
    assert [text for text in said if in_chinese(Fault(where="", what=text)).code not in codes] == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (PlannedLine("112", "emergency"), "no_emergency_number"),
        (PlannedLine("119", "12345"), "emergency_number_merged"),
        (PlannedLine("12345", "12345", aliases=["120"]), "emergency_number_as_alias"),
        (PlannedLine("12315", "retained"), "retained_line_not_joined"),
        (PlannedLine("12312", "cancelled"), "cancelled_without_day"),
        (PlannedLine("12388", "12345", is_new=True), "new_line_unapproved"),
    ],
)
def test_every_rule_of_state_has_a_sentence(line: PlannedLine, code: str) -> None:
    [objection] = objections_to(line)

    assert in_chinese(Fault(where="lines", what=objection)).code == code


@pytest.mark.parametrize(("place", "code"), [(place, code) for place, code, _ in OTHER if place])
def test_what_only_the_server_or_a_template_can_mend_says_so(place: str, code: str) -> None:
    told = in_chinese(Fault(where=f"{place} somewhere", what="the moon is full"))

    assert told.code == code
    assert told.text_zh.endswith("：the moon is full")
    assert len(CHINESE.findall(told.text_zh)) > 5


def test_numbers_and_names_of_a_fault_are_kept() -> None:
    fault = Fault(where="lines[12333].queue", what="there is no queue front. Add it under queues or correct it.")

    assert in_chinese(fault).text_zh == "没有队列 front，请在 queues 下添加，或改正名称"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_chinese_sentence_uses_only_what_its_pattern_finds(rule: tuple[str, str, str]) -> None:
    used = [int(number) for number in re.findall(r"\\(\d)", rule[2])]

    assert max(used, default=0) <= re.compile(rule[1]).groups


def test_a_code_means_one_rule() -> None:
    codes = [rule.code for rule in RULES]

    assert sorted(set(codes)) == sorted(codes)
