"""Going back from a flow that a line had for itself: to what was there before, however often it came and went."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr_flows.loader import FLOWS
from ivr_flows.versions import NONE, FlowStore, NothingToDo

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
MENU, NIGHT = FLOWS / "hotline-12345-menu.yaml", FLOWS / "night.yaml"


class Node:
    """Publishes for line 12345, a minute after the last time."""

    def __init__(self, folder: Path) -> None:
        self.store, self.now = FlowStore(folder), NOON
        self.store.publish(sorted(FLOWS.glob("*.yaml")), by="set-up", note="as shipped", at=self.now)

    def publish(self, file: Path) -> int:
        self.now += timedelta(minutes=1)
        return self.store.publish([file], by="ops", note="trial", at=self.now, line="12345").number

    def go_back(self) -> int:
        self.now += timedelta(minutes=1)
        return self.store.roll_back(by="ops", note="end of the trial", at=self.now, line="12345").version


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_trial_that_is_repeated_ends_where_it_began_each_time(node: Node) -> None:
    for _ in range(3):
        node.publish(MENU)

        assert node.go_back() == NONE
        with pytest.raises(NothingToDo):
            node.go_back()


def test_of_two_flows_one_after_the_other_each_is_taken_back_in_turn(node: Node) -> None:
    menu = node.publish(MENU)
    node.publish(NIGHT)

    assert [node.go_back(), node.go_back()] == [menu, NONE]


def test_a_later_trial_goes_back_no_further_than_its_own_beginning(node: Node) -> None:
    node.publish(MENU)
    node.go_back()
    night = node.publish(NIGHT)
    node.publish(MENU)

    assert [node.go_back(), node.go_back()] == [night, NONE]
