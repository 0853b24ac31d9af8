"""What a node remembers of its changes: versions, the lock, proposals, hand edits."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.contract.changes import Outcome, ProposalStatus, StepName
from app.contract.env import PROJECT
from dialplan.changes.applying import Applying, ChangeRequest
from dialplan.changes.lock import ChangeLock, Locked
from dialplan.changes.node_state import node_state
from dialplan.changes.planning import hand_edits, plan_change
from dialplan.changes.proposals import ProposalRefused, Proposals
from dialplan.changes.versions import VersionStore, VersionUnknown, digest, manifest_of
from dialplan.changes.wanted import wanted_plan_file
from dialplan.settings import DialplanSettings
from tests.unit.changes.conftest import a_version, apply
from tests.unit.changes.conftest import keep as keep_version

FILES = {"queues.conf": "[general]\n", "manager.conf": "[general]\n"}


def keep(store: VersionStore, number: int, text: str = "name: x\n", **values: object) -> None:
    keep_version(store, a_version(number, manifest=manifest_of(FILES), **values), text, FILES)


def test_a_version_comes_back_as_it_was_kept(store: VersionStore) -> None:
    keep(store, 1, "name: first\n")

    assert store.read(1).by == "anna"
    assert store.read(1).is_current
    assert store.plan_text(1) == "name: first\n"
    assert store.rendering(1) == FILES


def test_the_history_is_newest_first_and_marks_what_is_in_force(store: VersionStore) -> None:
    for number in (1, 2, 3):
        keep(store, number)
    store.point_to(2)

    assert [(version.number, version.is_current) for version in store.history().versions] == [
        (3, False), (2, True), (1, False),
    ]  # fmt: skip


def test_going_back_skips_what_never_was_in_force_and_the_same_plan_rendered_again(store: VersionStore) -> None:
    keep(store, 1, "name: first\n")
    keep(store, 2, "name: broken\n", outcome=Outcome.ROLLED_BACK)
    keep(store, 3, "name: second\n")
    keep(store, 4, "name: second\n")

    assert store.before_current() == 1


def test_there_is_nothing_before_the_first_plan(store: VersionStore) -> None:
    for number in (1, 2):
        keep(store, number, "name: first\n")

    with pytest.raises(VersionUnknown, match="no version before"):
        store.before_current()


def test_a_version_that_does_not_exist_is_told(store: VersionStore) -> None:
    with pytest.raises(VersionUnknown, match="there is no version 7"):
        store.read(7)


def test_a_damaged_pointer_is_as_before_the_first_version(store: VersionStore) -> None:
    (store.folder / "current").write_text("nonsense")

    assert store.current() is None


def test_old_renderings_are_given_up_but_never_their_plans(store: VersionStore) -> None:
    for number in range(1, 15):
        keep(store, number)

    assert store.rendering(1) == {}
    assert store.plan_text(1)
    assert store.rendering(14) == FILES


def test_only_its_owner_may_look_into_the_history(store: VersionStore) -> None:
    assert store.folder.stat().st_mode & 0o077 == 0


def test_a_second_change_is_refused_and_told_by_whom(store: VersionStore) -> None:
    first, second = ChangeLock(store.folder), ChangeLock(store.folder)

    with first.hold("anna", "applying a plan: 12333 joins"):
        first.enter(StepName.REHEARSE)
        with pytest.raises(Locked, match="12333 joins, now at step rehearse") as refused, second.hold("bob", "other"):
            pass

    assert str(refused.value).startswith("anna is changing this node since ")
    assert second.holder() is None


def test_who_only_looks_at_the_lock_keeps_nobody_from_it(store: VersionStore) -> None:
    with (store.folder / "lock").open("w+") as glance:
        fcntl.flock(glance, fcntl.LOCK_SH)
        soon = threading.Timer(0.05, fcntl.flock, (glance, fcntl.LOCK_UN))
        soon.start()
        with ChangeLock(store.folder).hold("anna", "x"):
            soon.join()


def test_the_lock_of_a_killed_process_is_free(store: VersionStore) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom dialplan.changes.lock import ChangeLock\n"
        "lock = ChangeLock(Path(sys.argv[1]))\nheld = lock.hold('anna', 'x')\nheld.__enter__()\nos._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, store.folder], cwd=PROJECT, check=False)

    with ChangeLock(store.folder).hold("bob", "another"):
        holder = ChangeLock(store.folder).holder()

    assert holder is not None
    assert (holder.by, holder.pid) == ("bob", os.getpid())


def test_an_edited_a_new_and_a_deleted_file_are_noticed(store: VersionStore) -> None:
    keep(store, 1)
    live = {"queues.conf": "[general]\nautofill = no\n", "extra.conf": "x\n"}

    found = hand_edits(store, store.current(), live)

    assert [(file.name, file.effect.value) for file in found] == [
        ("extra.conf", "added"), ("manager.conf", "removed"), ("queues.conf", "changed"),
    ]  # fmt: skip
    assert "+autofill = no" in found[2].diff


def test_files_as_they_were_applied_are_no_hand_edits(store: VersionStore) -> None:
    keep(store, 1)

    assert hand_edits(store, store.current(), FILES) == []


def test_a_broken_plan_says_where_and_what_to_do(settings: DialplanSettings, text: str) -> None:
    found = plan_change(settings, text.replace("trunk: labour}", "trunk: labor}"), name="site.yaml").change

    assert found.faults
    assert "labor" in found.faults[0].what
    assert "12333" in found.faults[0].where


def test_the_plan_file_is_wanted_until_another_plan_is_in_force(store: VersionStore, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("first")
    assert wanted_plan_file(tmp_path, file) == file

    keep(store, 1, "first", plan_digest=digest("first"))
    assert wanted_plan_file(tmp_path, file) == file

    keep(store, 2, "from the page", plan_digest=digest("from the page"))
    assert wanted_plan_file(tmp_path, file) == store.place(2) / "site.yaml"

    file.write_text("edited afterwards")
    assert wanted_plan_file(tmp_path, file) == file


@pytest.fixture
def proposals(store: VersionStore) -> Proposals:
    return Proposals(store)


@pytest.fixture
def proposal_id(proposals: Proposals, settings: DialplanSettings, text: str) -> str:
    planned = plan_change(settings, text)
    change = planned.change.model_copy(update={"faults": [], "needs_approval": True})
    planned = type(planned)(text, change, base=None)
    return proposals.propose(planned, by="Anna", why="12333 joins").id


def test_who_proposed_a_change_cannot_approve_it(proposals: Proposals, proposal_id: str) -> None:
    with pytest.raises(ProposalRefused, match="somebody else must approve"):
        proposals.decide(proposal_id, by=" anna", is_approved=True)


def test_a_change_is_released_by_a_second_person_once(proposals: Proposals, proposal_id: str) -> None:
    with pytest.raises(ProposalRefused, match="waits for a second person"):
        proposals.released(proposal_id)

    proposals.decide(proposal_id, by="bob", is_approved=True)

    assert proposals.released(proposal_id).decided_by == "bob"
    with pytest.raises(ProposalRefused, match="approved already"):
        proposals.decide(proposal_id, by="carol", is_approved=True)


def test_an_approved_change_can_be_withdrawn_until_it_is_applied(proposals: Proposals, proposal_id: str) -> None:
    proposals.decide(proposal_id, by="bob", is_approved=True)

    withdrawn = proposals.decide(proposal_id, by="Anna", is_approved=False, why="not this week")

    assert (withdrawn.status, withdrawn.decided_by) == (ProposalStatus.REJECTED, "Anna")
    for is_approved in (True, False):
        with pytest.raises(ProposalRefused, match="rejected already"):
            proposals.decide(proposal_id, by="bob", is_approved=is_approved)
    with pytest.raises(ProposalRefused, match="is rejected already"):
        proposals.released(proposal_id)


def test_an_applied_change_is_not_withdrawn(proposals: Proposals, proposal_id: str) -> None:
    proposals.decide(proposal_id, by="bob", is_approved=True)
    proposals.mark_applied(proposal_id, 1)

    with pytest.raises(ProposalRefused, match="applied already"):
        proposals.decide(proposal_id, by="bob", is_approved=False)


def test_a_change_that_waits_may_be_rehearsed(proposals: Proposals, proposal_id: str) -> None:
    assert proposals.released(proposal_id, is_dry_run=True).status is ProposalStatus.OPEN


def test_where_the_plan_wants_no_approval_a_proposal_needs_none(
    proposals: Proposals, settings: DialplanSettings, text: str
) -> None:
    planned = plan_change(settings, text)
    planned = type(planned)(text, planned.change.model_copy(update={"faults": []}), base=None)
    proposal = proposals.propose(planned, by="Anna", why="12333 joins")

    assert proposals.released(proposal.id).id == proposal.id


def test_an_approval_ends_when_another_change_is_applied(
    proposals: Proposals, proposal_id: str, store: VersionStore
) -> None:
    proposals.decide(proposal_id, by="bob", is_approved=True)
    keep(store, 1)

    assert proposals.read(proposal_id).status is ProposalStatus.STALE
    with pytest.raises(ProposalRefused, match="stale"):
        proposals.released(proposal_id)


def test_one_approval_is_applied_once(
    store: VersionStore, proposals: Proposals, proposal_id: str, node: DialplanSettings, text: str
) -> None:
    proposals.decide(proposal_id, by="bob", is_approved=True)

    first = apply(node, "", proposal_id=proposal_id, why="")
    second = apply(node, "", proposal_id=proposal_id)

    assert (first.outcome, second.outcome, second.code) == (Outcome.APPLIED, Outcome.REFUSED, "proposal_decided")
    assert store.numbers() == [1]
    assert (store.read(1).approved_by, store.read(1).why, store.plan_text(1)) == ("bob", "12333 joins", text)


def test_what_is_withdrawn_before_the_lock_is_held_is_not_applied(
    proposals: Proposals, proposal_id: str, node: DialplanSettings
) -> None:
    proposals.decide(proposal_id, by="bob", is_approved=True)
    change = Applying(node, ChangeRequest("", "proposal", "anna", "", proposal_id=proposal_id))

    proposals.decide(proposal_id, by="bob", is_approved=False, why="a second thought")

    assert change.run().code == "proposal_decided"


def test_nobody_decides_on_a_change_while_it_runs(
    store: VersionStore, proposals: Proposals, proposal_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialplan.changes.proposals.PATIENCE_SECONDS", 0)

    with ChangeLock(store.folder).hold("anna", "applying a plan"), pytest.raises(Locked):
        proposals.decide(proposal_id, by="bob", is_approved=True)

    assert proposals.read(proposal_id).status is ProposalStatus.OPEN


def test_a_decision_can_be_tried_without_being_made(proposals: Proposals, proposal_id: str) -> None:
    tried = proposals.decide(proposal_id, by="bob", is_approved=True, is_dry_run=True)

    assert (tried.status, proposals.read(proposal_id).status) == (ProposalStatus.APPROVED, ProposalStatus.OPEN)


def test_a_damaged_proposal_is_told_and_hides_no_other(
    store: VersionStore, proposals: Proposals, proposal_id: str
) -> None:
    (store.folder / "proposals/20260101-000000-abcdef.json").write_text("{")

    with pytest.raises(ProposalRefused, match="damaged"):
        proposals.read("20260101-000000-abcdef")
    assert [one.id for one in proposals.list().proposals] == [proposal_id]


def test_a_damaged_version_is_told_and_hides_no_other(store: VersionStore) -> None:
    keep(store, 1)
    keep(store, 2)
    (store.place(1) / "meta.json").write_text("{")

    with pytest.raises(VersionUnknown, match="version 1 cannot be read"):
        store.read(1)
    assert [version.number for version in store.history().versions] == [2]


@pytest.mark.parametrize("name", ["20260101-000000-abcdef", "../../etc/passwd", "", "."])
def test_a_proposal_that_does_not_exist_is_told(proposals: Proposals, name: str) -> None:
    with pytest.raises(ProposalRefused, match="there is no proposal"):
        proposals.read(name)


def test_a_rejected_change_cannot_be_applied(proposals: Proposals, proposal_id: str) -> None:
    proposals.decide(proposal_id, by="anna", is_approved=False, why="a mistake of mine")

    with pytest.raises(ProposalRefused, match="rejected"):
        proposals.released(proposal_id)
    assert [one.status.value for one in proposals.list().proposals] == ["rejected"]


@pytest.mark.parametrize(
    "absurd", ["\0", "a: \a", "[" * 3000, "a: " + "9" * 5000, "a: &x [*x]", "!!python/name:os.system"]
)
def test_text_that_is_no_plan_is_a_fault_of_the_plan(settings: DialplanSettings, absurd: str) -> None:
    assert plan_change(settings, absurd).change.faults


def test_a_plan_file_differs_only_when_its_text_was_never_in_force(
    store: VersionStore, settings: DialplanSettings, tmp_path: Path
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("first")
    settings = settings.model_copy(update={"site_plan": file})
    keep(store, 1, "first", plan_digest=digest("first"))
    keep(store, 2, "from the page", plan_digest=digest("from the page"))
    assert not node_state(settings).plan_file_differs

    file.write_text("edited afterwards")
    assert node_state(settings).plan_file_differs
