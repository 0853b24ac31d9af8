"""Build the prompts' audio: only what changed, several at a time, each file whole or not there at all."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr_flows.audio import finish_audio
from ivr_flows.prompts import RECORDINGS, Prompt, load_prompts
from ivr_flows.voice import EspeakVoice, Voice, VoiceFailed

MANIFEST = "prompts.json"
FORMAT = 1
"""Raise it when `finish_audio` changes: every prompt is then built anew."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Prompt `name` is done, `done` of `total`."""

    done: int
    total: int
    name: str


@dataclass(slots=True)
class BuildReport:
    """What became of each prompt. `failed` maps a name to the reason."""

    built: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    """Those whose audio comes from a studio recording."""
    seconds: float = 0.0


OnProgress = Callable[[Progress], None]


def build_prompts(
    target_dir: Path,
    on_progress: OnProgress | None = None,
    *,
    voice: Voice | None = None,
    prompts: Mapping[str, Prompt] | None = None,
    recordings: Path = RECORDINGS,
) -> BuildReport:
    """Write NAME.wav and NAME.alaw of every prompt into `target_dir`. One failure does not stop the others.

    Raises PromptsInvalid when the prompt list is wrong, OSError when the folder cannot be written.
    """
    started = time.monotonic()
    speaker = voice or EspeakVoice()
    wanted = load_prompts() if prompts is None else prompts
    target_dir.mkdir(parents=True, exist_ok=True)
    hashes, report = read_manifest(target_dir), BuildReport()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        jobs = {pool.submit(_ensure, target_dir, prompt, speaker, recordings, hashes.get(name)): name
                for name, prompt in wanted.items()}  # fmt: skip
        for done, job in enumerate(as_completed(jobs), 1):
            name = jobs[job]
            try:
                digest, is_new = job.result()
                hashes[name] = digest
                (report.built if is_new else report.kept).append(name)
            except VoiceFailed as error:
                report.failed[name] = str(error)
            if on_progress:
                on_progress(Progress(done, len(jobs), name))
    report.recorded = [name for name in wanted if (recordings / f"{name}.wav").exists()]
    _write_whole(target_dir / MANIFEST, json.dumps(dict(sorted(hashes.items())), indent=1).encode())
    report.seconds = time.monotonic() - started
    return report


def content_hash(prompt: Prompt, voice: Voice, recordings: Path) -> str:
    """Changes when the prompt must be built anew: text, voice or recording, or the way we finish audio."""
    recording = recordings / f"{prompt.name}.wav"
    if recording.exists():
        content = ["recording", hashlib.sha256(recording.read_bytes()).hexdigest()]
    else:
        content = ["voice", voice.identity, prompt.spoken]
    return hashlib.sha256(json.dumps([FORMAT, *content]).encode()).hexdigest()


def read_manifest(target_dir: Path) -> dict[str, str]:
    """The content hash of each prompt built into this folder; a damaged manifest is an empty one."""
    try:
        manifest: Any = json.loads((target_dir / MANIFEST).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in manifest.items()} if isinstance(manifest, dict) else {}


def has_audio(target_dir: Path, name: str) -> bool:
    """True when both files of a prompt are there and not empty."""
    return all(_size(target_dir / f"{name}.{ending}") for ending in ("wav", "alaw"))


def _ensure(target_dir: Path, prompt: Prompt, voice: Voice, recordings: Path, known: str | None) -> tuple[str, bool]:
    digest = content_hash(prompt, voice, recordings)
    if digest == known and has_audio(target_dir, prompt.name):
        return digest, False
    with tempfile.TemporaryDirectory(dir=target_dir, prefix=".build-") as folder:
        source = recordings / f"{prompt.name}.wav"
        if not source.exists():
            source = Path(folder, "spoken.wav")
            voice.speak(prompt.spoken, source)
        wav, alaw = Path(folder, "new.wav"), Path(folder, "new.alaw")
        finish_audio(source, wav, alaw)
        for made in (wav, alaw):
            made.chmod(0o644)
            made.replace(target_dir / f"{prompt.name}{made.suffix}")
    return digest, True


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _write_whole(file: Path, content: bytes) -> None:
    interim = file.with_suffix(".new")
    interim.write_bytes(content)
    interim.replace(file)
