"""Renders the plan of a node again, at set-up and after an upgrade: new templates or settings, the same history."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.contract.changes import Outcome
from dialplan.asterisk import reload_configuration
from dialplan.changes.files import diff_files
from dialplan.changes.lock import ChangeLock
from dialplan.changes.meaning import describe
from dialplan.changes.planning import hand_edits, installed_version, old_plan_of
from dialplan.changes.versions import StoredVersion, VersionStore, digest, manifest_of, read_folder
from dialplan.line_plan import SHANGHAI
from dialplan.music import ensure_music
from dialplan.plan_file import load_plan
from dialplan.render import render, write
from dialplan.settings import DialplanSettings


@dataclass(frozen=True)
class Rendered:
    """What became of it. `hand_edited` files stopped it: then nothing was written.

    Held back: the plan file is not the text in force, and a second person must approve that first.
    """

    version: int
    changed: list[str]
    hand_edited: list[str]
    is_held_back: bool = False
    is_reloaded: bool = False


def render_again(settings: DialplanSettings, plan_file: Path, *, by: str) -> Rendered:
    """Render, write, reload, and keep a version when anything differs. Raises SitePlanFault, UnsafeValue, Locked."""
    store = VersionStore(settings.home)
    wanted, wanted_text = load_plan(plan_file), plan_file.read_text(encoding="utf-8")
    with ChangeLock(store.folder).hold(by, "rendering the site plan"):
        base = store.current()
        live = read_folder(settings.asterisk_home / "etc")
        if base and (edited := [edit.name for edit in hand_edits(store, base, live)]):
            return Rendered(base.number, [], edited)
        ensure_music(settings.asterisk_home / "data/moh")
        old = old_plan_of(store, base)
        meaning = describe(old, wanted, datetime.now(SHANGHAI).date())
        plan, text, is_held_back = wanted, wanted_text, False
        is_other = base is not None and base.plan_digest != digest(wanted_text)  # no list of meanings is ever complete
        if base and old and is_other and old.change_control.approval == "second_person":
            plan, text, meaning, is_held_back = old, store.plan_text(base.number), [], True
        paths = render(plan, settings, installed_version(settings))
        files = {str(path): content for path, content in paths.items()}
        changed = diff_files(live, files)
        if not changed and base is not None and base.plan_digest == digest(text):
            return Rendered(base.number, [], [], is_held_back)
        write(paths, settings)
        version = StoredVersion(
            number=store.next_number(),
            at=datetime.now(UTC),
            by=by,
            why=f"rendered from {plan_file.name}",
            outcome=Outcome.APPLIED,
            plan_digest=digest(text),
            meaning=meaning,
            files=changed,
            manifest=manifest_of(files),
        )
        store.keep(version, text, files, {})
        store.point_to(version.number)
        is_reloaded = bool(changed) and reload_configuration(settings)
        return Rendered(version.number, [file.name for file in changed], [], is_held_back, is_reloaded)
