"""YAML with line numbers, every scalar as text, duplicates refused: what a person wrote is what the loader sees.

YAML 1.1 would read `yes:` as true, `012` as ten and `12345` as a number; pydantic turns the text into the field's type.
"""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

Plain = dict[str, "Plain"] | list["Plain"] | str
YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and where: a person can go there and mend it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(slots=True)
class YamlSource:
    """A file's content as plain values, the line of each, and what is wrong with its form."""

    name: str
    value: Plain | None = None
    lines: dict[YamlPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: YamlPath) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, message: str, path: YamlPath = ()) -> Problem:
        return Problem(self.name, self.line_of(path), message)

    def report(self, message: str, path: YamlPath = (), *, line: int | None = None) -> None:
        self.problems.append(self.problem(message, path) if line is None else Problem(self.name, line, message))


def read_yaml(file: Path) -> YamlSource:
    """Read a file; whatever is wrong with it is in `problems`, nothing is raised."""
    source = YamlSource(file.name)
    try:
        raw = file.read_bytes()
    except OSError as error:
        source.report(f"cannot be read: {error.strerror}", line=0)
        return source
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source.report("is not UTF-8", line=raw.count(b"\n", 0, error.start) + 1)
        return source
    if len(raw) > MAX_BYTES:
        source.report(f"is too large: {len(raw)} bytes, at most {MAX_BYTES}", line=0)
        return source
    return _parse(source, text)


def _parse(source: YamlSource, text: str) -> YamlSource:
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                source.report("anchors and aliases are not allowed", line=mark.line + 1 if mark else 0)
                return source
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "too deep"
        source.report(f"is not YAML: {reason}", line=mark.line + 1 if mark else 0)
        return source
    if document is None:
        source.report("is empty", line=0)
        return source
    source.value = _plain(source, document, ())
    return source


def _plain(source: YamlSource, node: yaml.Node, path: YamlPath) -> Plain:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > MAX_DEPTH:
        source.report(f"is nested deeper than {MAX_DEPTH} levels", path)
        return ""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(source, item, (*path, index)) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return str(node.value)
    values: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            source.report("a key must be a plain word", line=line)
        elif key_node.value in values:
            source.report(f"'{key_node.value}' is there twice", line=line)
        else:
            source.lines[*path, key_node.value] = line
            values[key_node.value] = _plain(source, value_node, (*path, key_node.value))
    return values
