"""Find what a caller would otherwise find: invalid flows, prompts without audio, audio of an older text."""

from collections.abc import Collection, Mapping
from pathlib import Path

from ivr_flows.build import content_hash, has_audio, read_manifest
from ivr_flows.loader import FLOWS, read_flows
from ivr_flows.prompts import PROMPTS, RECORDINGS, Prompt, read_prompts
from ivr_flows.validator import Known
from ivr_flows.voice import EspeakVoice, Voice
from ivr_flows.yaml_source import Problem

DIALPLAN_PROMPTS = ("greeting", "long-wait", "no-agent", "overflow")
"""What the dialplan plays on its own, without any flow."""


def check_flows(
    sounds_dir: Path | None,
    *,
    flows: Path = FLOWS,
    prompts_file: Path = PROMPTS,
    recordings: Path = RECORDINGS,
    voice: Voice | None = None,
    queues: Collection[str] | None = None,
    targets: Collection[str] | None = None,
) -> list[Problem]:
    """All that is wrong, in the order of the files. Without `sounds_dir` the audio is not looked at.

    `queues`, `targets`: those of the site plan, and the numbers it can ring; without them names are not checked.
    """
    prompts, problems = read_prompts(prompts_file)
    for name in DIALPLAN_PROMPTS:
        if name not in prompts:
            problems.append(Problem(prompts_file.name, 0, f"prompt '{name}' is missing: the dialplan plays it"))
    problems.extend(
        Problem(f"{recordings.name}/{file.name}", 0, "no prompt has this name")
        for file in sorted(recordings.glob("*.wav"))
        if file.stem not in prompts
    )
    files = sorted(flows.glob("*.yaml"))
    if not files:
        problems.append(Problem(str(flows), 0, "holds no flow"))
    problems.extend(read_flows(files, Known({"zh": prompts}, queues=queues, targets=targets))[1])
    if sounds_dir is not None:
        problems.extend(_check_audio(sounds_dir, prompts, recordings, voice or EspeakVoice()))
    return problems


def _check_audio(folder: Path, prompts: Mapping[str, Prompt], recordings: Path, voice: Voice) -> list[Problem]:
    built = read_manifest(folder)
    problems = []
    for name, prompt in prompts.items():
        if not has_audio(folder, name):
            problems.append(Problem(f"{name}.wav", 0, f"prompt '{name}' has no audio: build the prompts"))
        elif built.get(name) != content_hash(prompt, voice, recordings):
            problems.append(
                Problem(f"{name}.wav", 0, f"prompt '{name}' was built from another text: build the prompts")
            )
    return problems
