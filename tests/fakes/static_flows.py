"""Flows in force that stand still: all of one version, and the switches that are on."""

from collections.abc import Mapping
from dataclasses import dataclass

from ivr_flows.flow import Flow
from ivr_flows.published import Choice


@dataclass(frozen=True)
class StaticFlows:
    """A FlowSource."""

    flows: Mapping[str, Flow]
    flags: frozenset[str] = frozenset()
    version: int = 7

    def choose(self, name: str, line: str = "") -> Choice | None:
        if name not in self.flows:
            return None
        return Choice(name, self.version, self.flows, any(flow.is_lookup_wanted for flow in self.flows.values()))

    def flag(self, name: str) -> bool:
        return name in self.flags
