"""The whole stack of a test suite: its own folder and ports, beside a running demo and beside the other suite.

with running_stack("calls") as stack:
    stack.run_cli("call", "caller-reaches-agent")
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.side_stack import SideStack, only_one
from app.contract.env import PROJECT

OFFSETS = {"calls": 10_000, "browser": 20_000}
"""Added to the demo's ports, so that both suites may run at once."""
SETTINGS = {
    "HOTLINE_SITE_PLAN": str(PROJECT / "dialplan" / "sites" / "test.yaml"),
    "HOTLINE_ALLOW_FAULTS": "true",
    "HOTLINE_CALLBACK_HOURS": "0-24",
}
HOMES = PROJECT / ".runtime" / "test"
Stack = SideStack


@contextmanager
def running_stack(name: str) -> Iterator[Stack]:
    """A stack that runs for as long as the block; a second session of the same suite waits for its turn."""
    with only_one(HOMES / f".{name}.lock"):
        stack = SideStack(HOMES / name, port_offset=OFFSETS[name], settings=SETTINGS)
        stack.prepare()
        stack.begin()
        try:
            yield stack
        finally:
            stack.end()
