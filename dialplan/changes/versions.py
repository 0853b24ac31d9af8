"""What was applied on this node, and how it ended: one folder per version, never changed afterwards.

$HOTLINE_HOME/dialplan/versions/0007/site.yaml     the plan
                                    /etc/…         what was rendered from it (the newest versions only)
                                    /hand-edited/… files that somebody had changed on the node, kept
                                    /meta.json     who, when, why, the difference, the result
                               /.draft/…           the version that is on its way, written before anything changes
$HOTLINE_HOME/dialplan/current                     number of the version in force
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from app.contract.changes import FileChange, History, Outcome, Version
from dialplan.changes.saying import Said, say

KEPT_RENDERINGS = 10
"""A rendering is needed to show hand edits; older versions are rendered again from their plan."""


class VersionUnknown(Said):
    """The history holds no version of this number, or none that can be read."""


class StoredVersion(Version):
    """A version with what only this node needs: digests of the files as they were rendered."""

    manifest: dict[str, str] = Field(default_factory=dict)

    def told(self, *, with_diff: bool) -> Version:
        """The version as the commands answer it."""
        files = self.files if with_diff else [_without_diff(file) for file in self.files]
        return Version.model_validate(self.model_dump(exclude={"manifest", "files"}) | {"files": files})


def _without_diff(file: FileChange) -> FileChange:
    return file.model_copy(update={"diff": ""})


def digest(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_of(files: Mapping[str, str]) -> dict[str, str]:
    """Digest of each file by its name."""
    return {name: digest(text) for name, text in files.items()}


class VersionStore:
    """Everything applied on one node."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "dialplan"
        self._versions = self.folder / "versions"
        self._draft = self._versions / ".draft"

    def prepare(self) -> None:
        """Make the folder; its files hold passwords, so only its owner may look. Raises OSError."""
        self._versions.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def numbers(self) -> list[int]:
        """Newest first."""
        if not self._versions.exists():
            return []
        found = [int(path.name) for path in self._versions.iterdir() if path.name.isdecimal()]
        return sorted(found, reverse=True)

    def read(self, number: int) -> StoredVersion:
        """One version. Raises VersionUnknown."""
        version = _read_version(self.place(number), number)
        return version.model_copy(update={"is_current": number == self.current_number()})

    def plan_text(self, number: int) -> str:
        """The plan of a version. Raises VersionUnknown."""
        try:
            return (self.place(number) / "site.yaml").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise VersionUnknown(say("version_unknown", number=number)) from None

    def rendering(self, number: int) -> dict[str, str]:
        """The files of a version by name; empty when they are no longer kept."""
        return read_folder(self.place(number) / "etc")

    def history(self, limit: int = 50) -> History:
        """The newest versions, without diffs; a damaged one is left out."""
        versions = []
        for number in self.numbers()[:limit]:
            with contextlib.suppress(VersionUnknown):
                versions.append(self.read(number).told(with_diff=False))
        return History(versions=versions)

    def current_number(self) -> int | None:
        """The version in force; None before the first."""
        try:
            return int((self.folder / "current").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def current(self) -> StoredVersion | None:
        """The version in force; None before the first. Raises VersionUnknown when its record is gone."""
        number = self.current_number()
        return None if number is None else self.read(number)

    def before_current(self) -> int:
        """The version with the plan that was in force before this one: set-up may have rendered the same text again.

        Raises VersionUnknown.
        """
        current = self.current_number() or 0
        plan = self.plan_text(current)
        earlier = (n for n in self.numbers() if n < current and self.is_applied(n) and not self._has_text(n, plan))
        if (found := next(earlier, None)) is None:
            raise VersionUnknown(say("no_version_before"))
        return found

    def is_applied(self, number: int) -> bool:
        """Whether this version is, or was, in force."""
        try:
            return self.read(number).outcome is Outcome.APPLIED
        except VersionUnknown:
            return False

    def place(self, number: int) -> Path:
        return self._versions / f"{number:04d}"

    def next_number(self) -> int:
        return max(self.numbers(), default=0) + 1

    def draft(
        self, version: StoredVersion, plan_text: str, files: Mapping[str, str], hand_edited: Mapping[str, str]
    ) -> None:
        """Write a version that is on its way: what it needs on disk is there before it takes effect. Raises OSError."""
        self.prepare()
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(mode=0o700)
        (self._draft / "site.yaml").write_text(plan_text, encoding="utf-8")
        for name, contents in (("etc", files), ("hand-edited", hand_edited)):
            for file, text in contents.items():
                (self._draft / name).mkdir(exist_ok=True)
                (self._draft / name / file).write_text(text, encoding="utf-8")
        _write_version(self._draft, version)

    def find_draft(self) -> StoredVersion | None:
        """The version that was on its way when its apply was killed."""
        try:
            return _read_version(self._draft, 0)
        except VersionUnknown:
            return None

    def publish(self, version: StoredVersion) -> None:
        """The draft becomes this version, with its end; what was not in force keeps no files. Raises OSError."""
        place = self.place(version.number)
        folder = self._draft if self._draft.exists() else place
        _write_version(folder, version)
        if version.outcome is not Outcome.APPLIED:
            shutil.rmtree(folder / "etc", ignore_errors=True)
        if folder is self._draft:
            folder.replace(place)
        for old in self.numbers()[KEPT_RENDERINGS:]:
            if old != self.current_number():
                shutil.rmtree(self.place(old) / "etc", ignore_errors=True)

    def point_to(self, number: int) -> None:
        """Declare a version to be in force. Raises OSError."""
        draft = self.folder / f".current-{os.getpid()}"
        draft.write_text(f"{number}\n", encoding="utf-8")
        draft.replace(self.folder / "current")

    def number_of(self, plan_text: str) -> int | None:
        """The newest version with this plan that is, or was, in force; one that was rolled back never was."""
        return next((n for n in self.numbers() if self._has_text(n, plan_text) and self.is_applied(n)), None)

    def _has_text(self, number: int, plan_text: str) -> bool:
        try:
            return self.plan_text(number) == plan_text
        except VersionUnknown:
            return False


def _read_version(folder: Path, number: int) -> StoredVersion:
    try:
        return StoredVersion.model_validate_json((folder / "meta.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VersionUnknown(say("version_unknown", number=number)) from None
    except (ValidationError, UnicodeDecodeError):
        raise VersionUnknown(say("version_damaged", number=number)) from None


def _write_version(folder: Path, version: StoredVersion) -> None:
    draft = folder / ".meta.json"
    draft.write_text(version.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / "meta.json")


def read_folder(folder: Path) -> dict[str, str]:
    """Text of every visible file in a folder; undecodable bytes survive as replacement characters."""
    if not folder.exists():
        return {}
    return {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    }
