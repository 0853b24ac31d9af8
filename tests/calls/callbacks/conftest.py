"""One Asterisk for waiting, call-backs and rating, with side doors and the flow of the rating in its plan."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from tests.calls.callbacks.callback_stage import Stage
from tests.calls.dialplan import asterisk_node
from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings
from tests.calls.handovers.handover_cast import Bridge

PLAN = (
    ("callbacks:", "rating_flow: rating\ncallbacks:"),
    ("after_seconds: 3600", "after_seconds: 60"),
)


@pytest.fixture(scope="package")
def callback_node() -> Iterator[AsteriskNode]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk_node, "HOME", asterisk_node.HOME.with_name(f"{asterisk_node.HOME.name}-callback"))
        with AsteriskNode(own_settings(), PLAN) as running:
            yield running


@pytest.fixture
async def stage(callback_node: AsteriskNode, tmp_path: Path) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        bridge = Bridge(callback_node, tmp_path)
        await bridge.start()
        stack.push_async_callback(bridge.stop)
        with ExitStack() as people:
            yield Stage(callback_node, bridge, people)
            channels = callback_node.cli("core show channels concise").splitlines()
            for channel in {line.split("!")[0] for line in channels}:
                callback_node.cli(f"channel request hangup {channel}")
        await asyncio.to_thread(callback_node.wait_until_idle)
        assert bridge.parking.count == 0
