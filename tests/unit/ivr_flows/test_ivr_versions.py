"""Publishing flows: versions, lines, days, roll-back; and which flow a call gets."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr_flows.flags import Flag, InvalidFlag, set_flag
from ivr_flows.loader import FlowInvalid
from ivr_flows.published import PublishedFlows, Table
from ivr_flows.validator import Known
from ivr_flows.versions import FlowStore, NothingToDo

TODAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
KNOWN = Known(queues={"common", "consumer", "night"})
FLOW = """flow: {name}
title: t
lines: {lines}
unrecorded_reason: a test
start: a
nodes:
  a: {{kind: queue, queue: {queue}}}
"""


class Desk:
    """Somebody who writes flow files and publishes them, and an AGI server that plays them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.now = folder, FlowStore(folder / "flows"), TODAY
        self.told: list[Table] = []
        (folder / "shipped").mkdir()
        self.server = PublishedFlows(
            folder / "flows", folder / "shipped", tell=self.told.append, now=lambda: self.now
        )  # fmt: skip

    def write(self, name: str, queue: str, *, lines: str = "[]", where: str = ".") -> Path:
        file = self.folder / where / f"{name}.yaml"
        file.write_text(FLOW.format(name=name, queue=queue, lines=lines))
        return file

    def publish(self, *files: Path, line: str = "", since: str = "") -> int:
        version = self.store.publish(
            files, by="ops", note="why", at=self.now, line=line, since=since, known=KNOWN
        )  # fmt: skip
        return version.number

    def queue_for(self, name: str, line: str = "") -> tuple[str, int]:
        """The queue and the version that a new call gets."""
        choice = self.server.choose(name, line)
        assert choice
        (queue,) = choice.flows[choice.name].queues
        return queue, choice.version


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_new_version_is_for_the_next_call_and_a_running_call_keeps_its_own(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))
    running = desk.server.choose("main")
    desk.publish(desk.write("main", "consumer"))

    assert desk.queue_for("main") == ("consumer", 2)
    assert running
    assert (running.version, running.flows["main"].queues) == (1, {"common"})


def test_before_anything_is_published_the_shipped_flows_are_played(desk: Desk) -> None:
    desk.write("main", "common", where="shipped")

    assert desk.queue_for("main") == ("common", 0)
    assert desk.server.choose("other") is None


def test_who_when_and_why_stand_in_the_version(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"), desk.write("second", "common"))

    (version,) = desk.store.versions()
    assert (version.number, version.by, version.note, version.flows) == (1, "ops", "why", ("main", "second"))
    assert version.at == "2026-11-23T09:00:00+00:00"


def test_a_broken_file_is_refused_and_the_old_version_stays(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))

    with pytest.raises(FlowInvalid, match="queue 'nowhere' is not in the site plan"):
        desk.publish(desk.write("main", "nowhere"))

    assert desk.queue_for("main") == ("common", 1)
    assert [version.number for version in desk.store.versions()] == [1]


def test_a_flow_that_another_one_goes_through_cannot_be_broken_from_outside(desk: Desk) -> None:
    inner = desk.folder / "inner.yaml"
    inner.write_text("flow: inner\ntitle: t\npart: true\nstart: a\nnodes:\n  a: {kind: return, outcome: good}\n")
    outer = desk.folder / "outer.yaml"
    outer.write_text(
        "flow: outer\ntitle: t\nunrecorded_reason: a test\nstart: a\nnodes:\n"
        "  a: {kind: sub-flow, flow: inner, outcomes: {good: b}, next: b}\n  b: {kind: queue, queue: common}\n"
    )
    desk.publish(inner, outer)
    inner.write_text(inner.read_text().replace("good", "bad"))

    with pytest.raises(FlowInvalid, match=r"outer\.yaml:6: node 'a': flow 'inner' can return 'bad'"):
        desk.publish(inner)


def test_publishing_the_same_again_is_nothing_to_do(desk: Desk) -> None:
    file = desk.write("main", "common")
    desk.publish(file)

    with pytest.raises(NothingToDo):
        desk.publish(file)


def test_only_what_changed_becomes_a_new_version(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"), desk.write("second", "common"))
    desk.publish(desk.write("main", "common"), desk.write("second", "consumer"))

    assert [version.flows for version in desk.store.versions()] == [("main", "second"), ("second",)]
    assert desk.queue_for("main") == ("common", 1)


def test_a_version_of_a_coming_day_begins_on_that_day_in_shanghai(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))
    desk.publish(desk.write("main", "night"), since="2026-12-01")
    before = desk.queue_for("main")
    desk.now = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    still = desk.queue_for("main")
    desk.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # 00:00 in Shanghai

    assert [before, still, desk.queue_for("main")] == [("common", 1), ("common", 1), ("night", 2)]


def test_a_later_word_of_today_does_not_undo_a_day_to_come(desk: Desk) -> None:
    desk.publish(desk.write("main", "night"), since="2026-12-01")
    desk.publish(desk.write("main", "common"))
    desk.now = TODAY + timedelta(days=10)

    assert desk.queue_for("main") == ("night", 1)


def test_a_line_may_have_a_flow_of_its_own_from_a_day_on(desk: Desk) -> None:
    desk.publish(desk.write("main", "common", lines='["12345"]'), desk.write("side", "common"))
    desk.publish(desk.write("branded", "consumer", lines='["12315"]'), line="12315", since="2026-12-01")
    before = desk.queue_for("main", "12315")
    desk.now = TODAY + timedelta(days=10)

    assert before == ("common", 1)
    assert desk.queue_for("main", "12315") == ("consumer", 2)
    assert desk.queue_for("main", "12345") == ("common", 1)
    assert desk.queue_for("side", "12315") == ("common", 1)  # a side door is no way to be greeted


def test_a_flow_that_does_not_serve_the_line_is_refused(desk: Desk) -> None:
    with pytest.raises(FlowInvalid, match="flow 'main' does not serve line 12315"):
        desk.publish(desk.write("main", "common", lines='["12345"]'), line="12315")


def test_rolling_back_goes_one_version_back_each_time(desk: Desk) -> None:
    for queue in ("common", "consumer", "night"):
        desk.publish(desk.write("main", queue))

    numbers = []
    for _ in range(2):
        desk.store.roll_back(flow="main", by="ops", note="worse", at=desk.now)
        numbers.append(desk.queue_for("main"))

    assert numbers == [("consumer", 2), ("common", 1)]
    with pytest.raises(NothingToDo, match="no earlier version"):
        desk.store.roll_back(flow="main", by="ops", note="worse", at=desk.now)


def test_a_named_version_can_be_gone_back_to_and_another_refused(desk: Desk) -> None:
    for queue in ("common", "consumer", "night"):
        desk.publish(desk.write("main", queue))

    desk.store.roll_back(flow="main", to=1, by="ops", note="worse", at=desk.now)

    assert desk.queue_for("main") == ("common", 1)
    with pytest.raises(NothingToDo, match="no version 9"):
        desk.store.roll_back(flow="main", to=9, by="ops", note="worse", at=desk.now)


def test_what_is_to_come_is_taken_back_first(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))
    desk.publish(desk.write("main", "night"), since="2026-12-01")

    desk.store.roll_back(flow="main", by="ops", note="not this year", at=desk.now)
    desk.now = TODAY + timedelta(days=10)

    assert desk.queue_for("main") == ("common", 1)


def test_a_line_that_is_rolled_back_gets_its_trunk_s_flow_again(desk: Desk) -> None:
    desk.publish(desk.write("main", "common", lines='["12345", "12315"]'))
    desk.publish(desk.write("branded", "consumer", lines='["12315"]'), line="12315")
    branded = desk.queue_for("main", "12315")

    desk.store.roll_back(line="12315", by="ops", note="not yet", at=desk.now)

    assert (branded, desk.queue_for("main", "12315")) == (("consumer", 2), ("common", 1))


def test_a_damaged_list_leaves_the_flows_as_they_are_and_is_told(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))
    kept = desk.queue_for("main")
    (desk.folder / "flows" / "active.json").write_text("{")

    assert desk.queue_for("main") == kept
    assert "the flows stay as they are" in str(desk.told[-1].broken[0])


def test_a_version_that_was_damaged_on_disk_is_left_out_and_told(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"), desk.write("second", "common"))
    desk.store.file("main", 1).write_text("flow: main\n")

    assert desk.server.choose("main") is None
    assert desk.queue_for("second") == ("common", 1)
    assert "main.yaml:1: 'nodes' is missing" in [str(problem) for problem in desk.told[-1].broken]


def test_while_one_call_waits_for_the_new_flows_the_others_go_on_with_the_old(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.publish(desk.write("main", "common"))
    seen: list[int] = []

    def load(work):  # type: ignore[no-untyped-def]
        if desk.server._table is not None:  # another call comes while files are read
            choice = desk.server.choose("main")
            assert choice
            seen.append(choice.version)
        return work()

    desk.server = PublishedFlows(tmp_path / "flows", tmp_path / "shipped", load=load, now=lambda: desk.now)
    desk.queue_for("main")
    desk.publish(desk.write("main", "consumer"))

    assert desk.queue_for("main") == ("consumer", 2)
    assert seen == [1]


def test_a_switch_is_seen_by_the_next_call_and_off_until_somebody_sets_it(desk: Desk) -> None:
    folder = desk.folder / "flows"
    before = desk.server.flag("flood")
    set_flag(folder, "flood", Flag(True, by="duty", note="rain"))
    on = desk.server.flag("flood")
    (folder / "flags.json").write_text("not json")

    assert (before, on, desk.server.flag("flood")) == (False, True, False)


def test_a_switch_that_no_flow_could_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFlag):
        set_flag(tmp_path, "Flood!", Flag(True))


def test_the_list_is_json_that_a_person_can_read(desk: Desk) -> None:
    desk.publish(desk.write("main", "common"))

    raw = json.loads((desk.folder / "flows" / "active.json").read_text())

    assert raw["activations"][0]["flow"] == "main"
