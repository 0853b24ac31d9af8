"""A plan gets in force in one way, at set-up too: checked, approved where it must be, rehearsed, in the history."""

from collections.abc import Iterator

import pytest

from app.contract.changes import Fault, Outcome, StepName, StepOutcome
from dialplan.changes.applying import Applying, ChangeRequest
from dialplan.changes.rehearsal import RehearsalFailed
from dialplan.changes.rendering import Rendered, render_again
from dialplan.changes.saying import say
from dialplan.changes.versions import VersionStore, digest
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan
from tests.unit.changes.conftest import TEXT, a_version, apply, keep, rendered

TWO_PERSONS = TEXT + "change_control: {approval: second_person}\n"
GROUP = "{name: hall, range: 8001-8004}"
LOBBY = TEXT.replace(GROUP, GROUP.replace("hall", "lobby"))
OF_AN_OLDER_RELEASE = "name: small\ncolour: blue\n"
"""What this release cannot read."""


def set_up(node: DialplanSettings, text: str, *, is_dry_run: bool = False) -> Rendered:
    """`hotline setup` with this plan file."""
    node.site_plan.write_text(text, encoding="utf-8")
    return render_again(node, node.site_plan, by="hotline setup", applying=Applying, is_dry_run=is_dry_run)


def in_force(store: VersionStore, text: str) -> None:
    keep(store, a_version(1, plan_digest=digest(text)), text)


def refuse(*_: object) -> None:
    raise RehearsalFailed(say("call_silent"))


@pytest.fixture
def deaf(node: DialplanSettings, monkeypatch: pytest.MonkeyPatch) -> DialplanSettings:
    """A node whose scratch Asterisk refuses every plan."""
    monkeypatch.setattr("dialplan.changes.applying.rehearse", refuse)
    return node


def test_the_first_plan_needs_no_rehearsal_at_set_up(deaf: DialplanSettings, store: VersionStore) -> None:
    found = set_up(deaf, TEXT)

    assert (found.report.outcome, store.current_number(), found.is_held_back) == (Outcome.APPLIED, 1, False)
    steps = {step.name: step.outcome for step in found.report.steps}
    assert (steps[StepName.CHECK], steps[StepName.REHEARSE]) == (StepOutcome.DONE, StepOutcome.SKIPPED)


def test_the_first_plan_is_checked_at_set_up(node: DialplanSettings, store: VersionStore) -> None:
    def objections(_: SitePlan) -> Iterator[Fault]:
        yield Fault(where="lines", what="12333 is a new line and needs reason (R15).")

    def checked(settings: DialplanSettings, request: ChangeRequest) -> Applying:
        return Applying(settings, request, more_checks=objections)

    node.site_plan.write_text(TEXT, encoding="utf-8")
    found = render_again(node, node.site_plan, by="hotline setup", applying=checked)

    assert (found.report.outcome, found.report.code) == (Outcome.REFUSED, "new_line_unapproved")
    assert (rendered(node), store.current_number()) == ({}, None)


def test_a_node_with_a_plan_takes_another_one_at_set_up_only_as_an_apply_would(
    deaf: DialplanSettings, store: VersionStore
) -> None:
    set_up(deaf, TEXT)
    before = rendered(deaf)

    found = set_up(deaf, LOBBY)

    assert (found.report.outcome, found.report.code) == (Outcome.REFUSED, "rehearsal_failed")
    assert (rendered(deaf), store.current_number()) == (before, 1)


def test_set_up_again_changes_nothing(node: DialplanSettings, store: VersionStore) -> None:
    set_up(node, TEXT)

    assert set_up(node, TEXT).report.outcome is Outcome.NOTHING_TO_DO
    assert store.numbers() == [1]


def test_a_dry_run_of_set_up_writes_nothing(node: DialplanSettings, store: VersionStore) -> None:
    set_up(node, TEXT)
    before = rendered(node)

    assert set_up(node, LOBBY, is_dry_run=True).report.outcome is Outcome.DRY_RUN
    assert (rendered(node), store.numbers()) == (before, [1])


@pytest.mark.parametrize(
    "edited",
    [
        TWO_PERSONS.replace(GROUP, GROUP.replace("hall", "lobby")),
        TWO_PERSONS.replace("label: 小站点", "label: 大站点"),
        TWO_PERSONS + "# what a list of meanings may not know\n",
        TEXT,
    ],
)
def test_another_text_than_the_one_in_force_is_held_back(
    node: DialplanSettings, store: VersionStore, edited: str
) -> None:
    in_force(store, TWO_PERSONS)

    found = set_up(node, edited)

    assert found.is_held_back
    assert store.plan_text(store.current_number() or 0) == TWO_PERSONS


def test_the_text_in_force_is_rendered_with_new_templates_and_nobody_is_asked(
    node: DialplanSettings, store: VersionStore
) -> None:
    in_force(store, TWO_PERSONS)

    found = set_up(node, TWO_PERSONS)

    assert (found.is_held_back, found.report.outcome, store.current_number()) == (False, Outcome.APPLIED, 2)


def test_where_nobody_must_approve_a_new_text_is_put_in_force(node: DialplanSettings, store: VersionStore) -> None:
    in_force(store, TEXT)

    found = set_up(node, LOBBY)

    assert not found.is_held_back
    assert store.plan_text(found.report.version or 0) == LOBBY


@pytest.mark.parametrize(
    ("old", "new", "is_asked"),
    [
        (OF_AN_OLDER_RELEASE + "change_control: {approval: second_person}\n", TEXT, True),
        (OF_AN_OLDER_RELEASE, TWO_PERSONS, True),
        (OF_AN_OLDER_RELEASE, TEXT, False),
    ],
)
def test_a_plan_in_force_that_this_release_cannot_read_lets_nobody_pass_alone(
    node: DialplanSettings, store: VersionStore, old: str, new: str, is_asked: bool
) -> None:
    in_force(store, old)

    report = apply(node, new)

    assert (report.code == "approval_missing") == is_asked
    assert report.change is not None
    assert "cannot read the plan in force" in report.change.meaning[0].text


def test_a_text_that_failed_is_no_older_plan_and_may_be_tried_again(
    node: DialplanSettings, store: VersionStore
) -> None:
    apply(node, TEXT)
    keep(store, a_version(2, plan_digest=digest(LOBBY), outcome=Outcome.ROLLED_BACK), LOBBY)

    assert store.number_of(LOBBY) is None
    assert set_up(node, LOBBY).report.outcome is Outcome.APPLIED
