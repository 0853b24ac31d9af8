"""In which language a flow speaks: its own, or that of whoever called it."""

from pathlib import Path

import pytest

from ivr_flows.loader import read_flows
from ivr_flows.model import FlowState, LookedUp, Played
from ivr_flows.stepper import Flows, start, step

PART = """\
flow: part
title: 部分
part: true
language: {language}
start: ask
nodes:
  ask: {{kind: lookup, what: count, next: say, not_found: end, failed: end}}
  say: {{kind: say, items: [{{number: count.there}}], next: end}}
  end: {{kind: return}}
"""
OUTER = """\
flow: outer
title: 外层
language: {language}
start: part
unrecorded_reason: 测试
nodes:
  part: {{kind: sub-flow, flow: part, next: again}}
  again: {{kind: say, items: [{{number: count.there}}], next: person}}
  person: {{kind: queue, queue: common}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def flows_of(folder: Path, outer: str, part: str) -> Flows:
    (folder / "outer.yaml").write_text(OUTER.format(language=outer), encoding="utf-8")
    (folder / "part.yaml").write_text(PART.format(language=part), encoding="utf-8")
    flows, problems = read_flows(sorted(folder.glob("*.yaml")))
    assert problems == []
    return flows


def languages(flows: Flows, values: dict[str, str] | None = None) -> tuple[str, str]:
    """Spoken inside the part, and behind it."""
    current = start(flows, "outer", values)
    current = step(flows, current.state, LookedUp("known", {"there": "11"}))
    inside = language_of(current.state)
    return inside, language_of(step(flows, current.state, Played()).state)


def language_of(state: FlowState) -> str:
    return state.value("language")


@pytest.mark.parametrize(
    ("outer", "part", "heard"),
    [
        ("zh", "zh", ("zh", "zh")),
        ("zh", "en", ("en", "zh")),
        ("en", "any", ("en", "en")),
        ("zh", "any", ("zh", "zh")),
        ("any", "en", ("en", "en")),
        ("any", "any", ("zh", "zh")),
    ],
)
def test_a_part_for_any_language_goes_on_in_the_last(
    folder: Path, outer: str, part: str, heard: tuple[str, str]
) -> None:
    assert languages(flows_of(folder, outer, part)) == heard


def test_a_flow_for_any_language_begins_in_the_callers(folder: Path) -> None:
    assert languages(flows_of(folder, "any", "any"), {"language": "en"}) == ("en", "en")


def test_numbers_are_said_in_the_language_of_the_moment(folder: Path) -> None:
    flows = flows_of(folder, "zh", "en")
    inside = step(flows, start(flows, "outer").state, LookedUp("known", {"there": "11"}))
    behind = step(flows, inside.state, Played())

    assert getattr(inside.effect, "items") == ("say-11",)  # noqa: B009
    assert getattr(behind.effect, "items") == ("say-10", "say-1")  # noqa: B009
