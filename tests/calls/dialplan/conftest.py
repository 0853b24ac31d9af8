"""One Asterisk for all tests of this folder: each test makes calls of its own."""

from collections.abc import Iterator

import pytest

from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings


@pytest.fixture(scope="session")
def node() -> Iterator[AsteriskNode]:
    with AsteriskNode(own_settings()) as running:
        yield running
