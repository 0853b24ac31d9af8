"""What the pages ask of `hotline dialplan`: the real commands and the tests' own keep the same promises."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.contract.changes import ProposalStatus
from app.contract.env import PROJECT
from app.operations.commands import OWN_PROGRAM, ChangeRefused, CommandFailed, DialplanCommands
from app.operations.plan_text import NewPeriod, add_period
from app.platform.clock import utc_now

pytestmark = pytest.mark.services

FAKE = (sys.executable, "-m", "tests.fakes.dialplan_program")


@pytest.fixture(scope="module")
def node_home() -> Iterator[Path]:
    """A node as set-up leaves it, without a running Asterisk; in a folder that Asterisk's user may enter."""
    home = Path(tempfile.mkdtemp(prefix="hotline-node-"))
    home.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment["HOTLINE_HOME"] = str(home)
    root = os.environ.get("HOTLINE_ASTERISK_ROOT", str(PROJECT / ".runtime/asterisk-root"))
    (home / "hotline.env").touch(mode=0o600)
    (home / "hotline.env").write_text(f"HOTLINE_ASTERISK_ROOT={root}\n")
    subprocess.run([sys.executable, "-m", "app.cli", "setup"], env=environment, check=True, capture_output=True)
    yield home
    shutil.rmtree(home)


@pytest.fixture(params=["real", "fake"])
def commands(request: pytest.FixtureRequest, tmp_path: Path) -> DialplanCommands:
    if request.param == "fake":
        return DialplanCommands(tmp_path, FAKE)
    return DialplanCommands(request.getfixturevalue("node_home"), OWN_PROGRAM)


def changed(commands: DialplanCommands) -> str:
    """The plan in force with a mode more for 12328."""
    today = utc_now().date()
    period = NewPeriod(today.replace(year=today.year + 3, day=1), "direct_merge")
    text = add_period(commands.show().plan_text, "12328", period, today=today)
    parallel = NewPeriod(today.replace(year=today.year + 4, day=1), "parallel", trunk="transport", order="together")
    return add_period(text, "12328", parallel, today=today)


def test_the_plan_in_force_changes_nothing(commands: DialplanCommands) -> None:
    applied = commands.show()

    change = commands.plan(applied.plan_text)

    assert applied.version is not None
    assert (change.faults, change.is_empty) == ([], True)


def test_a_changed_plan_is_told_in_chinese_with_its_files(commands: DialplanCommands) -> None:
    change = commands.plan(changed(commands))

    assert change.faults == []
    assert any("12328" in one.text_zh for one in change.meaning)
    assert [file.name for file in change.files] == ["extensions.conf"]


def test_state_trunks_and_history_are_of_the_plan_in_force(commands: DialplanCommands) -> None:
    state, history = commands.state(), commands.history(10)

    assert state.current is not None
    assert [one.number for one in history.versions if one.is_current] == [state.current.number]
    assert "transport" in {trunk.name for trunk in commands.trunks().trunks}


def test_a_change_is_proposed_by_one_and_approved_by_another(commands: DialplanCommands) -> None:
    proposal = commands.propose(changed(commands), why="12328 并入", by="ops1")

    assert (proposal.status, proposal.by, proposal.why) == (ProposalStatus.OPEN, "ops1", "12328 并入")
    with pytest.raises(ChangeRefused, match="须由另一人批准"):
        commands.approve(proposal.id, by="ops1")
    assert commands.approve(proposal.id, by="ops2").decided_by == "ops2"
    assert commands.proposal(proposal.id).status is ProposalStatus.APPROVED
    assert commands.proposals().proposals[0].id == proposal.id


def test_a_reason_is_never_read_as_an_option(commands: DialplanCommands) -> None:
    proposal = commands.propose(changed(commands), why="--by=somebody else", by="ops1")

    assert (proposal.why, proposal.by) == ("--by=somebody else", "ops1")


def test_a_rejection_keeps_its_reason_and_ends_the_proposal(commands: DialplanCommands) -> None:
    proposal = commands.propose(changed(commands), why="12328 并入", by="ops1")

    assert commands.reject(proposal.id, why="日期不对", by="ops2").decided_why == "日期不对"
    with pytest.raises(ChangeRefused, match="已经处理过"):
        commands.approve(proposal.id, by="ops3")


def test_what_the_node_has_already_cannot_be_proposed(commands: DialplanCommands) -> None:
    with pytest.raises(ChangeRefused, match="没有可申请的变化"):
        commands.propose(commands.show().plan_text, why="没有变化", by="ops1")


@pytest.mark.parametrize("proposal_id", ["20260101-000000-abcdef", "x", "..%2f"])
def test_a_proposal_that_does_not_exist_is_refused(commands: DialplanCommands, proposal_id: str) -> None:
    with pytest.raises(ChangeRefused, match="没有这份申请"):
        commands.proposal(proposal_id)


def test_a_version_that_does_not_exist_is_refused(commands: DialplanCommands) -> None:
    with pytest.raises(ChangeRefused, match="没有第 999 版"):
        commands.show(999)


@pytest.mark.parametrize(
    "program",
    [("/nowhere/hotline",), (sys.executable, "-c", "print('no json')"), (sys.executable, "-c", "pass")],
    ids=["cannot be started", "talks nonsense", "says nothing"],
)
def test_a_command_that_does_not_answer_as_agreed_is_told(program: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        DialplanCommands(tmp_path, program).state()
