"""From a YAML file to a valid flow, or to exact problems."""

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from ivr_flows.flow import Flow, FlowHead
from ivr_flows.nodes import KINDS, Node
from ivr_flows.validator import find_problems
from ivr_flows.yaml_source import Plain, Problem, YamlSource, read_yaml

FLOWS = Path(__file__).parent / "flows"


class FlowInvalid(ValueError):
    """A flow file that must not be played. `problems` says what and where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_flow(file: Path, prompts: Collection[str] | None = None) -> Flow:
    """Read one flow. `prompts`: names that exist; without it prompt names are not checked. Raises FlowInvalid."""
    flow, problems = read_flow(file, prompts)
    if flow is None or problems:
        raise FlowInvalid(problems)
    return flow


def read_flow(file: Path, prompts: Collection[str] | None = None) -> tuple[Flow | None, list[Problem]]:
    """The flow, where the file could be understood, and all that is wrong with it, in the order of the file."""
    source = read_yaml(file)
    flow = None if source.problems or source.value is None else _build(source, source.value, file)
    if flow and not source.problems:
        for path, message in find_problems(flow, prompts):
            source.report(message, path)
    return flow, sorted(source.problems)


def _build(source: YamlSource, value: Plain, file: Path) -> Flow | None:
    if not isinstance(value, dict):
        source.report("must be a mapping with the keys flow, title, start and nodes")
        return None
    raw_nodes = value.get("nodes")
    head = _head(source, {key: item for key, item in value.items() if key != "nodes"})
    if head and head.flow != file.stem:
        source.report(f"flow is called '{head.flow}', the file '{file.stem}'", ("flow",))
    if not isinstance(raw_nodes, dict) or not raw_nodes:
        source.report("'nodes' is missing" if raw_nodes is None else "'nodes' must be a mapping of names to nodes")
        return None
    nodes = {name: _node(source, name, raw) for name, raw in raw_nodes.items()}
    good = {name: node for name, node in nodes.items() if node}
    if head is None or len(good) < len(nodes):
        return None
    return Flow.model_construct(**dict(head), nodes=good)


def _head(source: YamlSource, raw: dict[str, Plain]) -> FlowHead | None:
    try:
        return FlowHead.model_validate(raw)
    except ValidationError as error:
        _report(source, error, (), "", {})
        return None


def _node(source: YamlSource, name: str, raw: Plain) -> Node | None:
    path, where = ("nodes", name), f"node '{name}': "
    if not isinstance(raw, dict):
        source.report(f"{where}must be a mapping", path)
        return None
    kind = KINDS.get(str(raw.get("kind"))) if raw.get("kind") else None
    if kind is None:
        known = ", ".join(sorted(name for name in KINDS if name))
        said = f"unknown kind '{raw['kind']}'" if "kind" in raw else "'kind' is missing"
        source.report(f"{where}{said}, known kinds are {known}", (*path, "kind"))
        return None
    try:
        node = kind.model_validate({key: item for key, item in raw.items() if key != "kind"})
    except ValidationError as error:
        _report(source, error, path, where, dict(kind.missing))
        return None
    for message in node.problems():
        source.report(where + message, path)
    return node


def _report(
    source: YamlSource, error: ValidationError, path: tuple[str, ...], where: str, missing: dict[str, str]
) -> None:
    for item in error.errors(include_url=False):
        field = ".".join(str(part) for part in item["loc"])
        match item["type"]:
            case "missing":
                message = missing.get(field, f"'{field}' is missing")
            case "extra_forbidden":
                message = f"unknown field '{field}'"
            case _:
                message = f"'{field}' is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}"
        source.report(where + message, (*path, *item["loc"]))
