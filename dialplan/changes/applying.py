"""Carries a change out: check, rehearse, take effect, and back again when anything is not as it should be."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.contract.changes import ApplyReport, Area, Effect, Outcome, StepName
from dialplan.changes.lock import ChangeLock, Locked
from dialplan.changes.planning import MoreChecks, PlannedChange, plan_change
from dialplan.changes.proposals import Proposals
from dialplan.changes.rehearsal import RehearsalFailed, rehearse
from dialplan.changes.reload import ReloadRefused
from dialplan.changes.steps import OnStep, StepTeller
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.taking_effect import NotInForce, TakingEffect, mend_interrupted
from dialplan.changes.verification import callers_waiting
from dialplan.changes.versions import StoredVersion, VersionStore, manifest_of
from dialplan.check import check_prompts, prompt_names
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

REHEARSED_NUMBERS = 12
"""So many numbers are called in the rehearsal: the main one and those that change."""

SpeakPrompts = Callable[[SitePlan], str]
"""Makes the audio that the plan's lines need and that is not there yet; says how much it was."""


@dataclass(frozen=True)
class ChangeRequest:
    """What somebody wants to have in force, and who answers for it."""

    plan_text: str
    plan_name: str
    by: str
    why: str
    approved_by: str | None = None
    is_released: bool = False
    """A second person has agreed now, or had agreed when it was in force before."""
    overwrites_hand_edits: bool = False
    is_dry_run: bool = False
    rolled_back_to: int | None = None
    proposal_id: str | None = None


class Refused(Exception):
    """The change cannot be carried out for a reason that a person can mend."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class Applying:
    """One change on its way."""

    def __init__(
        self,
        settings: DialplanSettings,
        request: ChangeRequest,
        *,
        on_step: OnStep = lambda _: None,
        more_checks: MoreChecks | None = None,
        speak_prompts: SpeakPrompts = lambda _: "",
    ) -> None:
        self._settings, self._request = settings, request
        self._more_checks, self._speak_prompts = more_checks, speak_prompts
        self._store = VersionStore(settings.home)
        self._lock = ChangeLock(self._store.folder)
        self._teller = StepTeller(self._lock, on_step)
        self._began = time.monotonic()
        self._planned: PlannedChange | None = None
        self._calls: tuple[int | None, int | None] = (None, None)

    def run(self) -> ApplyReport:
        """Do all of it. Every end is a report; only a defect of ours raises."""
        self._store.prepare()
        goal = self._request.rolled_back_to
        what = f"rolling back to version {goal}" if goal else "applying a plan"
        try:
            with self._lock.hold(self._request.by, f"{what}: {self._request.why}"):
                return self._run_locked()
        except Locked as locked:
            self._teller.fail(StepName.LOCK, str(locked))
            return self._report(Outcome.REFUSED, str(locked), "wait until it has ended, then look at the history")
        except Refused as refusal:
            return self._report(Outcome.REFUSED, str(refusal), refusal.remedy)
        except RehearsalFailed as failure:
            return self._report(Outcome.REFUSED, str(failure), "nothing was changed; correct the plan and try again")

    def _run_locked(self) -> ApplyReport:
        if mend_interrupted(self._settings):
            self._teller.skip(
                StepName.LOCK, "an earlier change was cut short: the files of before it were brought back"
            )
        planned, plan = self._check()
        if planned.change.is_empty and not planned.change.hand_edits:
            return self._report(Outcome.NOTHING_TO_DO, "the node has this plan already", version=planned.base)
        self._ask_for_approval(planned)
        hand_edited = self._look_for_hand_edits(planned)
        if self._request.is_dry_run:
            with self._teller.step(StepName.REHEARSE) as say:
                say(self._rehearse(plan, planned))
            return self._report(Outcome.DRY_RUN, "nothing was changed: this was a dry run")
        self._guard_waiting_callers(planned)
        with self._teller.step(StepName.RENDER) as say:
            spoken = self._speak_prompts(plan)
            if missing := [str(problem) for problem in check_prompts(self._settings.asterisk_home, prompt_names(plan))]:
                raise Refused("; ".join(missing[:3]), "`hotline doctor` says whether prompts can be spoken here")
            ConfigurationFolder(self._settings).stage(planned.files)
            files = f"{len(planned.files)} files, {len(planned.change.files)} of them differ"
            say(f"{files}, {spoken}" if spoken else files)
        with self._teller.step(StepName.REHEARSE) as say:
            say(self._rehearse(plan, planned))
        return self._take_effect(plan, planned, hand_edited)

    def _check(self) -> tuple[PlannedChange, SitePlan]:
        with self._teller.step(StepName.CHECK) as say:
            planned = plan_change(
                self._settings, self._request.plan_text, name=self._request.plan_name, more_checks=self._more_checks
            )
            self._planned = planned
            if planned.plan is None:
                first, *more = planned.change.faults
                others = f" (and {len(more)} more)" if more else ""
                raise Refused(
                    f"{first.where}: {first.what}{others}", first.advice or "`hotline dialplan check` lists all"
                )
            say(f"{len(planned.change.meaning)} changes of meaning, {len(planned.change.files)} files differ")
        return planned, planned.plan

    def _ask_for_approval(self, planned: PlannedChange) -> None:
        if not planned.change.needs_approval:
            return
        with self._teller.step(StepName.APPROVAL) as say:
            is_way_out = self._request.rolled_back_to is not None and planned.wants_no_approval
            if (not self._request.is_released or is_way_out) and not self._request.is_dry_run:
                raise Refused(
                    "the plan in force wants a second person's approval",
                    "`hotline dialplan propose`, let somebody else `approve ID`, then `apply --proposal ID`",
                )
            say(f"approved by {self._request.approved_by}" if self._request.approved_by else "not needed for this")

    def _look_for_hand_edits(self, planned: PlannedChange) -> dict[str, str]:
        """Text of the hand-edited files, which the history keeps."""
        edits = planned.change.hand_edits
        with self._teller.step(StepName.HAND_EDITS) as say:
            names = ", ".join(edit.name for edit in edits)
            if edits and not self._request.overwrites_hand_edits and not self._request.is_dry_run:
                raise Refused(
                    f"edited by hand on this node since the last change: {names}",
                    "`hotline dialplan plan` shows the edits. Put them into the plan or a template, or apply with"
                    " --overwrite-hand-edits: the history keeps a copy",
                )
            say(f"{names}: a copy is kept" if edits else "none")
        return {edit.name: planned.live[edit.name] for edit in edits if edit.name in planned.live}

    def _guard_waiting_callers(self, planned: PlannedChange) -> None:
        """A queue that goes away would take its callers with it."""
        for change in planned.change.meaning:
            if change.area is Area.QUEUE and change.effect is Effect.REMOVED:
                waiting = callers_waiting(self._settings, change.subject)
                if waiting:
                    raise Refused(
                        f"{waiting} callers wait in the queue {change.subject}, which this change removes",
                        "let no line use the queue first, apply that, and remove the queue when it is empty",
                    )

    def _rehearse(self, plan: SitePlan, planned: PlannedChange) -> str:
        numbers = planned.changed_numbers[:REHEARSED_NUMBERS]
        results = rehearse(plan, self._settings, planned.version, numbers)
        if not results:
            return "loaded without a complaint"
        slowest = max(result.answered_ms for result in results)
        called = ", ".join(dict.fromkeys(result.number for result in results))
        return f"loaded without a complaint; called {called}: all answered and heard, slowest after {slowest} ms"

    def _take_effect(self, plan: SitePlan, planned: PlannedChange, hand_edited: dict[str, str]) -> ApplyReport:
        effect = TakingEffect(self._settings, planned, self._teller)
        outcome, message = Outcome.APPLIED, ""
        try:
            effect.take(plan)
        except BaseException as error:
            outcome, message = effect.give_back(error), str(error) or type(error).__name__
            if not isinstance(error, NotInForce | ReloadRefused | OSError):
                self._remember(outcome, planned, hand_edited, message)
                effect.settle()
                raise
        version = self._remember(outcome, planned, hand_edited, message)
        self._calls = (effect.calls_before, effect.settle())
        if outcome is Outcome.APPLIED:
            return self._report(outcome, f"version {version.number} is in force", version=version)
        remedy = "calls are taken as before; correct the plan and try again"
        if outcome is Outcome.BROKEN:
            remedy = "look at once: `hotline dialplan state` and `hotline doctor`; a restart reads the files of before"
        return self._report(outcome, message, remedy, version=version)

    def _remember(
        self, outcome: Outcome, planned: PlannedChange, hand_edited: dict[str, str], message: str
    ) -> StoredVersion:
        with self._teller.step(StepName.HISTORY) as say:
            is_applied = outcome is Outcome.APPLIED
            version = StoredVersion(
                number=self._store.next_number(),
                at=datetime.now(UTC),
                by=self._request.by,
                why=self._request.why,
                approved_by=self._request.approved_by,
                outcome=outcome,
                plan_digest=planned.change.plan_digest,
                rolled_back_to=self._request.rolled_back_to,
                meaning=planned.change.meaning,
                files=planned.change.files,
                message=message,
                duration_ms=self._elapsed_ms(),
                manifest=manifest_of(planned.files) if is_applied else {},
            )
            self._store.keep(version, self._request.plan_text, planned.files if is_applied else {}, hand_edited)
            if is_applied:
                self._store.point_to(version.number)
                if self._request.proposal_id:
                    Proposals(self._store).mark_applied(self._request.proposal_id, version.number)
            say(f"version {version.number}")
        return version

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _report(
        self, outcome: Outcome, message: str, remedy: str = "", *, version: StoredVersion | None = None
    ) -> ApplyReport:
        return ApplyReport(
            outcome=outcome,
            message=message,
            remedy=remedy,
            version=version.number if version else None,
            steps=self._teller.told,
            change=self._planned.change if self._planned else None,
            duration_ms=self._elapsed_ms(),
            calls_before=self._calls[0],
            calls_after=self._calls[1],
        )
