"""Changing places of a site plan's text, as an ops engineer would in an editor."""

from collections.abc import Mapping
from typing import Any

import yaml

from sipp_scenarios.target import TargetError

KEYS = ("number", "name", "username", "code", "from")
"""By one of these a part of a list is named."""
NEW = "+"


def edited(text: str, changes: Mapping[str, Any]) -> str:
    """The plan with these places changed: `queues.common.ring_seconds`, or `lines.+` for one more.

    None removes the place. Raises TargetError when there is no such place.
    """
    plan = yaml.safe_load(text)
    for place, value in changes.items():
        *way, last = place.split(".")
        part = plan
        for step in way:
            part = part[_index(part, step, place)]
        if isinstance(part, list) and last == NEW:
            part.append(value)
        elif isinstance(part, dict) and value is not None:
            part[last] = value
        elif value is None:
            del part[_index(part, last, place)]
        else:
            part[_index(part, last, place)] = value
    return yaml.safe_dump(plan, allow_unicode=True, sort_keys=False)


def _index(part: Any, step: str, place: str) -> Any:
    if isinstance(part, dict) and step in part:
        return step
    if isinstance(part, list):
        for number, item in enumerate(part):
            if isinstance(item, dict) and step in [str(item[key]) for key in KEYS if key in item]:
                return number
    raise TargetError(f"the site plan has no place {place} ({step})")
