"""An apply that is ended, killed or refused room in the middle leaves the node in one state, and says which."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.contract.changes import Outcome, Step, StepName, StepOutcome
from app.contract.env import PROJECT
from dialplan.changes.lock import ChangeLock
from dialplan.changes.mending import Marker, MendingRefused, mend
from dialplan.changes.node_state import node_state
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.versions import VersionStore
from dialplan.settings import DialplanSettings
from tests.fakes.asterisk_console import AsteriskConsole
from tests.unit.changes.conftest import TEXT, apply, rendered

EDITED = TEXT.replace("8001-8004", "8001-8006")
FULL = OSError(errno.ENOSPC, "No space left on device", "somewhere")


@pytest.fixture
def used(node: DialplanSettings) -> DialplanSettings:
    """A node with a plan in force."""
    assert apply(node, TEXT).outcome is Outcome.APPLIED
    return node


def at(name: StepName, outcome: StepOutcome, do: Callable[[], object]) -> Callable[[Step], None]:
    """Does it when this step is told."""
    return lambda step: do() if (step.name, step.outcome) == (name, outcome) else None  # type: ignore[func-returns-value,return-value]


def is_as_before(node: DialplanSettings, store: VersionStore, before: dict[str, str]) -> bool:
    is_settled = Marker(store).find() is None and not (node.asterisk_home / ".etc-beside").exists()
    is_free = ChangeLock(store.folder).holder() is None
    return rendered(node) == before and store.current_number() == 1 and is_settled and is_free


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_before_the_swap_changes_nothing(
    used: DialplanSettings, store: VersionStore, number: signal.Signals
) -> None:
    before = rendered(used)
    kill = at(StepName.REHEARSE, StepOutcome.RUNNING, lambda: os.kill(os.getpid(), number))

    report = apply(used, EDITED, on_step=kill)

    assert (report.outcome, report.code, report.message) == (Outcome.REFUSED, "interrupted", f"ended by {number.name}")
    assert store.numbers() == [1]
    assert rendered(used) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_after_the_swap_brings_the_old_files_back(
    used: DialplanSettings, store: VersionStore, number: signal.Signals
) -> None:
    before = rendered(used)
    kill = at(StepName.SWAP, StepOutcome.DONE, lambda: os.kill(os.getpid(), number))

    report = apply(used, EDITED, on_step=kill)

    assert (report.outcome, report.code) == (Outcome.ROLLED_BACK, "interrupted")
    assert is_as_before(used, store, before)
    [newest, _] = store.history().versions
    assert (newest.outcome, newest.message_zh) == (Outcome.ROLLED_BACK, f"执行被中止（{number.name}）")


def test_a_signal_while_the_history_is_written_comes_too_late(used: DialplanSettings, store: VersionStore) -> None:
    kill = at(StepName.HISTORY, StepOutcome.RUNNING, lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert apply(used, EDITED, on_step=kill).outcome is Outcome.APPLIED
    assert store.current_number() == 2


def test_a_second_signal_does_not_end_the_way_back(used: DialplanSettings, store: VersionStore) -> None:
    before = rendered(used)

    def kill(step: Step) -> None:
        if step.name in (StepName.SWAP, StepName.ROLL_BACK):
            os.kill(os.getpid(), signal.SIGTERM)

    assert apply(used, EDITED, on_step=kill).outcome in (Outcome.ROLLED_BACK, Outcome.REFUSED)
    assert is_as_before(used, store, before)


def test_signals_mean_what_they_meant_when_a_change_is_over(used: DialplanSettings) -> None:
    before = signal.getsignal(signal.SIGINT)

    apply(used, EDITED)

    assert signal.getsignal(signal.SIGINT) is before


def test_whoever_looks_may_go_away_and_the_change_goes_on(used: DialplanSettings) -> None:
    def broken(_: Step) -> None:
        raise BrokenPipeError

    assert apply(used, EDITED, on_step=broken).outcome is Outcome.APPLIED


def killed(node: DialplanSettings, name: StepName, outcome: StepOutcome) -> None:
    """An apply in a process of its own that is gone, as by kill -9, when this step is told."""
    script = (
        "import os, sys\nfrom dialplan.changes import applying\nfrom dialplan.settings import DialplanSettings\n"
        "applying.rehearse = lambda *_: []\n"
        "def end(step):\n    if (step.name, step.outcome) == (sys.argv[1], sys.argv[2]): os._exit(9)\n"
        "request = applying.ChangeRequest(sys.stdin.read(), 'plan', 'bob', 'killed')\n"
        "applying.Applying(DialplanSettings(), request, on_step=end).run()\n"
    )
    secrets = {name: getattr(node, name).get_secret_value() for name in type(node).model_fields if "secret" in name}
    own = {f"HOTLINE_{name.upper()}": value for name, value in secrets.items()} | {"HOTLINE_HOME": str(node.home)}
    done = subprocess.run(
        [sys.executable, "-c", script, name, outcome], input=EDITED, text=True, cwd=PROJECT, check=False,
        env=os.environ | own | {"HOTLINE_SITE_PLAN": str(node.site_plan)},
    )  # fmt: skip
    assert done.returncode == 9


def test_who_is_killed_after_the_swap_is_mended_by_the_next(used: DialplanSettings, store: VersionStore) -> None:
    before = rendered(used)
    killed(used, StepName.SWAP, StepOutcome.DONE)
    assert rendered(used) != before
    assert node_state(used).is_cut_short

    mended = mend(used, by="hotline up")

    assert mended is not None
    assert is_as_before(used, store, before)
    [newest, _] = store.history().versions
    assert (newest.by, newest.why, newest.outcome, newest.code) == ("bob", "killed", Outcome.ROLLED_BACK, "mended")
    assert mend(used, by="hotline up") is None


def test_who_is_killed_when_all_was_written_stays_in_force(used: DialplanSettings, store: VersionStore) -> None:
    killed(used, StepName.HISTORY, StepOutcome.DONE)
    new = rendered(used)

    report = apply(used, EDITED)

    assert report.outcome is Outcome.NOTHING_TO_DO
    assert "had taken effect" in report.steps[0].detail
    assert (rendered(used), store.current_number()) == (new, 2)


def test_a_mark_is_kept_until_asterisk_has_taken_the_old_files(used: DialplanSettings, store: VersionStore) -> None:
    before = rendered(used)
    killed(used, StepName.SWAP, StepOutcome.DONE)

    with AsteriskConsole(used.asterisk_home, {"reload": "Unable to reload"}):
        report = apply(used, EDITED)
        with pytest.raises(MendingRefused, match="Asterisk does not take them over"):
            mend(used, by="hotline up")
    assert (report.outcome, report.code) == (Outcome.REFUSED, "mending_refused")
    assert rendered(used) == before

    assert mend(used, by="hotline up") is not None
    assert is_as_before(used, store, before)


def test_where_going_back_fails_too_the_mark_stays_for_the_next(used: DialplanSettings, store: VersionStore) -> None:
    before = rendered(used)
    answers = {"channels": "0 active channels", "reload": "Unable to reload"}

    with AsteriskConsole(used.asterisk_home, answers):
        report = apply(used, EDITED)

    assert (report.outcome, report.code, store.read(2).outcome) == (Outcome.BROKEN, "broken", Outcome.BROKEN)
    assert "hotline up" in report.remedy_zh
    assert Marker(store).find() is not None
    assert mend(used, by="hotline up") is not None
    assert is_as_before(used, store, before)


def test_an_asterisk_that_runs_and_does_not_answer_is_not_taken_for_stopped(
    used: DialplanSettings, store: VersionStore
) -> None:
    before = rendered(used)

    with AsteriskConsole(used.asterisk_home, {}):
        report = apply(used, EDITED)

    assert (report.outcome, report.code) == (Outcome.REFUSED, "asterisk_silent")
    assert is_as_before(used, store, before)


def test_files_that_cannot_be_written_are_told_and_nothing_changes(
    used: DialplanSettings, store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rendered(used)

    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(ConfigurationFolder, "stage", full)
    report = apply(used, EDITED)

    assert (report.outcome, report.code) == (Outcome.REFUSED, "storage")
    assert report.message_zh == "无法读写 somewhere：磁盘已满"
    assert (rendered(used), store.numbers()) == (before, [1])


@pytest.mark.parametrize("method", ["draft", "publish", "point_to"])
def test_a_history_that_cannot_be_written_leaves_no_change_without_a_record(
    used: DialplanSettings, store: VersionStore, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    before = rendered(used)

    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(VersionStore, method, full)
    report = apply(used, EDITED)
    monkeypatch.undo()

    assert report.outcome in (Outcome.REFUSED, Outcome.ROLLED_BACK)
    assert report.code == "storage"
    assert is_as_before(used, store, before)
    assert not any(store.is_applied(number) for number in store.numbers() if number > 1)


def test_a_home_that_is_read_only_is_told(used: DialplanSettings, tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")

    report = apply(used.model_copy(update={"home": nowhere}), EDITED)

    assert (report.outcome, report.code) == (Outcome.REFUSED, "storage")


def test_a_file_edited_while_the_change_runs_is_not_lost(used: DialplanSettings, store: VersionStore) -> None:
    file = used.asterisk_home / "etc/queues.conf"

    def edit() -> None:
        file.write_text(file.read_text() + "; my night shift\n")

    report = apply(used, EDITED, on_step=at(StepName.REHEARSE, StepOutcome.DONE, edit))

    assert (report.outcome, report.code) == (Outcome.ROLLED_BACK, "edited_meanwhile")
    assert file.read_text().endswith("; my night shift\n")
