"""A clock that is moved for a rehearsal is shown, and every change ends it."""

from pathlib import Path

import pytest

from app.contract.changes import Outcome, StepName
from dialplan.changes import clock
from dialplan.changes.node_state import node_state
from dialplan.changes.planning import plan_change
from dialplan.settings import DialplanSettings
from tests.fakes.asterisk_console import AsteriskConsole
from tests.unit.changes.conftest import TEXT, apply

ANSWERS = {
    "dialplan show globals": "   HL_MAIN=1\n   HL_CLOCK_OFFSET_SECONDS=-86400\n",
    "core show channels count": "2 active channels\n",
    "reload": "OK",
    "set global": "-- Global variable set",
}


@pytest.fixture
def rehearsing(node: DialplanSettings, monkeypatch: pytest.MonkeyPatch) -> DialplanSettings:
    """A node with a plan in force; what its Asterisk has beyond the clock is not asked."""
    assert apply(node, TEXT).outcome is Outcome.APPLIED
    monkeypatch.setattr("dialplan.changes.taking_effect.deviations", lambda *_: [])
    return node


def test_state_and_plan_show_it(rehearsing: DialplanSettings) -> None:
    with AsteriskConsole(rehearsing.asterisk_home, ANSWERS):
        assert node_state(rehearsing).clock_offset_seconds == -86_400
        assert plan_change(rehearsing, TEXT).change.clock_offset_seconds == -86_400

    assert node_state(rehearsing).clock_offset_seconds == 0


def test_a_change_that_leaves_the_dialplan_alone_ends_it_too(rehearsing: DialplanSettings) -> None:
    edited = TEXT.replace("label: 综合受理,", "label: 综合受理, ring_seconds: 20,")

    with AsteriskConsole(rehearsing.asterisk_home, ANSWERS) as console:
        report = apply(rehearsing, edited)

    assert report.outcome is Outcome.APPLIED
    assert "dialplan reload" not in console.asked
    assert 'dialplan set global HL_CLOCK_OFFSET_SECONDS ""' in console.asked
    [reload] = [step for step in report.steps if step.name is StepName.RELOAD]
    assert reload.detail.endswith("the rehearsed clock is the real time again: ended by this change")
    assert reload.detail_zh.endswith("时间演练已由这次变更结束，恢复真实时间")


def test_a_dry_run_leaves_it_alone(rehearsing: DialplanSettings) -> None:
    with AsteriskConsole(rehearsing.asterisk_home, ANSWERS) as console:
        apply(rehearsing, TEXT.replace("8001-8004", "8001-8005"), is_dry_run=True)

    assert [command for command in console.asked if "set global" in command] == []


def test_a_moved_clock_is_set_and_read_in_seconds(settings: DialplanSettings, tmp_path: Path) -> None:
    with AsteriskConsole(settings.asterisk_home, ANSWERS) as console:
        clock.move(settings, 60)
        assert clock.read_offset(settings) == -86_400

    assert console.asked[0] == "dialplan set global HL_CLOCK_OFFSET_SECONDS 60"
