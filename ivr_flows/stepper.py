"""The pure stepper: state and answer in, state and next effect out. No I/O, clock or randomness."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr_flows.flow import ANY, Flow
from ivr_flows.model import Answer, Call, Effect, FlowState, GoBack, Goto, Observe, Observed, Return, Stay
from ivr_flows.nodes import Node, SubFlowNode
from ivr_flows.nodes.facts import is_observed

MAX_MOVES = 1000
"""Nodes passed without asking the caller anything. The validator finds loops; this is for flows built by hand."""
LANGUAGE = "language"
"""The value under which the language that is spoken now is known."""
USUAL_LANGUAGE = "zh"

Flows = Mapping[str, Flow]
"""Flows by name: the one that is played and all that it names."""


class FlowStuck(RuntimeError):
    """The flow went round without an effect, or names a flow that is not there."""


@dataclass(frozen=True, slots=True)
class Move:
    """A node was left by an exit."""

    flow: str
    node: str
    exit: str


@dataclass(frozen=True, slots=True)
class Step:
    """Where the caller is now, what to do there, and how he got there since the last effect."""

    state: FlowState
    effect: Effect
    moves: tuple[Move, ...] = ()


def start(flows: Flows, name: str, values: Mapping[str, str] | None = None) -> Step:
    """The first effect of a flow. `values`: what is known of the call from the beginning."""
    return _follow(flows, _into(flows, name, FlowState("", "", dict(values or {}))), None)


def step(flows: Flows, state: FlowState, answer: Answer) -> Step:
    """The next effect, after the last one was answered."""
    node = flows[state.flow].nodes[state.node]
    if state.is_observing:
        told = answer.values if isinstance(answer, Observed) else {}
        known = replace(state.know(told), is_observing=False)
        return _follow(flows, known, node.enter(known))
    return _follow(flows, state, node.resume(state, answer))


def _follow(flows: Flows, state: FlowState, result: Effect | Stay | Goto | Call | Return | None) -> Step:
    """From one decision to the next, until something must be asked of the channel. None: enter where `state` is."""
    moves: list[Move] = []
    for _ in range(MAX_MOVES):
        match result:
            case Goto(exit_name, left):
                moves.append(Move(left.flow, left.node, exit_name))
                state = replace(left, node=flows[left.flow].nodes[left.node].exits()[exit_name])
            case Call(name, left):
                state = _into(flows, name, left)
            case Return(outcome, left) if left.callers:
                result = _back(flows, outcome, left)
                continue
            case Return(outcome, left):
                return Step(left, GoBack(outcome), tuple(moves))
            case Stay(effect, left):
                return Step(left, effect, tuple(moves))
            case None:
                pass
            case _:
                return Step(state, result, tuple(moves))
        node = flows[state.flow].nodes[state.node]
        if names := _to_observe(node):
            return Step(replace(state, is_observing=True), Observe(names, node.load_of()), tuple(moves))
        result = node.enter(state)
    raise FlowStuck(f"flow '{state.flow}' goes round at node '{state.node}'")


def _to_observe(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in node.reads() if is_observed(name)))


def _into(flows: Flows, name: str, state: FlowState) -> FlowState:
    """The start of a flow; the node that called it waits. The outermost flow was called by nobody."""
    flow = flows.get(name)
    if flow is None:
        raise FlowStuck(f"flow '{name}' is not there")
    callers = (*state.callers, (state.flow, state.node)) if state.flow else ()
    return replace(_speaking(flow, state), flow=name, node=flow.start, callers=callers)


def _back(flows: Flows, outcome: str, state: FlowState) -> Goto:
    flow, name = state.callers[-1]
    node = flows[flow].nodes[name]
    exit_name = node.exit_for(outcome) if isinstance(node, SubFlowNode) else "next"
    known = _speaking(flows[flow], state)
    return Goto(exit_name, replace(known, flow=flow, node=name, callers=state.callers[:-1]))


def _speaking(flow: Flow, state: FlowState) -> FlowState:
    """In the flow's own language; one for any language goes on in the last."""
    language = flow.language if flow.language != ANY else state.value(LANGUAGE)
    return state.know({LANGUAGE: language or USUAL_LANGUAGE})
