"""The node as a scenario sees it: places of its plan, far ends of trunks, coming changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from app.contract.env import PROJECT
from sipp_scenarios.plan_edit import edited
from sipp_scenarios.switch import FarEnd, Switch
from sipp_scenarios.target import Target, TargetError

PLAN = """
queues:
  - {name: common, ring_seconds: 4}
lines:
  - {number: "12333", label: 人社, periods: [{from: 2036-10-01, mode: direct_merge}]}
"""
SECRET = "k" * 32


@pytest.fixture
def switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Switch:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_SITE_PLAN", str(PROJECT / "dialplan/sites/test.yaml"))
    for name in ("SEAT_SECRET", "AMI_EVENTS_SECRET", "AMI_COMMANDS_SECRET"):
        monkeypatch.setenv(f"HOTLINE_{name}", SECRET)
    return Switch(Target(seat_secret=SECRET))


@pytest.mark.parametrize(
    ("changes", "place", "value"),
    [
        ({"queues.common.ring_seconds": 9}, ("queues", 0, "ring_seconds"), 9),
        ({"lines.12333.label": "人力资源"}, ("lines", 0, "label"), "人力资源"),
        ({"lines.12333.periods.2036-10-01.mode": "parallel"}, ("lines", 0, "periods", 0, "mode"), "parallel"),
        ({"lines.+": {"number": "12319"}}, ("lines", 1, "number"), "12319"),
        ({"label": "新"}, ("label",), "新"),
        ({"lines.12333.label": None}, ("lines", 0, "number"), "12333"),
    ],
)
def test_a_place_of_the_plan_is_changed(
    changes: dict[str, object], place: tuple[str | int, ...], value: object
) -> None:
    found = yaml.safe_load(edited(PLAN, changes))
    for step in place:
        found = found[step]

    assert found == value


@pytest.mark.parametrize("place", ["lines.12399.label", "trunks.x", "queues.common.ring_seconds.x"])
def test_a_place_that_is_not_there_is_named(place: str) -> None:
    with pytest.raises(TargetError, match=f"the site plan has no place {place}"):
        edited(PLAN, {place: None})


def test_a_trunk_says_where_its_other_side_calls_from_and_answers(switch: Switch) -> None:
    assert switch.far_end("labour") == FarEnd("127.0.0.8", "127.0.0.8", 15060)
    assert switch.far_end(None) == FarEnd("127.0.0.2")


def test_an_unknown_trunk_is_named(switch: Switch) -> None:
    with pytest.raises(TargetError, match="the site plan has no trunk moon"):
        switch.far_end("moon")


def test_the_next_change_of_a_line_is_at_midnight_in_shanghai(switch: Switch) -> None:
    assert switch.next_change_of("12333") == datetime(2036, 9, 30, 16, 0, tzinfo=UTC)


def test_a_line_without_a_coming_change_is_refused(switch: Switch) -> None:
    with pytest.raises(TargetError, match="no coming change of line 12315"):
        switch.next_change_of("12315")


def test_the_plan_applied_last_goes_before_the_file_of_the_settings(switch: Switch) -> None:
    version = switch.target.home / "dialplan/versions/0002"
    version.mkdir(parents=True)
    (version / "site.yaml").write_text(PLAN, encoding="utf-8")
    (switch.target.home / "dialplan/current").write_text("2\n", encoding="utf-8")

    assert switch.plan_text() == PLAN


def test_an_asterisk_that_does_not_run_is_told_so(switch: Switch) -> None:
    with pytest.raises(TargetError, match="Asterisk does not answer on its console"):
        switch.console("core show version")
