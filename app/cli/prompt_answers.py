"""What is known of the prompts of this node, as `app.contract.flows` tells it; and changes, refused with a code."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from app.cli.flow_answers import Shelf
from app.cli.flow_refusal import FlowRefused
from app.cli.line_voices import planned_lines, prompt_sources
from app.cli.settings import StackSettings
from app.contract.flows import PromptChange, PromptDetail, PromptList, PromptSummary
from ivr_flows.audio import LONGEST_SECONDS, PLAUSIBLE_HZ, inspect_audio
from ivr_flows.build import Built, content_hash, has_audio, read_manifest
from ivr_flows.check import MORE_CLIPPED_THAN
from ivr_flows.flow import ANY
from ivr_flows.own_texts import OwnTexts, TextRefused, split_key
from ivr_flows.prompts import SHIPPED, Prompt, read_prompts
from ivr_flows.say import LANGUAGES
from ivr_flows.voice import Voice, VoiceFailed, choose_voice

State = Literal["ready", "missing", "stale", "clipped"]
SHORTEST_SECONDS = 0.2
QUIETEST_DB = -45.0
"""Made as loud as the others, what is quieter brings its noise with it."""


class Shop:
    """The prompts of this node: texts, audio, and which flows play them. Read once."""

    def __init__(self) -> None:
        self.settings = StackSettings()
        self.own = OwnTexts(self.settings.home / "prompts")
        sources = prompt_sources(self.settings)
        lines = planned_lines(self.settings)
        self.shipped = {language: read_prompts(language, (SHIPPED,), base=lines)[0] for language in LANGUAGES}
        self.prompts = {language: read_prompts(language, sources, base=lines)[0] for language in LANGUAGES}
        self._edited = {language: _edited(self.own, language) for language in LANGUAGES}
        self._manifest = read_manifest(self.settings.sounds)
        self._voice: Voice = choose_voice(self.settings.voice_command)
        self._players: dict[str, list[str]] = {}
        for name, flow in Shelf().flows.items():
            for language in LANGUAGES if flow.language == ANY else (flow.language,):
                for prompt in sorted(flow.prompts):
                    self._players.setdefault(f"{language}/{prompt}", []).append(name)

    def summary(self, prompt: Prompt) -> PromptSummary:
        built = self._manifest.get(prompt.key)
        shipped = self.shipped[prompt.language].get(prompt.name)
        is_own = shipped is None or (shipped.text, shipped.spoken) != (prompt.text, prompt.spoken)
        is_edited = prompt.name in self._edited[prompt.language]
        return PromptSummary(
            key=prompt.key, name=prompt.name, language=prompt.language, text=prompt.text, spoken=prompt.spoken,
            is_slow=prompt.is_slow, source=prompt.source or (shipped.source if shipped else ""),
            origin="page" if is_edited else "hand" if is_own else "shipped",
            is_recorded=prompt.recording is not None, is_tone=prompt.length_ms > 0, state=self._state(prompt, built),
            seconds=built.seconds if built else 0.0, level_db=built.level_db if built else 0.0,
            used_by=self._players.get(prompt.key, []),
        )  # fmt: skip

    def _state(self, prompt: Prompt, built: Built | None) -> State:
        if built is None or not has_audio(self.settings.sounds, prompt):
            return "missing"
        if built.digest != content_hash(prompt, self._voice):
            return "stale"
        return "clipped" if built.clipped > MORE_CLIPPED_THAN else "ready"


def _edited(own: OwnTexts, language: str) -> set[str]:
    """A damaged list must not hide all the others: `hotline flows check` tells of it."""
    try:
        return set(own.edited(language))
    except TextRefused:
        return set()


def list_prompts() -> PromptList:
    """All, by language and name."""
    shop = Shop()
    return PromptList(prompts=[shop.summary(one) for found in shop.prompts.values() for one in found.values()])


def describe_prompt(key: str) -> PromptDetail:
    """One of them with its history. Raises FlowRefused."""
    language, name = _split(key)
    shop = Shop()
    prompt = shop.prompts[language].get(name)
    if prompt is None:
        raise FlowRefused("unknown-prompt", f"there is no prompt '{key}'", key=key)
    shipped = shop.shipped[language].get(name)
    history = [PromptChange(**{k: v for k, v in asdict(one).items() if k != "key"}) for one in shop.own.history(key)]
    return PromptDetail(prompt=shop.summary(prompt), shipped_text=shipped.text if shipped else "", history=history)


def change(work: Callable[[OwnTexts], None]) -> None:
    """Do it. Raises FlowRefused."""
    try:
        work(OwnTexts(StackSettings().home / "prompts"))
    except TextRefused as error:
        raise FlowRefused(error.code, str(error)) from error
    except OSError as error:
        raise FlowRefused("not-written", f"nothing was changed: {error}") from error


def check_recording(key: str, wav: bytes) -> str:
    """SHA-256 of a recording that is fit for a prompt that exists. Raises FlowRefused with what is wrong."""
    describe_prompt(key)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "recording.wav")
        file.write_bytes(wav)
        try:
            found = inspect_audio(file)
        except VoiceFailed as error:
            code = "silent" if "silence" in str(error) else "no-audio"
            raise FlowRefused(code, str(error), "export it as WAV: 16 or 24 bit, 8 to 192 kHz") from error
    faults = (
        ("bad-rate", found.rate_hz not in PLAUSIBLE_HZ, f"{found.rate_hz} samples a second", found.rate_hz),
        ("too-long", found.seconds > LONGEST_SECONDS, f"{found.seconds} s, at most {LONGEST_SECONDS}", found.seconds),
        ("too-short", found.seconds < SHORTEST_SECONDS, f"{found.seconds} s", found.seconds),
        ("too-quiet", found.level_db < QUIETEST_DB, f"speech at {found.level_db} dB", found.level_db),
        ("clipped", found.clipped > MORE_CLIPPED_THAN, f"{found.clipped} samples were cut off", found.clipped),
    )
    for code, is_wrong, message, value in faults:
        if is_wrong:
            raise FlowRefused(code, f"the recording is not fit: {message}", "have it recorded again", value=value)
    return hashlib.sha256(wav).hexdigest()


def _split(key: str) -> tuple[str, str]:
    try:
        return split_key(key)
    except TextRefused as error:
        raise FlowRefused(error.code, str(error), key=key) from error
