"""What was applied on this node, and how it ended: one folder per version, never changed afterwards.

$HOTLINE_HOME/dialplan/versions/0007/site.yaml     the plan
                                    /etc/…         what was rendered from it (the newest versions only)
                                    /hand-edited/… files that somebody had changed on the node, kept
                                    /meta.json     who, when, why, the difference, the result
$HOTLINE_HOME/dialplan/current                     number of the version in force
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from app.contract.changes import FileChange, History, Outcome, Version

KEPT_RENDERINGS = 10
"""A rendering is needed to show hand edits; older versions are rendered again from their plan."""


class VersionUnknown(LookupError):
    """The history holds no version of this number."""


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

    def prepare(self) -> None:
        """Make the folder; its files hold passwords, so only its owner may look."""
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
        try:
            text = (self.place(number) / "meta.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise VersionUnknown(f"there is no version {number}") from None
        version = StoredVersion.model_validate_json(text)
        return version.model_copy(update={"is_current": number == self.current_number()})

    def plan_text(self, number: int) -> str:
        """The plan of a version. Raises VersionUnknown."""
        try:
            return (self.place(number) / "site.yaml").read_text(encoding="utf-8")
        except FileNotFoundError:
            raise VersionUnknown(f"there is no version {number}") from None

    def rendering(self, number: int) -> dict[str, str]:
        """The files of a version by name; empty when they are no longer kept."""
        return read_folder(self.place(number) / "etc")

    def history(self, limit: int = 50) -> History:
        """The newest versions, without diffs."""
        return History(versions=[self.read(number).told(with_diff=False) for number in self.numbers()[:limit]])

    def current_number(self) -> int | None:
        """The version in force; None before the first."""
        try:
            return int((self.folder / "current").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def current(self) -> StoredVersion | None:
        """The version in force; None before the first."""
        number = self.current_number()
        return None if number is None else self.read(number)

    def before_current(self) -> int:
        """The version that was in force before this one. Raises VersionUnknown."""
        current = self.current_number() or 0
        earlier = [n for n in self.numbers() if n < current and self.read(n).outcome is Outcome.APPLIED]
        if not earlier:
            raise VersionUnknown("there is no version before the one in force")
        return earlier[0]

    def place(self, number: int) -> Path:
        return self._versions / f"{number:04d}"

    def next_number(self) -> int:
        return max(self.numbers(), default=0) + 1

    def keep(
        self, version: StoredVersion, plan_text: str, files: Mapping[str, str], hand_edited: Mapping[str, str]
    ) -> None:
        """Write a version, all of it or nothing."""
        self.prepare()
        draft = self._versions / f".draft-{version.number}-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        (draft / "site.yaml").write_text(plan_text, encoding="utf-8")
        (draft / "meta.json").write_text(version.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for name, contents in (("etc", files), ("hand-edited", hand_edited)):
            for file, text in contents.items():
                (draft / name).mkdir(exist_ok=True)
                (draft / name / file).write_text(text, encoding="utf-8")
        draft.replace(self.place(version.number))
        for old in self.numbers()[KEPT_RENDERINGS:]:
            if old != self.current_number():
                shutil.rmtree(self.place(old) / "etc", ignore_errors=True)

    def point_to(self, number: int) -> None:
        """Declare a version to be in force."""
        draft = self.folder / f".current-{os.getpid()}"
        draft.write_text(f"{number}\n", encoding="utf-8")
        draft.replace(self.folder / "current")

    def number_of(self, plan_digest: str) -> int | None:
        """The newest version that was made from this plan, whatever became of it."""
        return next((number for number in self.numbers() if self.read(number).plan_digest == plan_digest), None)


def read_folder(folder: Path) -> dict[str, str]:
    """Text of every visible file in a folder; undecodable bytes survive as replacement characters."""
    if not folder.exists():
        return {}
    return {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    }
