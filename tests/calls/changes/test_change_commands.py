"""`hotline dialplan …` as a page or a script uses it: one JSON document, of the type that was agreed."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest
import yaml

from app.cli.line_voices import speak_lines
from app.contract import changes
from app.contract.env import PROJECT
from dialplan.plan_file import parse_plan
from tests.calls.changes.changing_node import ChangingNode, plan_text
from tests.calls.changes.test_applying_on_asterisk import new_line

pytestmark = pytest.mark.calls

Answer = TypeVar("Answer", bound=changes.Message)
SECRETS = ("ami_events_secret", "ami_commands_secret", "seat_secret")


class Commands:
    """`hotline dialplan` on one node."""

    def __init__(self, node: ChangingNode) -> None:
        settings = node.settings
        values = {name: getattr(settings, name) for name in type(settings).model_fields}
        values |= {name: values[name].get_secret_value() for name in SECRETS}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        self._environment = clean | {f"HOTLINE_{name.upper()}": str(value) for name, value in values.items()}
        settings.site_plan.write_text(plan_text(), encoding="utf-8")

    def run(self, *arguments: str, text: str = "", data: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "dialplan", *arguments],
            input=data or text.encode(), capture_output=True, check=False, cwd=PROJECT, env=self._environment,
            timeout=60,
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def ask(self, kind: type[Answer], *arguments: str, text: str = "") -> Answer:
        done = self.run(*arguments, "--json", text=text)
        assert done.stdout.count("\n") == 1, done.stdout + done.stderr
        return kind.model_validate_json(done.stdout)


@pytest.fixture
def commands(node: ChangingNode) -> Commands:
    speak_lines(parse_plan(plan_text(new_line), name="plan"), node.home / "data/sounds")
    return Commands(node)


def test_check_finds_nothing_in_a_good_plan_and_says_where_a_bad_one_is_wrong(commands: Commands) -> None:
    assert commands.ask(changes.CheckReport, "check") == changes.CheckReport(is_good=True)

    broken = plan_text(lambda plan: plan["trunks"][0].update(flow="no-such-flow"))
    found = commands.ask(changes.CheckReport, "check", "--plan", "-", text=broken)

    assert [(fault.where, fault.what) for fault in found.faults] == [
        ("trunks[carrier].flow", "there is no flow no-such-flow")
    ]


@pytest.mark.parametrize("text", ["", "\0", "lines: [", "- 1\n", "name: 7\n"])
def test_a_plan_that_is_none_is_a_fault_and_no_stack_trace(commands: Commands, text: str) -> None:
    change = commands.ask(changes.ChangePlan, "plan", "--plan", "-", text=text)

    assert change.faults


def test_a_change_goes_from_proposal_over_approval_into_force_and_back(commands: Commands, node: ChangingNode) -> None:
    wanted = plan_text(new_line)
    before = commands.ask(changes.NodeState, "state").current

    proposal = commands.ask(changes.Proposal, "propose", "--plan", "-", "--why", "12399", "--by", "anna", text=wanted)
    alone = commands.ask(changes.Refusal, "approve", proposal.id, "--by", "anna")
    approved = commands.ask(changes.Proposal, "approve", proposal.id, "--by", "bob")
    report = commands.ask(changes.ApplyReport, "apply", "--proposal", proposal.id, "--by", "anna")

    assert "somebody else" in alone.message
    assert approved.status is changes.ProposalStatus.APPROVED
    assert report.outcome is changes.Outcome.APPLIED, report
    shown = commands.ask(changes.VersionDetail, "show")
    assert shown.version
    assert (shown.version.by, shown.version.approved_by, shown.version.why) == ("anna", "bob", "12399")
    assert yaml.safe_load(shown.plan_text) == yaml.safe_load(wanted)
    assert any("+exten => 12399" in file.diff for file in shown.version.files)
    assert commands.ask(changes.Proposal, "proposal", proposal.id).applied_as == shown.version.number

    back = commands.ask(changes.ApplyReport, "rollback", "--why", "too early", "--by", "carol")

    assert back.outcome is changes.Outcome.APPLIED
    history = commands.ask(changes.History, "history").versions
    assert (history[0].rolled_back_to, history[0].is_current) == (before.number if before else None, True)
    assert "12399" not in node.cli("dialplan show from-trunk-carrier")


def test_progress_comes_line_by_line_and_the_report_last(commands: Commands) -> None:
    done = commands.run("apply", "--plan", "-", "--why", "x", "--json", "--progress", text=plan_text(new_line))

    *lines, last = done.stdout.splitlines()
    steps = [changes.Progress.model_validate_json(line).step for line in lines]
    assert changes.ApplyReport.model_validate_json(last).outcome is changes.Outcome.APPLIED
    assert (steps[0].name, steps[0].outcome) == (changes.StepName.CHECK, changes.StepOutcome.RUNNING)
    assert steps[-1].name is changes.StepName.TAKE_OVER


def test_a_store_that_is_away_undoes_nothing(commands: Commands) -> None:
    report = commands.ask(changes.ApplyReport, "apply", "--plan", "-", "--why", "x", text=plan_text(new_line))

    assert report.outcome is changes.Outcome.APPLIED
    assert (report.steps[-1].name, report.steps[-1].outcome) == (changes.StepName.TAKE_OVER, changes.StepOutcome.FAILED)


def test_an_older_plan_file_does_not_undo_what_was_applied_elsewhere(commands: Commands) -> None:
    commands.ask(changes.ApplyReport, "apply", "--why", "the file")
    commands.ask(changes.ApplyReport, "apply", "--plan", "-", "--why", "the page", text=plan_text(new_line))

    refused = commands.ask(changes.Refusal, "apply", "--why", "by mistake")

    assert "older than the plan in force" in refused.message


def test_trunks_are_told_as_asterisk_sees_them(commands: Commands) -> None:
    report = commands.ask(changes.TrunkReport, "trunks")

    assert report.is_running
    states = {trunk.name: trunk.qualify for trunk in report.trunks}
    assert states["carrier"] is changes.Qualify.NOT_ASKED
    assert states["labour"] in (changes.Qualify.UNREACHABLE, changes.Qualify.UNKNOWN)  # nobody plays it here


def test_a_plan_in_another_encoding_is_refused_in_words(commands: Commands) -> None:
    done = commands.run("check", "--plan", "-", "--json", data="name: 热线".encode("gbk"))

    assert changes.Refusal.model_validate_json(done.stdout).code == "file_not_utf8"
    assert "Traceback" not in done.stderr


REFUSED: dict[str, Callable[[Commands], changes.Refusal]] = {
    "there is no version 999": lambda node: node.ask(changes.Refusal, "rollback", "999", "--why", "x"),
    "there is no proposal nonsense": lambda node: node.ask(changes.Refusal, "apply", "--proposal", "nonsense"),
    "a change needs a reason": lambda node: node.ask(changes.Refusal, "apply"),
    "/no/such.yaml cannot be read": lambda node: node.ask(changes.Refusal, "plan", "--plan", "/no/such.yaml"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_done_is_refused_in_words(commands: Commands, words: str) -> None:
    refusal = REFUSED[words](commands)

    assert words in refusal.message
    assert refusal.remedy


def test_a_person_sees_the_change_in_words(commands: Commands) -> None:
    done = commands.run("plan", "--plan", "-", text=plan_text(new_line))

    assert "+ line 12399 (新线路) is added as 12345, queue common" in done.stdout
    assert "Asterisk takes it over by: dialplan reload" in done.stdout
