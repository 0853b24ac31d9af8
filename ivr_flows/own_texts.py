"""An installation's own texts and recordings, changed by a program, with all that was ever changed.

    zh-edited.yaml           texts that take the shipped ones' place; written whole
    recordings/zh/NAME.wav   a studio's recording, which takes the voice's place
    history.jsonl            who changed what, when and why: a line a change, never rewritten

Beside them may lie lists that somebody wrote by hand (`zh.yaml`); what stands there is left to him.
"""

import fcntl
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import yaml

from ivr_flows.nodes import NAME
from ivr_flows.prompts import read_listed, wrong_prompt
from ivr_flows.say import LANGUAGES
from ivr_flows.yaml_source import read_yaml

What = Literal["text", "shipped", "recording", "voice"]
HISTORY, LOCK = "history.jsonl", "lock"


class TextRefused(ValueError):
    """This prompt cannot be changed so. `code` names the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Change:
    """`at` is ISO 8601, UTC. `shipped`: back to the text that ships; `voice`: the recording was taken away."""

    key: str
    at: str
    by: str
    note: str
    what: What
    text: str = ""
    spoken: str = ""
    is_slow: bool = False
    sha256: str = ""


class OwnTexts:
    """The texts of one installation, in `folder` (`$HOTLINE_HOME/prompts`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def edited(self, language: str) -> dict[str, dict[str, str]]:
        """The entries that were written by this program, by name. Raises TextRefused for a damaged list."""
        file = self._file(language)
        if not file.exists():
            return {}
        source = read_yaml(file)
        if source.problems or not isinstance(source.value, dict):
            raise TextRefused("list-damaged", f"{file.name} cannot be read: correct it by hand")
        listed = {name: one for name, one in source.value.items() if isinstance(one, dict)}
        return {name: {field: str(text) for field, text in one.items()} for name, one in listed.items()}

    def by_hand(self, language: str) -> set[str]:
        """Names in lists that somebody wrote himself."""
        files = [one for one in self.folder.glob(f"{language}*.yaml") if one != self._file(language)]
        return {name for file in files for name in read_listed(file, language)}

    def reword(self, change: Change) -> None:
        """Put a text in the shipped one's place, or (`shipped`) take it away again. Raises TextRefused, OSError."""
        language, name = split_key(change.key)
        with self._lock():
            if name in self.by_hand(language):
                raise TextRefused("by-hand", f"'{name}' stands in a list that somebody wrote by hand")
            entries = self.edited(language)
            if change.what == "shipped":
                if name not in entries:
                    raise TextRefused("nothing-to-do", f"'{name}' has the text that ships")
                del entries[name]
            else:
                entry = {"text": change.text, "spoken": change.spoken, "pace": "slow" if change.is_slow else ""}
                entry = {field: value for field, value in entry.items() if value}
                if message := wrong_prompt(name, entry):
                    raise TextRefused("text-refused", message)
                if entries.get(name) == entry:
                    raise TextRefused("nothing-to-do", f"'{name}' has this text already")
                entries[name] = entry
            dumped = yaml.safe_dump(dict(sorted(entries.items())), allow_unicode=True, sort_keys=False, width=10_000)
            _write_whole(self._file(language), dumped.encode() if entries else b"{}\n")
            self._remember(change)

    def keep_recording(self, change: Change, wav: bytes) -> None:
        """Put a recording in the voice's place. Raises TextRefused, OSError."""
        split_key(change.key)
        with self._lock():
            file = self.recording(change.key)
            file.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(file, wav)
            self._remember(change)

    def drop_recording(self, change: Change) -> None:
        """The voice speaks again. Raises TextRefused, OSError."""
        split_key(change.key)
        with self._lock():
            if not self.recording(change.key).exists():
                raise TextRefused("nothing-to-do", f"there is no recording of '{change.key}' here")
            self.recording(change.key).unlink()
            self._remember(change)

    def recording(self, key: str) -> Path:
        """Where a recording of this prompt lies."""
        return self.folder / "recordings" / f"{key}.wav"

    def history(self, key: str) -> list[Change]:
        """All that was changed of a prompt, the newest first. A line that was cut off is left out."""
        try:
            lines = (self.folder / HISTORY).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [one for line in reversed(lines) if (one := _change(line)) and one.key == key]

    def _file(self, language: str) -> Path:
        return self.folder / f"{language}-edited.yaml"

    def _remember(self, change: Change) -> None:
        with (self.folder / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(change), ensure_ascii=False) + "\n")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One change at a time; a second one waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def split_key(key: str) -> tuple[str, str]:
    """`zh/greeting` → language and name; both become parts of paths. Raises TextRefused."""
    language, _, name = key.partition("/")
    if language not in LANGUAGES or not re.fullmatch(NAME, name):
        raise TextRefused("unknown-prompt", f"'{key}' is not LANGUAGE/NAME")
    return language, name


def _change(line: str) -> Change | None:
    try:
        return Change(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _write_whole(file: Path, content: bytes) -> None:
    interim = file.with_name(f".{file.name}.new")
    interim.write_bytes(content)
    interim.chmod(0o644)
    interim.replace(file)
