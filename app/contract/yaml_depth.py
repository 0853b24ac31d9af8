"""Text from outside may be nested so deep that reading it would end the process: asked before anything composes it."""

from typing import Any

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent

FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads a big plan many times faster; PyYAML may have been built without it."""
DEEPEST = 100
"""Lists within lists; a plan has ten."""


def refuse_depth(text: str) -> None:
    """Raises ValueError for text that is nested too deep, and yaml.YAMLError for what is no YAML.

    The composer in C keeps its place on the machine's own stack; its parser keeps one of its own, so events are safe.
    """
    depth = 0
    for event in yaml.parse(text, Loader=FAST_LOADER):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep")
