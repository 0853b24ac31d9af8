"""One call in a flow: what is known of it so far, and which way it took."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agi.lookup import LookupAnswer
from app.contract.events import NodeVisit
from ivr_flows.model import FlowState
from ivr_flows.published import Choice
from ivr_flows.stepper import Step

MAX_PATH = 200
"""Nodes that are reported; a caller who goes round longer tells nothing new."""


@dataclass(slots=True)
class Visit:
    """`line`: the hotline the citizen meant, as the dialplan resolved it; else the number dialled. `run`: how many
    flows the call has gone through before. Times in seconds of a monotonic clock."""

    call_id: str
    uniqueid: str
    line: str
    ani: str
    line_queue: str
    run: int
    language: str
    choice: Choice
    lookup: Callable[[], LookupAnswer] | None
    step: Step
    entered_at: float
    cut_at: float
    """When the dialplan will take the call away from us, unless we tell it that we live."""
    answer: LookupAnswer | None = None
    prompts_missing: list[str] = field(default_factory=list)
    path: list[NodeVisit] = field(default_factory=list)

    def who(self) -> LookupAnswer | None:
        """Wait for the lookup of the caller (it has its budget); None when the flow asks for none."""
        if self.answer is None and self.lookup is not None:
            self.answer = self.lookup()
        return self.answer

    def go_on(self, step: Step, now: float) -> None:
        """The next step. The first node left is the one where the time was spent; the others were passed."""
        for move in step.moves:
            self._note(move.flow, move.node, move.exit, now)
        self.step = step

    def end(self, left_by: str, now: float) -> None:
        """The flow is over here: `left_by` says how, empty for an end of its own."""
        state: FlowState = self.step.state
        self._note(state.flow, state.node, left_by, now)

    def _note(self, flow: str, node: str, left_by: str, now: float) -> None:
        if len(self.path) < MAX_PATH:
            name = node if flow == self.choice.name else f"{flow}/{node}"
            spent_ms = max(0, round((now - self.entered_at) * 1000))
            self.path.append(NodeVisit.model_construct(node=name[:120], left_by=left_by[:120], ms=spent_ms))
        self.entered_at = now
