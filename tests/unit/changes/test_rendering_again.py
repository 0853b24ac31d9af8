"""Set-up renders a node's plan again, and puts nothing in force that a second person has not seen."""

import pytest

from dialplan.changes.rendering import render_again
from dialplan.changes.versions import VersionStore, digest
from dialplan.settings import DialplanSettings
from tests.unit.changes.conftest import TEXT, a_version

TWO_PERSONS = TEXT + "change_control: {approval: second_person}\n"
GROUP = "{name: hall, range: 8001-8004}"


@pytest.fixture(autouse=True)
def no_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Music takes sox a second, and nothing here is heard."""
    monkeypatch.setattr("dialplan.changes.rendering.ensure_music", lambda _folder: None)


def in_force(store: VersionStore, text: str) -> None:
    store.keep(a_version(1, plan_digest=digest(text)), text, {}, {})
    store.point_to(1)


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
    settings: DialplanSettings, store: VersionStore, edited: str
) -> None:
    in_force(store, TWO_PERSONS)
    settings.site_plan.write_text(edited, encoding="utf-8")

    rendered = render_again(settings, settings.site_plan, by="setup")

    assert rendered.is_held_back
    assert store.plan_text(store.current_number() or 0) == TWO_PERSONS


def test_the_text_in_force_is_rendered(settings: DialplanSettings, store: VersionStore) -> None:
    in_force(store, TWO_PERSONS)
    settings.site_plan.write_text(TWO_PERSONS, encoding="utf-8")

    assert not render_again(settings, settings.site_plan, by="setup").is_held_back


def test_where_nobody_must_approve_a_new_text_is_put_in_force(settings: DialplanSettings, store: VersionStore) -> None:
    in_force(store, TEXT)
    edited = TEXT.replace(GROUP, GROUP.replace("hall", "lobby"))
    settings.site_plan.write_text(edited, encoding="utf-8")

    rendered = render_again(settings, settings.site_plan, by="setup")

    assert not rendered.is_held_back
    assert store.plan_text(rendered.version) == edited
