"""Of part `flows`: prompts built in a second, several at a time, beside espeak-ng and sox alone, one by one."""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.cli.bench.call_path import Say
from app.cli.bench.report import Measure
from ivr_flows.build import build_prompts
from ivr_flows.prompts import Prompt, load_all
from ivr_flows.voice import EspeakVoice

AIM_RATIO = 1.0
TELEPHONE = ("-r", "8000", "-c", "1", "-b", "16")


def bench_prompts(*, count: int, say: Say) -> Measure:
    """So many of the shipped texts, without the cache. RuntimeError: the voice failed."""
    prompts = [one for one in load_all() if not one.recording and not one.length_ms][:count]
    say(f"{len(prompts)} prompts, built and by the bare tools")
    with tempfile.TemporaryDirectory() as folder:
        report = build_prompts(Path(folder, "built"), prompts=prompts)
        if report.failed:
            raise RuntimeError(next(iter(report.failed.values())))
        built, bare = len(report.built) / report.seconds, len(prompts) / _bare_seconds(Path(folder), prompts)
    return Measure("flows", "prompts built", built, "/s", bare, f"≥ {AIM_RATIO:g} times", built >= AIM_RATIO * bare,
                   f"{len(prompts)} texts; baseline: espeak-ng and sox one by one, same formats")  # fmt: skip


def _bare_seconds(folder: Path, prompts: Sequence[Prompt]) -> float:
    voice, spoken, wav = EspeakVoice(), folder / "spoken.wav", folder / "bare.wav"
    started = time.perf_counter()
    for prompt in prompts:
        voice.speak(prompt, spoken)
        subprocess.run(["sox", spoken, *TELEPHONE, wav, "norm", "-3"], check=True, capture_output=True)
        subprocess.run(["sox", wav, "-t", "al", folder / "bare.alaw"], check=True, capture_output=True)
    return time.perf_counter() - started
