"""A flow: named nodes, where it starts, and which lines it serves."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from ivr_flows.nodes import NAME, Name, Node

ANY = "any"
"""The language of a flow that speaks as whoever called it: its prompts have a text in every language.
Of lines: every one."""


class FlowHead(BaseModel):
    """Everything of a flow file but its nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flow: str = Field(pattern=NAME, description="name, the same as the file's")
    title: str = Field(min_length=1, max_length=80)
    lines: list[str] = Field(default_factory=list, description="hotline numbers that the flow serves; any: every one")
    language: Literal["zh", "en", "any"] = Field(default="zh", description="in which its prompts are spoken")
    part: bool = Field(default=False, description="it only runs inside other flows")
    start: Name
    gate_reason: str = Field(default="", description="why a caller of 12345 must key something before a person")
    unrecorded_reason: str = Field(default="", description="why no recording notice comes before a person")
    personless_reason: str = Field(default="", description="why a way may end without a person")


class Flow(FlowHead):
    """A whole flow. What the loader returns is valid; one built by hand may be checked with `find_problems`."""

    nodes: dict[str, SerializeAsAny[Node]]

    def serves(self, line: str) -> bool:
        """Whether it may answer the callers of this line."""
        return line in self.lines or ANY in self.lines

    @property
    def is_lookup_wanted(self) -> bool:
        """True when some node will ask who is calling, or whether it is a working day, which the same answer tells."""
        return any(getattr(node, "what", "") == "caller" or "day" in node.reads() for node in self.nodes.values())

    @property
    def prompts(self) -> frozenset[str]:
        """Every prompt that the flow names."""
        return frozenset(prompt for node in self.nodes.values() for prompt in node.prompts())

    @property
    def queues(self) -> frozenset[str]:
        """Every queue that the flow names."""
        return frozenset(queue for node in self.nodes.values() for queue in node.queues())

    @property
    def targets(self) -> frozenset[str]:
        """Every number or line that the flow dials."""
        return frozenset(target for node in self.nodes.values() for target in node.targets())

    @property
    def subflows(self) -> frozenset[str]:
        """Every other flow that the flow names."""
        return frozenset(flow for node in self.nodes.values() for flow in node.flows())
