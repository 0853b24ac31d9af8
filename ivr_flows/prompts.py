"""The list of prompts: what is spoken, under which name."""

import re
from dataclasses import dataclass
from pathlib import Path

from ivr_flows.nodes import NAME
from ivr_flows.yaml_source import Problem, read_yaml

PROMPTS = Path(__file__).parent / "prompts" / "zh.yaml"
RECORDINGS = Path(__file__).parent / "recordings"
FIELDS = {"text", "spoken", "source"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that callers hear. `text` is for reading, `spoken` for the voice (figures written out)."""

    name: str
    text: str
    spoken: str
    source: str = ""


class PromptsInvalid(ValueError):
    """The prompt list must not be used. `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_prompts(file: Path = PROMPTS) -> dict[str, Prompt]:
    """All prompts by name, in the order of the file. Raises PromptsInvalid."""
    prompts, problems = read_prompts(file)
    if problems:
        raise PromptsInvalid(problems)
    return prompts


def read_prompts(file: Path = PROMPTS) -> tuple[dict[str, Prompt], list[Problem]]:
    """The prompts that can be understood, and all that is wrong with the file."""
    source = read_yaml(file)
    prompts: dict[str, Prompt] = {}
    if source.problems:
        return prompts, source.problems
    if not isinstance(source.value, dict):
        source.report("must be a mapping of names to prompts")
        return prompts, source.problems
    for name, raw in source.value.items():
        fields = {key: item for key, item in raw.items() if isinstance(item, str)} if isinstance(raw, dict) else {}
        message = _wrong(name, raw, fields)
        if message:
            source.report(f"prompt '{name}': {message}", (name,))
        else:
            spoken = fields.get("spoken", "").strip() or fields["text"].strip()
            prompts[name] = Prompt(name, fields["text"].strip(), spoken, fields.get("source", ""))
    return prompts, source.problems


def _wrong(name: str, raw: object, fields: dict[str, str]) -> str | None:
    if not re.fullmatch(NAME, name):
        return "a name is small letters, figures and hyphens, at most 40"
    if not isinstance(raw, dict) or len(fields) < len(raw):
        return "must have a text, and nothing but text in its fields"
    if unknown := sorted(raw.keys() - FIELDS):
        return f"unknown field '{unknown[0]}'"
    if not fields.get("text", "").strip():
        return "'text' is missing"
    if re.search(r"[0-9]", fields.get("spoken") or fields["text"]):
        return "a voice would read the figures as one number: write them out in 'spoken'"
    return None
