"""Real Asterisk takes what we render, without a word of complaint."""

import re
from pathlib import Path

import pytest

from dialplan.asterisk import asterisk_version, is_running
from dialplan.check import check_site
from dialplan.lint import MODULE_OF
from tests.calls.dialplan.asterisk_node import AsteriskNode

pytestmark = pytest.mark.calls


def complaints(node: AsteriskNode) -> list[str]:
    """Warnings and errors that are not about a call."""
    return [line for line in node.log() if re.search(r"\b(WARNING|ERROR)\[", line) and "[C-" not in line]


def test_asterisk_starts_without_a_warning(node: AsteriskNode) -> None:
    assert complaints(node) == []


def test_a_reload_is_taken_without_a_warning(node: AsteriskNode) -> None:
    node.cli("core reload")

    assert "common has 0 calls" in node.cli("queue show")
    assert complaints(node) == []


def test_whether_asterisk_runs_is_known(node: AsteriskNode, tmp_path: Path) -> None:
    assert is_running(node.settings)
    assert not is_running(node.settings.model_copy(update={"home": tmp_path}))


def test_the_version_is_told(node: AsteriskNode) -> None:
    assert int(asterisk_version(node.settings).split(".")[0]) >= 20


def test_every_listed_module_runs_and_no_other_is_loaded(node: AsteriskNode) -> None:
    wanted = set(re.findall(r"^load = (\S+)", (node.home / "etc/modules.conf").read_text(), re.MULTILINE))
    shown = node.cli("module show").splitlines()

    assert {line.split()[0] for line in shown if ".so" in line and "Running" in line} == wanted


@pytest.mark.parametrize("name", sorted(name for name in MODULE_OF if not name.isupper() or name == "AGI"))
def test_every_application_of_the_dialplan_exists(name: str, node: AsteriskNode) -> None:
    assert name.lower() in node.cli(f"core show application {name}").lower().split("[synopsis]")[0]


def test_the_check_finds_nothing(node: AsteriskNode) -> None:
    assert check_site(node.settings) == []


def test_asterisk_runs_as_nobody_in_particular_and_cannot_change_its_configuration(node: AsteriskNode) -> None:
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    configuration = node.home / "etc/pjsip.conf"

    assert re.search(rf"^Uid:\t{node.settings.asterisk_uid}\t", status, re.MULTILINE)
    assert configuration.stat().st_uid != node.settings.asterisk_uid
    assert configuration.stat().st_mode & 0o027 == 0


def test_the_queues_of_the_plan_exist(node: AsteriskNode) -> None:
    shown = node.cli("queue show")

    assert "common has 0 calls" in shown
    assert "consumer has 0 calls" in shown


def test_the_bridge_s_account_may_not_act(node: AsteriskNode) -> None:
    shown = node.cli("manager show user hotline-events")

    assert "write perm: reporting" in shown
    assert "read perm: system,call,agent,user" in shown
