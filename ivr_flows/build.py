"""Build the prompts' audio: only what changed, several at a time, each file whole or not there at all.

What was made once is kept under the hash of its content (text, voice, settings, recording), so another stack on this
machine, or a text that was changed back, costs a copy.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ivr_flows.audio import ENDINGS, finish_audio, write_tone
from ivr_flows.prompts import Prompt, load_all
from ivr_flows.say import SOUND_FOLDERS
from ivr_flows.voice import EspeakVoice, Voice, VoiceFailed

MANIFEST = "prompts.json"
MEASURED = "measured.json"
FORMAT = 2
"""Raise it when `finish_audio` changes: every prompt is then built anew."""
CACHE_KEEPS = 2000
"""Pieces of audio; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Prompt `name` is done, `done` of `total`."""

    done: int
    total: int
    name: str


@dataclass(frozen=True, slots=True)
class Built:
    """What the manifest says of a prompt: the hash of what it was made from, and how it sounds."""

    digest: str
    clipped: int = 0
    seconds: float = 0.0
    level_db: float = 0.0
    peak_db: float = 0.0


@dataclass(slots=True)
class BuildReport:
    """What became of each prompt, by key (`zh/greeting`). `failed` maps a key to the reason."""

    built: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    """Taken from the cache."""
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    """Those whose audio comes from a studio recording."""
    seconds: float = 0.0


OnProgress = Callable[[Progress], None]


def build_prompts(
    sounds: Path,
    on_progress: OnProgress | None = None,
    *,
    voice: Voice | None = None,
    prompts: Iterable[Prompt] | None = None,
    cache: Path | None = None,
) -> BuildReport:
    """Write FOLDER/hotline/NAME in every format below `sounds`. One failure does not stop the others.

    Without `cache` nothing is kept beside that. Raises PromptsInvalid when the shipped lists are wrong, OSError when a
    folder cannot be written.
    """
    started = time.monotonic()
    wanted = {prompt.key: prompt for prompt in (load_all() if prompts is None else prompts)}
    sounds.mkdir(parents=True, exist_ok=True)
    manifest, report = read_manifest(sounds), BuildReport()
    report.recorded = [key for key, prompt in wanted.items() if prompt.recording]
    with ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=sounds, prefix=".build-")))
        folder.mkdir(parents=True, exist_ok=True)
        workshop = _Workshop(sounds, folder, voice or EspeakVoice())
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count() or 2))
        jobs = {pool.submit(workshop.ensure, prompt, manifest.get(key)): key for key, prompt in wanted.items()}
        for done, job in enumerate(as_completed(jobs), 1):
            key = jobs[job]
            try:
                list_name, manifest[key] = job.result()
                getattr(report, list_name).append(key)
            except VoiceFailed as error:
                report.failed[key] = str(error)
            if on_progress:
                on_progress(Progress(done, len(jobs), key))
        if report.built or report.copied:
            _write_whole(
                sounds / MANIFEST,
                json.dumps({key: asdict(one) for key, one in sorted(manifest.items())}, indent=1).encode(),
            )
        if cache and report.built:
            _prune(cache)
    report.seconds = time.monotonic() - started
    return report


def content_hash(prompt: Prompt, voice: Voice) -> str:
    """Changes when the prompt must be built anew: text, voice or recording, or the way we finish audio."""
    if prompt.recording:
        content = ["recording", hashlib.sha256(prompt.recording.read_bytes()).hexdigest()]
    elif prompt.length_ms:
        content = ["tone", str(prompt.length_ms), str(prompt.tone_hz)]
    else:
        content = ["voice", voice.identity, prompt.language, str(prompt.is_slow), prompt.spoken]
    return hashlib.sha256(json.dumps([FORMAT, prompt.is_word, *content]).encode()).hexdigest()


def read_manifest(sounds: Path) -> dict[str, Built]:
    """What was built here, by key; a damaged manifest is an empty one."""
    try:
        return {str(key): Built(**entry) for key, entry in json.loads((sounds / MANIFEST).read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def audio_file(sounds: Path, prompt: Prompt, ending: str) -> Path:
    """Where Asterisk finds a prompt in one format."""
    return sounds / SOUND_FOLDERS[prompt.language] / "hotline" / f"{prompt.name}.{ending}"


def has_audio(sounds: Path, prompt: Prompt) -> bool:
    """True when every format of a prompt is there and not empty."""
    files = [audio_file(sounds, prompt, ending) for ending in ENDINGS]
    return all(file.exists() and file.stat().st_size for file in files)


@dataclass(frozen=True, slots=True)
class _Workshop:
    sounds: Path
    cache: Path
    voice: Voice

    def ensure(self, prompt: Prompt, known: Built | None) -> tuple[str, Built]:
        """The list of the report that the prompt belongs to, and its entry in the manifest. Raises VoiceFailed."""
        digest = content_hash(prompt, self.voice)
        if known and digest == known.digest and has_audio(self.sounds, prompt):
            return "kept", known
        made = self.cache / digest
        is_cached = (made / MEASURED).exists()
        if not is_cached:
            self._make(prompt, made)
        target = audio_file(self.sounds, prompt, "wav").parent
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".build-") as folder:
            for ending in ENDINGS:
                copy = Path(folder, ending)
                shutil.copyfile(made / f"prompt.{ending}", copy)
                copy.chmod(0o644)
                copy.replace(target / f"{prompt.name}.{ending}")
        return "copied" if is_cached else "built", Built(digest, **json.loads((made / MEASURED).read_text()))

    def _make(self, prompt: Prompt, made: Path) -> None:
        """Speak it into a folder of the cache, which appears whole; another process may be faster."""
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=".speak-") as folder:
            whole = Path(folder, "whole")
            whole.mkdir()
            if prompt.length_ms and not prompt.recording:
                measured = write_tone(prompt.length_ms / 1000, prompt.tone_hz, whole)
            else:
                source = prompt.recording or Path(folder, "spoken.wav")
                if not prompt.recording:
                    self.voice.speak(prompt, source)
                measured = finish_audio(source, whole, is_word=prompt.is_word)
            (whole / MEASURED).write_text(json.dumps(measured.as_json()))
            try:
                whole.rename(made)
            except OSError:
                if not (made / MEASURED).exists():
                    raise


def _prune(cache: Path) -> None:
    kept = sorted((entry for entry in cache.iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
    for old in kept[: max(0, len(kept) - CACHE_KEEPS)]:
        shutil.rmtree(old, ignore_errors=True)


def _write_whole(file: Path, content: bytes) -> None:
    interim = file.with_suffix(".new")
    interim.write_bytes(content)
    interim.replace(file)
