"""Works out what a new plan would change on this node: its faults, its meaning, its files. Changes nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from jinja2 import TemplateError

from app.contract.changes import Area, ChangePlan, Effect, Fault, FileChange, MeaningChange
from dialplan.asterisk import NEWEST, AsteriskMissing, asterisk_version
from dialplan.changes.clock import find_offset
from dialplan.changes.fault_wording import in_chinese
from dialplan.changes.files import diff_files
from dialplan.changes.meaning import describe
from dialplan.changes.reload import needs_restart, reload_commands
from dialplan.changes.saying import Saying
from dialplan.changes.versions import StoredVersion, VersionStore, digest, manifest_of, read_folder
from dialplan.changes.wording import change as meaning_change
from dialplan.check import check_files, check_own_address, check_prompts, check_settings
from dialplan.escaping import UnsafeValue
from dialplan.line_plan import SHANGHAI
from dialplan.plan_file import SitePlanFault, parse_plan
from dialplan.render import render
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

SECOND_PERSON = "second_person"
UNREADABLE = (
    "this release cannot read the plan in force, so the difference of meaning is not known: look at the files",
    "本版软件读不懂正在生效的方案，无法逐条说明变化，请看配置文件差异",
)
MoreChecks = Callable[[SitePlan], Iterable[Fault]]
"""What another part of the product knows about a plan, e.g. which flows exist."""


@dataclass(frozen=True)
class PlannedChange:
    """A plan that could be applied, or the faults why it cannot (then `plan` is None)."""

    text: str
    change: ChangePlan
    plan: SitePlan | None = None
    files: dict[str, str] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    base: StoredVersion | None = None
    version: str = NEWEST

    @property
    def wants_no_approval(self) -> bool:
        """Whether one person could change the node once this plan is in force."""
        return self.plan is not None and self.plan.change_control.approval != SECOND_PERSON

    @property
    def changed_numbers(self) -> list[str]:
        """The main number first, then every line with a change that holds today or later; for test calls."""
        if self.plan is None:
            return []
        lines = [change.subject for change in self.change.meaning if change.area.value == "line"]
        known = {line.number for line in self.plan.lines}
        return [number for number in dict.fromkeys([self.plan.main_line.number, *lines]) if number in known]


def plan_change(
    settings: DialplanSettings, text: str, *, name: str = "plan", more_checks: MoreChecks | None = None
) -> PlannedChange:
    """Compare a plan's text with what this node has. Raises VersionUnknown when the record of that is damaged."""
    store = VersionStore(settings.home)
    base = store.current()
    plan_digest = digest(text)
    try:
        plan = parse_plan(text, name=name)
        version = installed_version(settings)
        files = {str(path): content for path, content in render(plan, settings, version).items()}
        faults = [*_faults(plan, settings, files), *(more_checks(plan) if more_checks else ())]
    except SitePlanFault as fault:
        faults = [fault_of(line) for line in fault.faults]
    except UnsafeValue as error:
        faults = [Fault(where="settings", what=str(error), advice="Change the value to letters, digits and . _ -")]
    except TemplateError as error:  # whoever changed a template finds out here, not a caller
        faults = [Fault(where="template", what=str(error), advice="Correct the template")]
    if faults:
        number = base.number if base else None
        told = [in_chinese(fault) for fault in faults]
        return PlannedChange(
            text, ChangePlan(is_empty=False, base_version=number, plan_digest=plan_digest, faults=told), base=base
        )
    live, old = read_folder(settings.asterisk_home / "etc"), old_plan_of(store, base)
    changed = diff_files(live, files)
    later = needs_restart(live, files)
    is_other = base is not None and base.plan_digest != plan_digest
    change = ChangePlan(
        is_empty=not changed and base is not None and not is_other,
        base_version=base.number if base else None,
        plan_digest=plan_digest,
        meaning=_meaning(base, old, plan),
        files=changed,
        reloads=reload_commands(live, files),
        restart_for=[english for english, _ in later],
        restart_for_zh=[chinese for _, chinese in later],
        hand_edits=hand_edits(store, base, live),
        needs_approval=is_other and wants_approval(store, base, old, plan),
        clock_offset_seconds=find_offset(settings),
    )
    return PlannedChange(text, change, plan, files, live, base, version)


def installed_version(settings: DialplanSettings) -> str:
    """Version of Asterisk here; the newest we know where none is installed yet."""
    try:
        return asterisk_version(settings)
    except AsteriskMissing:
        return NEWEST


def fault_of(line: str) -> Fault:
    """`path: what is wrong. What to do`, taken apart."""
    where, _, rest = line.partition(": ")
    inner, found, what = rest.partition(": ")
    if found and " " not in inner:
        where, rest = f"{where}: {inner}", what
    return Fault(where=where, what=rest)


def faults_told(faults: list[Fault]) -> Saying:
    """The first fault of a plan, and how many more there are."""
    first, more = faults[0], len(faults) - 1
    others, others_zh = (f" (and {more} more)", f"（另有 {more} 处）") if more else ("", "")
    return Saying(
        first.code,
        f"{first.where}: {first.what}{others}",
        f"{first.where}：{first.text_zh}{others_zh}",
        first.advice or "`hotline dialplan check` lists all",
        "请改正后重新预检",
    )


def _faults(plan: SitePlan, settings: DialplanSettings, files: dict[str, str]) -> list[Fault]:
    """Prompts of single lines are not asked for: an apply speaks them first."""
    by_path = {PurePosixPath(name): text for name, text in files.items()}
    found = [
        *check_settings(settings),
        *check_own_address(plan, settings),
        *check_files(by_path),
        *check_prompts(settings.asterisk_home),
    ]
    return [Fault(where=problem.where, what=problem.what, advice=problem.advice) for problem in found]


def _meaning(base: StoredVersion | None, old: SitePlan | None, plan: SitePlan) -> list[MeaningChange]:
    if base is not None and old is None:
        return [meaning_change(Area.SITE, Effect.CHANGED, plan.name, UNREADABLE, needs_care=True)]
    return describe(old, plan, datetime.now(SHANGHAI).date())


def old_plan_of(store: VersionStore, base: StoredVersion | None) -> SitePlan | None:
    """The plan in force; None before the first, and when this release cannot read it any more."""
    if base is None:
        return None
    try:
        return parse_plan(store.plan_text(base.number), name=f"version {base.number}")
    except SitePlanFault:
        return None


def wants_approval(
    store: VersionStore, base: StoredVersion | None, old: SitePlan | None, new: SitePlan | None = None
) -> bool:
    """Whether another text than the one in force needs a second person. The plan in force decides.

    One that this release cannot read is asked for the word alone, and the new plan is asked too: rather once too often.
    """
    if base is None:
        return False
    if old is not None:
        return old.change_control.approval == SECOND_PERSON
    is_wanted_then = new is not None and new.change_control.approval == SECOND_PERSON
    return is_wanted_then or SECOND_PERSON in store.plan_text(base.number)


def hand_edits(store: VersionStore, base: StoredVersion | None, live: dict[str, str]) -> list[FileChange]:
    """Files on the node that are not as they were applied."""
    there = manifest_of(live)
    if base is None or there == base.manifest:
        return []
    applied = store.rendering(base.number)
    edited = {name for name in there.keys() | base.manifest.keys() if there.get(name) != base.manifest.get(name)}
    return diff_files(
        {name: text for name, text in applied.items() if name in edited},
        {name: text for name, text in live.items() if name in edited},
    )
