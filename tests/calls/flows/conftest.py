"""One Asterisk for flows that are played by the product's own player."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_flows.flow import Flow
from ivr_flows.loader import read_flows
from tests.calls.dialplan import asterisk_node
from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings
from tests.calls.flows.flow_server import FlowServer, OneFlow

OURS = Path(__file__).parents[2] / "flows"
LONG = {"menu": 4.0, "ask-code": 4.0}
"""Prompts during which somebody keys, in seconds; all others are short."""


@pytest.fixture(scope="session")
def flow_library() -> dict[str, Flow]:
    flows, problems = read_flows(sorted(OURS.glob("*.yaml")))
    assert problems == []
    return flows


@pytest.fixture(scope="package")
def flow_node(flow_library: dict[str, Flow]) -> Iterator[AsteriskNode]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk_node, "HOME", asterisk_node.HOME.with_name(f"{asterisk_node.HOME.name}-flows"))
        with AsteriskNode(own_settings()) as node:
            names = {prompt for flow in flow_library.values() for prompt in flow.prompts} | {"beep", "say-0"}
            english = node.home / "data/sounds/en_GB/hotline"
            english.mkdir(parents=True)
            for name in names:
                seconds = str(LONG.get(name, 0.2))
                folder = english if name == "english-menu" else node.home / "data/sounds/zh/hotline"
                target = folder / f"{name}.wav"
                command = ["sox", "-n", "-r", "8000", "-c", "1", "-b", "16", target, "synth", seconds, "sine", "440"]
                subprocess.run(command, check=True)
            node.listen()
            yield node


@pytest.fixture
def server(flow_node: AsteriskNode, flow_library: dict[str, Flow]) -> Iterator[FlowServer]:
    port = int(flow_node.settings.agi_addresses[0].rpartition(":")[2])
    with FlowServer(port, OneFlow(flow_library, "every-kind"), flow_node.home / "recordings") as running:
        yield running
        for channel in {line.split("!")[0] for line in flow_node.cli("core show channels concise").splitlines()}:
            flow_node.cli(f"channel request hangup {channel}")
        flow_node.wait_until_idle()
