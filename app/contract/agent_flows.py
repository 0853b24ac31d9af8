"""Flows that an agent plays to the citizen he talks with, at one key: what the hotline may not take, and warnings.

The dialplan has an extension for each, the desk a key. What they say and ask stands in ivr_flows.
"""

from typing import Final, Literal, get_args

AgentFlow = Literal[
    "out-of-scope-judicial", "out-of-scope-petition", "out-of-scope-discipline", "nuisance",
    "emergency-110", "emergency-119", "emergency-120", "emergency-122",
]  # fmt: skip
"""Lawsuits and arbitration, petitions (信访), reports on officials (违纪违法): whom to turn to instead. Nuisance: two
warnings, then the supervisors, and never a block on who is in danger. Emergency: told, then joined by the service."""
AGENT_FLOWS: Final[tuple[AgentFlow, ...]] = get_args(AgentFlow)
