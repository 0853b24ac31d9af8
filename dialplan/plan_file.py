"""Reads a site plan from YAML and says of every fault where it is and what to do."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from app.contract.yaml_depth import FAST_LOADER, refuse_depth
from dialplan.site_plan import SitePlan


class SitePlanFault(Exception):
    """The plan cannot be used. `faults` holds one line each: `file: path: what is wrong. What to do`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key may not be written twice: the first would vanish without a word."""


class _FastLoader(FAST_LOADER):  # type: ignore[misc]  # one of two
    """The same by libyaml, in a tenth of the time; of a fault the other one tells more."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Hashable, Any]:
    keys: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in keys:
            mark = key_node.start_mark
            raise yaml.MarkedYAMLError(problem=f"the key {key} is written twice", problem_mark=mark)
        keys.add(key)
    mapping: dict[Hashable, Any] = loader.construct_mapping(node, deep=True)
    return mapping


for _one in (_Loader, _FastLoader):
    _one.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)

ADVICE = {
    "missing": "Add it",
    "extra_forbidden": "Remove it or correct its spelling",
    "string_type": "Numbers here are text: put the value in quotes",
    "string_pattern_mismatch": "Use only the allowed characters",
    "too_short": "Add at least one",
    "enum": "Use one of those",
}


def load_plan(file: Path) -> SitePlan:
    """Read and check one plan. Raises SitePlanFault with every fault found."""
    return parse_plan(read_plan_file(file), name=file.name)


def read_plan_file(file: Path) -> str:
    """The text of a plan. Raises SitePlanFault when it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SitePlanFault([f"{file}: cannot be read ({error.strerror}). Check HOTLINE_SITE_PLAN."]) from None
    except UnicodeDecodeError:
        raise SitePlanFault([f"{file}: is not UTF-8. Save it as UTF-8."]) from None


def parse_plan(text: str, *, name: str) -> SitePlan:
    """Check the text of a plan. Raises SitePlanFault with every fault found."""
    try:
        data = _read(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SitePlanFault([f"{name}: line {line}: {error.problem}. Correct the YAML there."]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # forbidden characters, absurd figures or depth
        raise SitePlanFault([f"{name}: {' '.join(str(error).split())}. Correct the YAML there."]) from None
    if not isinstance(data, dict):
        raise SitePlanFault([f"{name}: is not a mapping. Start from dialplan/sites/demo.yaml."])
    try:
        return SitePlan.model_validate(data)
    except ValidationError as error:
        raise SitePlanFault([line for part in error.errors() for line in _explain(name, data, part)]) from None


def _read(text: str) -> Any:
    try:
        refuse_depth(text)
        return yaml.load(text, Loader=_FastLoader)  # noqa: S506 a SafeLoader
    except yaml.YAMLError:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 a SafeLoader


def _explain(name: str, data: dict[str, Any], error: Any) -> list[str]:
    """Lines for one of pydantic's errors; those of the cross-check say their path themselves."""
    if error["type"] == "value_error" and not error["loc"]:
        return [f"{name}: {line}" for line in str(error["ctx"]["error"]).splitlines()]
    if error["type"] == "value_error":
        return [f"{name}: {_path(data, error['loc'])}: {error['ctx']['error']}."]
    advice = ADVICE.get(error["type"], "Correct it")
    return [f"{name}: {_path(data, error['loc'])}: {error['msg']}. {advice}."]


def _path(data: Any, location: tuple[str | int, ...]) -> str:
    """`queues[common].ring_seconds`: list places are named by the item's name or number where it has one."""
    path = ""
    for part in location:
        found = _step(data, part)
        if isinstance(part, int):
            keys = ("name", "number", "code", "username", "from")
            label = next((found[key] for key in keys if isinstance(found, dict) and key in found), part)
            path += f"[{label}]"
        else:
            path += f".{part}" if path else str(part)
        data = found
    return path


def _step(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None
