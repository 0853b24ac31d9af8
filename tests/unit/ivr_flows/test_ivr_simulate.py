"""Flows played by scripts: every kind of node, every exit of it."""

from pathlib import Path

import pytest

from ivr_flows.flow import Flow
from ivr_flows.loader import read_flows
from ivr_flows.simulate import Case, Run, edges, play, read_script
from ivr_flows.stepper import Move

FLOWS = Path(__file__).parents[2] / "flows"
CASES, PROBLEMS = read_script(FLOWS / "scripts" / "every-kind.yaml")
UNUSUAL = {Move("every-kind", "check-number", "failed")}
"""No script makes a pure function break: see test_ivr_steps."""


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    found, problems = read_flows(sorted(FLOWS.glob("*.yaml")))
    return found if not problems else pytest.fail("\n".join(map(str, problems)))


@pytest.mark.parametrize("title", CASES)
def test_each_case_goes_as_its_script_says(flows: dict[str, Flow], title: str) -> None:
    assert play(flows, "every-kind", CASES[title]).problems == []


def test_the_script_takes_every_exit_of_every_node(flows: dict[str, Flow]) -> None:
    taken = {move for case in CASES.values() for move in play(flows, "every-kind", case).moves}

    assert edges(flows["every-kind"]) | edges(flows["every-part"]) == taken | UNUSUAL


def test_a_side_door_goes_back_to_the_queue(flows: dict[str, Flow]) -> None:
    assert play(flows, "every-door", Case()).end == "back next"


def run(flows: dict[str, Flow], **case: object) -> Run:
    return play(flows, "every-kind", Case.model_validate(case))


def test_a_look_up_s_words_and_dates_are_spoken(flows: dict[str, Flow]) -> None:
    told = {"status": "status-handling", "due_on": "2026-12-01"}

    heard = run(flows, keys=["1", "12345678"], lookups={"progress": told}).heard

    assert heard[heard.index("ask-code") + 1 :] == [
        "status-handling", "say-10", "say-2", "say-month", "say-1", "say-day",
    ]  # fmt: skip


def test_what_is_not_known_is_left_out_of_the_sentence(flows: dict[str, Flow]) -> None:
    assert run(flows, values={"waiting": "12"}, keys=["#"]).heard[:4] == ["greeting", "ahead", "say-10", "say-2"]


@pytest.mark.parametrize("evil", ["../../etc/passwd", "a b", "名字", "x" * 41, ""])
def test_a_prompt_that_a_look_up_names_must_be_a_name(flows: dict[str, Flow], evil: str) -> None:
    heard = run(flows, keys=["1", "12345678"], lookups={"progress": {"status": evil}}).heard

    assert heard[-1] == "ask-code"


def test_numbers_are_kept_and_scores_too(flows: dict[str, Flow]) -> None:
    assert run(flows, keys=["3"], values={"number": "+8613800005678"}).kept == ["call-back 13800005678"]
    assert run(flows, keys=["4", "2"]).kept == ["rating 2"]


def test_keys_that_nobody_asked_for_are_told(flows: dict[str, Flow]) -> None:
    assert run(flows, keys=["8", "1", "2"]).problems == ["nobody asked for the keys '1', '2'"]


def test_what_was_expected_and_did_not_happen_is_told(flows: dict[str, Flow]) -> None:
    assert run(flows, keys=["8"], end="queue", hears=["greeting"]).problems == [
        "heard greeting, menu, say-0; expected greeting",
        "ended with 'hang up', expected 'queue'",
    ]


def test_a_broken_script_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("one:\n  keys: '1'\ntwo:\n  ends: queue\n")

    _, problems = read_script(file)

    assert [str(problem) for problem in problems] == [
        "broken.yaml:2: case 'one': keys: Input should be a valid list",
        "broken.yaml:4: case 'two': ends: Extra inputs are not permitted",
    ]
