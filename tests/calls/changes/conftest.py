"""One Asterisk for the tests of changes; each test leaves the first plan in force."""

from collections.abc import Iterator

import pytest

from tests.calls.changes.changing_node import HOME, ChangingNode, plan_text
from tests.calls.dialplan.asterisk_node import own_settings


@pytest.fixture(scope="session")
def running_node() -> Iterator[ChangingNode]:
    own = {"home": HOME, "site_plan": HOME / "site.yaml", "rtp_start": 41000, "rtp_end": 41999}
    settings = own_settings().model_copy(update=own)
    with ChangingNode(settings) as node:
        yield node


@pytest.fixture
def node(running_node: ChangingNode) -> Iterator[ChangingNode]:
    yield running_node
    running_node.apply(plan_text(), overwrites_hand_edits=True)
