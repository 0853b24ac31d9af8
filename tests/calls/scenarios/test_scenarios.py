"""Every scenario against the whole product: real calls, real faults; phones and case store must agree."""

import json
from pathlib import Path

import pytest
import yaml

from sipp_scenarios.loading import scenario_names
from sipp_scenarios.templates import SCENARIOS
from tests.stack import Stack

pytestmark = pytest.mark.calls


@pytest.mark.parametrize("name", scenario_names())
def test_phones_and_store_agree(brief_stack: Stack, name: str) -> None:
    result = brief_stack.run_cli("call", name, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def own_scenario(folder: Path, name: str, **expect: object) -> None:
    scenario = yaml.safe_load((SCENARIOS / name / "scenario.yaml").read_text(encoding="utf-8"))
    scenario["expect"] |= expect
    write_own(folder, scenario)


def write_own(folder: Path, scenario: object) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/scenario.yaml").write_text(yaml.safe_dump(scenario), encoding="utf-8")


@pytest.mark.parametrize(
    ("order", "apart_ms"),
    [(["bureau", "agent"], 0), (["agent", "bureau"], 780), (["agent", "bureau"], 800), (["agent", "bureau"], 820)],
)
def test_of_two_who_answer_one_has_the_citizen_however_close_they_are(
    brief_stack: Stack, tmp_path: Path, order: list[str], apart_ms: int
) -> None:
    """An agent who picked up is told the line for 0.8 s: until then the department may still be first."""
    scenario = yaml.safe_load((SCENARIOS / "parallel-both-answer-at-once/scenario.yaml").read_text(encoding="utf-8"))
    step = next(step for step in scenario["steps"] if "answer" in step)
    step.update(answer=order, apart_ms=apart_ms)
    write_own(tmp_path, scenario)

    result = brief_stack.run_cli("call", "mine", "--folder", str(tmp_path), check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_scenario_that_expects_the_wrong_thing_fails_and_says_what(brief_stack: Stack, tmp_path: Path) -> None:
    own_scenario(tmp_path, "options-ping", people={"carrier": ["alive", "singing"]})

    result = brief_stack.run_cli("call", "mine", "--json", "--folder", str(tmp_path), check=False)

    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert not report["is_passed"]
    assert [check["what"] for check in report["checks"] if not check["is_met"]] == ["carrier saw"]
    assert report["hints"][0] == "Only the SIP side disagrees: the store is as expected."


def test_a_stack_that_does_not_allow_faults_is_left_alone(brief_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(brief_stack.environment, "HOTLINE_ALLOW_FAULTS", "false")

    result = brief_stack.run_cli("call", "agi-is-down", check=False)

    assert result.returncode == 2
    assert "allow it with --allow-faults" in result.stderr
    assert brief_stack.control.get_state("agi").state == "RUNNING"


def test_a_name_that_is_no_scenario_is_refused_with_those_that_are(brief_stack: Stack) -> None:
    result = brief_stack.run_cli("call", "no-such-scenario", check=False)

    assert result.returncode == 2
    assert "caller-reaches-agent" in result.stderr
