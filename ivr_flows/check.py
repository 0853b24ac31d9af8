"""Find what a caller would otherwise find: invalid flows, prompts without audio, of an older text, or clipped."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ivr_flows.build import content_hash, has_audio, read_manifest
from ivr_flows.loader import FLOWS, read_flows
from ivr_flows.prompts import SHIPPED, Prompt, PromptSource, read_prompts
from ivr_flows.say import LANGUAGES, words
from ivr_flows.validator import Known
from ivr_flows.voice import EspeakVoice, Voice
from ivr_flows.yaml_source import Problem

DIALPLAN_PROMPTS = (
    "greeting", "long-wait", "no-agent", "overflow", "forwarding", "forward-failed", "handover-announcement",
    "handover-lost",
)  # fmt: skip
"""What the dialplan plays on its own, without any flow, in the language that the caller chose."""
MORE_CLIPPED_THAN = 20
"""Samples at full scale: a few in a minute of speech are not heard."""


def check_flows(
    sounds: Path | None,
    *,
    flows: Path = FLOWS,
    sources: Sequence[PromptSource] = (SHIPPED,),
    voice: Voice | None = None,
    queues: Collection[str] | None = None,
    targets: Collection[str] | None = None,
    lines: Sequence[Prompt] = (),
) -> list[Problem]:
    """All that is wrong. Without `sounds` (the folder that holds the languages) the audio is not looked at.

    `queues`, `targets`: those of the site plan, and the numbers it can ring; without them names are not checked.
    `lines`: what is spoken of each line of the plan.
    """
    prompts: dict[str, dict[str, Prompt]] = {}
    problems: list[Problem] = []
    for language in LANGUAGES:
        prompts[language], found = read_prompts(language, sources, base=lines)
        problems += [*found, *_missing(language, prompts[language])]
    files = sorted(flows.glob("*.yaml"))
    if not files:
        problems.append(Problem(str(flows), 0, "holds no flow"))
    problems += read_flows(files, Known(prompts, queues=queues, targets=targets))[1]
    if sounds is not None:
        everything = [prompt for of_language in prompts.values() for prompt in of_language.values()]
        problems += _audio_problems(sounds, everything, voice or EspeakVoice())
    return problems


def _missing(language: str, prompts: Mapping[str, Prompt]) -> Iterator[Problem]:
    """Prompts that no flow names, and that somebody plays all the same."""
    for name in DIALPLAN_PROMPTS:
        if name not in prompts:
            yield Problem(f"{language}.yaml", 0, f"prompt '{name}' is missing: the dialplan plays it")
    for name in sorted(words(language) - prompts.keys()):
        yield Problem(f"{language}.yaml", 0, f"prompt '{name}' is missing: numbers and dates are made of it")


def _audio_problems(sounds: Path, prompts: Sequence[Prompt], voice: Voice) -> Iterator[Problem]:
    manifest = read_manifest(sounds)
    for prompt in prompts:
        file, built = f"{prompt.key}.wav", manifest.get(prompt.key)
        if not has_audio(sounds, prompt):
            yield Problem(file, 0, f"prompt '{prompt.name}' has no audio: build the prompts")
        elif built is None or built.digest != content_hash(prompt, voice):
            yield Problem(file, 0, f"prompt '{prompt.name}' was built from another text: build the prompts")
        elif built.clipped > MORE_CLIPPED_THAN:
            what = "recorded" if prompt.recording else "spoken"
            yield Problem(file, 0, f"prompt '{prompt.name}' is clipped: {built.clipped} samples at full scale were cut "
                                   f"off; have it {what} again, more quietly")  # fmt: skip
