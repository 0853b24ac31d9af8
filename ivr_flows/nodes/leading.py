"""Nodes that end a flow or lead to another one: queue, dial, hand-over, hang-up, sub-flow, return."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from ivr_flows.model import Call, Dial, Effect, EnterQueue, FlowState, HandOver, HangUp, Return
from ivr_flows.nodes.kind import Name, Node

Number = Annotated[str, Field(pattern=r"^[0-9]{3,20}$")]
NEXT = "next"


class QueueNode(Node):
    """Wait for a person. `is_line_queue_preferred`: the queue of the line that the lookup named, where there is one. A
    `preferred_queue` that the site plan has not is the line's own queue to the dialplan.

    `is_last_agent_preferred`: the agent whom the caller spoke with lately is rung first, if free. `side_doors`: the
    flow that a key opens while the caller waits, offered after `doors_after_seconds`.
    """

    kind = "queue"
    is_end = True
    is_person = True
    queue: Name
    preferred_queue: Name | None = Field(default=None, description="goes before `queue` where the site plan has it")
    priority: int = Field(default=0, ge=0, le=100, description="higher is answered first")
    is_line_queue_preferred: bool = False
    is_last_agent_preferred: bool = False
    side_doors: Name | None = None
    doors_after_seconds: int = Field(default=30, ge=0, le=600)

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def problems(self) -> list[str]:
        return ["Asterisk keeps the queue name 'general' for itself"] if self.queue == "general" else []

    @override
    def queues(self) -> tuple[str, ...]:
        return (self.queue,)

    @override
    def flows(self) -> tuple[str, ...]:
        return (self.side_doors,) if self.side_doors else ()

    @override
    def enter(self, state: FlowState) -> Effect:
        of_line = state.value("queue") if self.is_line_queue_preferred else ""
        return EnterQueue(
            self.preferred_queue or of_line or self.queue,
            self.priority,
            state.value("original_line"),
            state.value("last_agent_seat") if self.is_last_agent_preferred else "",
            self.side_doors or "",
            self.doors_after_seconds if self.side_doors else 0,
        )


class DialNode(Node):
    """Ring the department of another line; who does not answer there sends the caller to the queue."""

    kind = "dial"
    is_end = True
    is_person = True
    target: Number

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @override
    def enter(self, state: FlowState) -> Effect:
        return Dial(self.target)


class HandOverNode(Node):
    """Ring 110, 119, 120 or 122; who does not answer there sends the caller to the queue."""

    kind = "hand-over"
    is_end = True
    is_person = True
    target: Annotated[str, Field(pattern=r"^1(10|19|20|22)$")]

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @override
    def enter(self, state: FlowState) -> Effect:
        return HandOver(self.target)


class HangUpNode(Node):
    """End the call. What the caller should hear first is a play node before it."""

    kind = "hang-up"
    is_end = True

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def enter(self, state: FlowState) -> Effect:
        return HangUp()


class SubFlowNode(Node):
    """Go through another flow, and on by what it returns: `outcomes`, else `next`."""

    kind = "sub-flow"
    flow: Name
    outcomes: dict[Name, Name] = Field(default_factory=dict, max_length=20)
    next: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, **{f"outcomes.{name}": node for name, node in self.outcomes.items()}}

    @override
    def flows(self) -> tuple[str, ...]:
        return (self.flow,)

    @override
    def enter(self, state: FlowState) -> Call:
        return Call(self.flow, state)

    def exit_for(self, outcome: str) -> str:
        """The exit that an outcome of the other flow takes."""
        return f"outcomes.{outcome}" if outcome in self.outcomes else NEXT


class ReturnNode(Node):
    """Back to where this flow was called from: the sub-flow node, or the place in the queue that a key left."""

    kind = "return"
    is_end = True
    is_person = True
    outcome: Name = NEXT

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def enter(self, state: FlowState) -> Return:
        return Return(self.outcome, state)
