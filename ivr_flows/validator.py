"""What must hold of a whole flow: a caller is never stuck, never lost, and reaches a person."""

from collections.abc import Collection, Iterable, Iterator

from ivr_flows.flow import Flow
from ivr_flows.nodes import BranchNode, PlayNode
from ivr_flows.yaml_source import YamlPath

GATELESS_LINE = "12345"
"""Intake of this line must not sit behind a menu (GB/T 33358-2016)."""
Found = tuple[YamlPath, str]
"""Where in the file, and what is wrong."""


def find_problems(flow: Flow, prompts: Collection[str] | None = None) -> list[Found]:
    """Everything wrong with the flow. `prompts`: names that exist; without it prompt names are not checked."""
    dangling = list(_dangling(flow))
    if dangling:
        return dangling  # the rest walks along the exits
    reached = _reach(flow, [flow.start])
    return [
        *((_at(name), f"node '{name}': no exit leads here") for name in flow.nodes if name not in reached),
        *_unknown_prompts(flow, prompts),
        *_unsaved_answers(flow),
        *_endless_loops(flow),
        *_far_from_a_person(flow),
        *_gates(flow, reached),
        *_unannounced_recording(flow),
    ]


def _at(node: str) -> YamlPath:
    return ("nodes", node)


def _dangling(flow: Flow) -> Iterator[Found]:
    if flow.start not in flow.nodes:
        yield ("start",), f"start '{flow.start}' is not a node"
    for name, node in flow.nodes.items():
        for exit_name, target in node.exits().items():
            if target not in flow.nodes:
                yield _at(name), f"node '{name}': exit '{exit_name}' leads to '{target}', which is not a node"


def _reach(flow: Flow, starts: Iterable[str], without: Collection[str] = ()) -> set[str]:
    """Nodes that can be reached from `starts` (themselves included) on ways that avoid `without`."""
    waiting, reached = [name for name in starts if name not in without], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(target for target in flow.nodes[name].exits().values() if target not in without)
    return reached


def _unknown_prompts(flow: Flow, prompts: Collection[str] | None) -> Iterator[Found]:
    for name, node in flow.nodes.items():
        for prompt in node.prompts():
            if prompts is not None and prompt not in prompts:
                yield _at(name), f"node '{name}': prompt '{prompt}' is not in the prompt list"


def _unsaved_answers(flow: Flow) -> Iterator[Found]:
    saved = {answer for node in flow.nodes.values() for answer in node.saves()}
    for name, node in flow.nodes.items():
        if isinstance(node, BranchNode) and node.on.startswith("answer."):
            wanted = node.on.removeprefix("answer.")
            if wanted not in saved:
                yield _at(name), f"node '{name}': branches on answer '{wanted}', which no node saves"


def _endless_loops(flow: Flow) -> Iterator[Found]:
    counters = {name for name, node in flow.nodes.items() if node.is_counter}
    looping = {
        name: _reach(flow, flow.nodes[name].exits().values(), counters) for name in flow.nodes if name not in counters
    }
    told: set[str] = set()
    for name, ahead in looping.items():
        if name in ahead and name not in told:
            loop = [other for other in flow.nodes if other in ahead and name in looping.get(other, ())]
            told.update(loop)
            yield (
                _at(name),
                f"node '{name}': loop without a counter ({' → '.join(loop)}); lead it through a repeat node",
            )


def _far_from_a_person(flow: Flow) -> Iterator[Found]:
    people = {name for name, node in flow.nodes.items() if node.is_person}
    if not people:
        yield (), "no way to a person: the flow has no queue node"
        return
    for name, node in flow.nodes.items():
        if not node.is_end and not people & _reach(flow, [name]):
            yield _at(name), f"node '{name}': no way to a person from here"


def _gates(flow: Flow, reached: set[str]) -> Iterator[Found]:
    if GATELESS_LINE not in flow.lines or flow.gate_reason:
        return
    people = {name for name, node in flow.nodes.items() if node.is_person}
    for name, node in flow.nodes.items():
        if name in reached and node.is_gate and people & _reach(flow, [name]):
            yield (
                _at(name),
                f"node '{name}': a caller of {GATELESS_LINE} must not have to key anything before a person "
                "(GB/T 33358-2016); if it must be, say why in 'gate_reason'",
            )


def _unannounced_recording(flow: Flow) -> Iterator[Found]:
    if flow.unrecorded_reason:
        return
    notices = {name for name, node in flow.nodes.items() if isinstance(node, PlayNode) and node.is_recording_notice}
    for name in sorted(_reach(flow, [flow.start], notices)):
        if flow.nodes[name].is_person:
            yield (
                _at(name),
                f"node '{name}': a caller can get here without the recording notice; play a prompt with "
                "'is_recording_notice: true' on every way, or say why not in 'unrecorded_reason'",
            )
