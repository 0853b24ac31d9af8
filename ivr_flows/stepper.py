"""The pure stepper: state and answer in, state and next effect out. No I/O, clock or randomness."""

from dataclasses import dataclass, replace

from ivr_flows.flow import Flow
from ivr_flows.model import Answer, Effect, FlowState, Goto, Stay

MAX_MOVES = 1000
"""Nodes passed without asking the caller anything. The validator finds loops; this is for flows built by hand."""


class FlowStuck(RuntimeError):
    """The flow went round without an effect."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the caller is now, and what to do there."""

    state: FlowState
    effect: Effect


def start(flow: Flow) -> Step:
    """The first effect of a flow."""
    return _arrive(flow, Goto(flow.start, FlowState(flow.start)))


def step(flow: Flow, state: FlowState, answer: Answer) -> Step:
    """The next effect, after the last one was answered."""
    move = flow.nodes[state.node].resume(state, answer)
    if isinstance(move, Stay):
        return Step(move.state, move.effect)
    return _arrive(flow, move)


def _arrive(flow: Flow, move: Goto) -> Step:
    for _ in range(MAX_MOVES):
        state = replace(move.state, node=move.node)
        result = flow.nodes[move.node].enter(state)
        if not isinstance(result, Goto):
            return Step(state, result)
        move = result
    raise FlowStuck(f"flow '{flow.flow}' goes round at node '{move.node}'")
