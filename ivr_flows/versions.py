"""Published flows: versions that never change, and which of them is in force, for which line, from which day on.

    versions/0007/{meta.json, NAME.yaml …}   one publish: who, when, why, and the files
    active.json                              what was put in force, in order; its last word counts

A version is written beside and renamed, active.json likewise: who reads sees the old or the new, never a half.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ivr_flows.loader import FlowInvalid, read_draft
from ivr_flows.validator import NOTHING, Known
from ivr_flows.yaml_source import Problem

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ACTIVE, META = "active.json", "meta.json"
NONE = 0
"""The version of a line that was taken back: the flow of its trunk answers again."""


class NothingToDo(ValueError):
    """What was asked for is in force already, or there is nothing to go back to."""


@dataclass(frozen=True, slots=True)
class Version:
    """One publish. `at` is ISO 8601, UTC."""

    number: int
    at: str
    by: str
    note: str
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activation:
    """From `since` (a day in Asia/Shanghai) on this version of the flow is in force; with `line`, for it alone."""

    flow: str
    version: int
    since: str
    at: str
    by: str
    note: str
    line: str = ""


def in_force(activations: Sequence[Activation], day: str, *, flow: str = "", line: str = "") -> Activation | None:
    """The activation that counts on this day: of a flow for all lines, or of a line. Of a day the last word counts."""
    fitting = [
        (one.since, number)
        for number, one in enumerate(activations)
        if one.since <= day and one.line == line and flow in {"", one.flow}
    ]
    return activations[max(fitting)[1]] if fitting else None


class FlowStore:
    """The published flows of one node, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, flow: str, version: int) -> Path:
        """Where a version keeps a flow."""
        return self.folder / "versions" / f"{version:04}" / f"{flow}.yaml"

    def versions(self) -> list[Version]:
        """All, the oldest first."""
        found = sorted(self.folder.glob(f"versions/*/{META}"))
        return [_from_json(Version, json.loads(file.read_text(encoding="utf-8"))) for file in found]

    def activations(self) -> list[Activation]:
        """All, in the order in which they were made. Raises ValueError for a damaged file."""
        try:
            raw = json.loads((self.folder / ACTIVE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        return [_from_json(Activation, one) for one in raw["activations"]]

    def files_in_force(self, day: str) -> dict[str, Path]:
        """The file of each flow that is in force for all lines on this day."""
        activations = self.activations()
        names = {one.flow for one in activations if not one.line}
        chosen = {name: in_force(activations, day, flow=name) for name in sorted(names)}
        return {name: self.file(name, one.version) for name, one in chosen.items() if one and one.version}

    def publish(
        self, files: Sequence[Path], *, by: str, note: str, at: datetime, line: str = "", since: str = "",
        known: Known = NOTHING,
    ) -> Version:  # fmt: skip
        """Check the files together with what is in force, keep them as a new version and put it in force.

        Raises FlowInvalid (nothing is changed then), NothingToDo when all of it is in force already, OSError.
        """
        with self._lock():
            day = _day(at)
            problems = self.problems_of(files, day=since or day, line=line, known=known)
            if problems:
                raise FlowInvalid(problems)
            changed = [file for file in files if not self._is_in_force(file, since or day, line)]
            if not changed:
                raise NothingToDo("all of it is in force already")
            version = Version(
                max((one.number for one in self.versions()), default=0) + 1, at.isoformat(timespec="seconds"), by, note,
                tuple(file.stem for file in changed),
            )  # fmt: skip
            self._keep(version, changed)
            self._activate(
                [Activation(name, version.number, since or day, version.at, by, note, line) for name in version.flows]
            )
            return version

    def problems_of(self, files: Sequence[Path], *, day: str, line: str = "", known: Known = NOTHING) -> list[Problem]:
        """What speaks against these files: by themselves, and for flows in force that go through them."""
        drafts = {file.stem: read_draft(file) for file in self.files_in_force(day).values()}
        drafts |= {file.stem: read_draft(file) for file in files}
        flows = {name: draft.flow for name, draft in drafts.items() if draft.flow}
        problems = [problem for draft in drafts.values() for problem in draft.check(replace(known, flows=flows))]
        for name in (file.stem for file in files if line and file.stem in flows):
            if not flows[name].serves(line):
                problems.append(Problem(f"{name}.yaml", 0, f"flow '{name}' does not serve line {line}: see 'lines'"))
        return problems

    def roll_back(
        self, *, by: str, note: str, at: datetime, flow: str = "", line: str = "", to: int | None = None
    ) -> Activation:
        """Take back what is to come; else put an earlier version of the flow in force again, from now on. Of a line:
        what was there before, at last its trunk's flow. Raises NothingToDo."""
        with self._lock():
            mine = [one for one in self.activations() if one.line == line and flow in {"", one.flow}]
            day = max([_day(at), *(one.since for one in mine)])  # what is to come is taken back first
            now = in_force(mine, day, line=line)
            if now is None:
                raise NothingToDo(f"nothing is in force for line {line}" if line else f"flow '{flow}' is not in force")
            if day > _day(at) and to is None:
                target = in_force(mine, _day(at), line=line) or replace(now, version=NONE)
            else:
                target = self._earlier(mine, now, to)
            back = replace(target, since=day, at=at.isoformat(timespec="seconds"), by=by, note=note)
            self._activate([back])
            return back

    def _earlier(self, mine: list[Activation], now: Activation, to: int | None) -> Activation:
        """What was there before the present version came first; before a line's first one, its trunk's flow."""
        if to:
            wanted = [one for one in mine if one.version == to]
        else:
            came = next(number for number, one in enumerate(mine) if one.version == now.version)
            wanted = mine[:came] if now.version else []
        if wanted:
            return wanted[-1]
        if now.line and now.version and to is None:
            return replace(now, version=NONE)
        raise NothingToDo(f"there is no {f'version {to}' if to else 'earlier version'} to go back to")

    def _is_in_force(self, file: Path, day: str, line: str) -> bool:
        now = in_force(self.activations(), day, flow=file.stem, line=line)
        try:
            return now is not None and self.file(file.stem, now.version).read_bytes() == file.read_bytes()
        except FileNotFoundError:
            return False

    def _keep(self, version: Version, files: Sequence[Path]) -> None:
        home = self.folder / "versions"
        home.mkdir(parents=True, exist_ok=True)
        interim = Path(tempfile.mkdtemp(dir=home, prefix=".new-"))
        try:
            for file in files:
                shutil.copyfile(file, interim / file.name)
            (interim / META).write_text(json.dumps(asdict(version), ensure_ascii=False), encoding="utf-8")
            interim.chmod(0o755)
            interim.rename(home / f"{version.number:04}")
        except BaseException:
            shutil.rmtree(interim, ignore_errors=True)
            raise

    def _activate(self, more: list[Activation]) -> None:
        activations = [asdict(one) for one in [*self.activations(), *more]]
        interim = self.folder / f"{ACTIVE}.new"
        interim.write_text(json.dumps({"activations": activations}, ensure_ascii=False, indent=1), encoding="utf-8")
        with interim.open() as written:
            os.fsync(written.fileno())
        interim.replace(self.folder / ACTIVE)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One change at a time; a second one waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _day(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).date().isoformat()


def _from_json(form: type[Any], raw: Mapping[str, Any]) -> Any:
    return form(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})
