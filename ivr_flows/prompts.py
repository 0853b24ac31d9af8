"""The lists of prompts: what is spoken, under which name, in each language, and which of them a studio recorded."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivr_flows.nodes import NAME
from ivr_flows.say import LANGUAGES
from ivr_flows.yaml_source import Problem, YamlSource, read_yaml

FIELDS = {"text", "spoken", "source", "pace", "length_ms", "tone_hz"}
PACES = ("normal", "slow")


@dataclass(frozen=True, slots=True)
class PromptSource:
    """A folder of lists (`zh*.yaml`, `en*.yaml`) and one of recordings (`zh/NAME.wav`). Either may be missing."""

    texts: Path
    recordings: Path


SHIPPED = PromptSource(Path(__file__).parent / "prompts", Path(__file__).parent / "recordings")


def site_source(home: Path) -> PromptSource:
    """An installation's own texts and recordings, which take the place of the shipped ones of the same name."""
    return PromptSource(home / "prompts", home / "prompts" / "recordings")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that callers hear. `text` is for reading, `spoken` for the voice (figures written out)."""

    name: str
    text: str
    spoken: str
    source: str = ""
    language: str = "zh"
    is_slow: bool = False
    """For those who hear badly or are old."""
    length_ms: int = 0
    """Over 0: this is no speech but a pause of so many milliseconds, or a tone."""
    tone_hz: int = 0
    recording: Path | None = None
    """A studio's WAV, which takes the voice's place."""

    @property
    def key(self) -> str:
        """Unique over all languages: `zh/greeting`."""
        return f"{self.language}/{self.name}"

    @property
    def is_word(self) -> bool:
        """A word of a number, date or amount: it is joined to others, without the pauses around a sentence."""
        return self.name.startswith("say-")


class PromptsInvalid(ValueError):
    """The prompt list must not be used. `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_prompts(
    language: str = "zh", sources: Sequence[PromptSource] = (SHIPPED,), *, base: Iterable[Prompt] = ()
) -> dict[str, Prompt]:
    """All prompts of a language by name, in the order of the files. Raises PromptsInvalid."""
    prompts, problems = read_prompts(language, sources, base=base)
    if problems:
        raise PromptsInvalid(problems)
    return prompts


def load_all(sources: Sequence[PromptSource] = (SHIPPED,), *, base: Sequence[Prompt] = ()) -> list[Prompt]:
    """All prompts of all languages. Raises PromptsInvalid."""
    return [prompt for language in LANGUAGES for prompt in load_prompts(language, sources, base=base).values()]


def read_prompts(
    language: str = "zh", sources: Sequence[PromptSource] = (SHIPPED,), *, base: Iterable[Prompt] = ()
) -> tuple[dict[str, Prompt], list[Problem]]:
    """The prompts that can be understood, and all that is wrong. A later source replaces texts of an earlier one.

    `base`: prompts that stand in no list, such as the names of a plan's lines; every source goes before them.
    """
    prompts = {prompt.name: prompt for prompt in base if prompt.language == language}
    problems: list[Problem] = []
    for source in sources:
        found: dict[str, Prompt] = {}
        for file in sorted(source.texts.glob(f"{language}*.yaml")):
            listed = read_yaml(file)
            for prompt in _listed(listed, language):
                if prompt.name in found:
                    listed.report(f"prompt '{prompt.name}' is in another file of this folder too", (prompt.name,))
                found[prompt.name] = prompt
            problems += listed.problems
        prompts |= found
        for wav in sorted((source.recordings / language).glob("*.wav")):
            if wav.stem in prompts:
                prompts[wav.stem] = replace(prompts[wav.stem], recording=wav)
            else:
                problems.append(Problem(f"{language}/{wav.name}", 0, "a recording, but no prompt has this name"))
    return prompts, problems


def read_listed(file: Path, language: str) -> list[str]:
    """Names of the prompts in one list that can be understood."""
    return [prompt.name for prompt in _listed(read_yaml(file), language)]


def _listed(source: YamlSource, language: str) -> list[Prompt]:
    if source.problems:
        return []
    if not isinstance(source.value, dict):
        source.report("must be a mapping of names to prompts")
        return []
    prompts = []
    for name, raw in source.value.items():
        fields = {key: item for key, item in raw.items() if isinstance(item, str)} if isinstance(raw, dict) else {}
        if not isinstance(raw, dict) or len(fields) < len(raw):
            source.report(f"prompt '{name}': must have a text, and nothing but text in its fields", (name,))
            continue
        if message := wrong_prompt(name, fields):
            source.report(f"prompt '{name}': {message}", (name,))
            continue
        text = fields["text"].strip()
        prompts.append(
            Prompt(
                name, text, fields.get("spoken", "").strip() or text, fields.get("source", ""), language,
                is_slow=fields.get("pace") == "slow", length_ms=int(fields.get("length_ms", 0)),
                tone_hz=int(fields.get("tone_hz", 0)),
            )
        )  # fmt: skip
    return prompts


def wrong_prompt(name: str, fields: dict[str, str]) -> str | None:
    """What is wrong with an entry of a list, if anything is."""
    checks = (
        (not re.fullmatch(NAME, name), "a name is small letters, figures and hyphens, at most 40"),
        (bool(fields.keys() - FIELDS), f"unknown field '{min(fields.keys() - FIELDS, default='')}'"),
        (not fields.get("text", "").strip(), "'text' is missing"),
        (fields.get("pace", "normal") not in PACES, f"'pace' is one of {', '.join(PACES)}"),
        *(
            (not re.fullmatch("[1-9][0-9]{0,3}", fields.get(field, "1")), f"'{field}' is a number from 1 to 9999")
            for field in ("length_ms", "tone_hz")
        ),
        ("tone_hz" in fields and "length_ms" not in fields, "'length_ms' is missing: how long the tone is"),
        (
            bool(re.search("[0-9]", fields.get("spoken") or fields.get("text", ""))),
            "a voice would read the figures as one number: write them out in 'spoken'",
        ),
    )
    return next((message for is_wrong, message in checks if is_wrong), None)
