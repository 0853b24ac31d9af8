"""Carries a change out: check, rehearse, take effect, and back again when anything is not as it should be."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.contract.changes import ApplyReport, Area, Effect, Outcome, ProposalStatus, StepName
from dialplan.asterisk import is_running
from dialplan.changes.lock import ChangeLock, Locked
from dialplan.changes.mending import mend_interrupted
from dialplan.changes.planning import MoreChecks, PlannedChange, faults_told, plan_change
from dialplan.changes.proposals import Proposals
from dialplan.changes.rehearsal import rehearse
from dialplan.changes.saying import Said, Saying, say, saying_of
from dialplan.changes.signals import Interrupted, Signals
from dialplan.changes.steps import OnStep, StepTeller
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.taking_effect import TakingEffect
from dialplan.changes.verification import callers_waiting
from dialplan.changes.versions import StoredVersion, VersionStore, manifest_of
from dialplan.check import check_prompts, prompt_names
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

REHEARSED_NUMBERS = 12
"""So many numbers are called in the rehearsal: the main one and those that change."""

SpeakPrompts = Callable[[SitePlan], int]
"""Makes the audio that the plan's lines need and that is not there yet; says how many prompts that were."""


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
    """Its text is applied, and whether it may be is asked when nobody else can decide any more."""
    is_set_up: bool = False
    """The first plan of a node needs no rehearsal: nobody can call it yet."""


class Refused(Said):
    """The change cannot be carried out for a reason that a person can mend. Nothing was changed."""


class Applying:
    """One change on its way: the one way in which a plan gets in force."""

    def __init__(
        self,
        settings: DialplanSettings,
        request: ChangeRequest,
        *,
        on_step: OnStep = lambda _: None,
        more_checks: MoreChecks | None = None,
        speak_prompts: SpeakPrompts = lambda _: 0,
    ) -> None:
        self._settings, self._request = settings, request
        self._more_checks, self._speak_prompts = more_checks, speak_prompts
        self._store = VersionStore(settings.home)
        self._lock = ChangeLock(self._store.folder)
        self._teller = StepTeller(self._lock, on_step)
        self._signals = Signals()
        self._began = time.monotonic()
        self._planned: PlannedChange | None = None
        self._calls: tuple[int | None, int | None] = (None, None)

    @property
    def plan_text(self) -> str:
        """What was applied, once it was: with a proposal, its text."""
        return self._request.plan_text

    def run(self) -> ApplyReport:
        """Do all of it. Every end is a report; only a defect of ours raises."""
        goal = self._request.rolled_back_to
        what = f"rolling back to version {goal}" if goal else "applying a plan"
        with self._signals:
            try:
                self._store.prepare()
                with self._lock.hold(self._request.by, f"{what}: {self._request.why or self._request.plan_name}"):
                    return self._run_locked()
            except Locked as locked:
                self._teller.fail(StepName.LOCK, locked.saying)
                return self._report(Outcome.REFUSED, locked.saying)
            except (Said, Interrupted, OSError) as refusal:
                return self._report(Outcome.REFUSED, saying_of(refusal))

    def _run_locked(self) -> ApplyReport:
        if mended := mend_interrupted(self._settings):
            self._teller.skip(StepName.LOCK, mended)
        self._read_proposal()
        planned, plan = self._check()
        if planned.change.is_empty and not planned.change.hand_edits:
            return self._report(Outcome.NOTHING_TO_DO, say("nothing_to_do"), version=planned.base)
        self._ask_for_approval(planned)
        hand_edited = self._look_for_hand_edits(planned)
        if self._request.is_dry_run:
            self._rehearse(plan, planned)
            return self._report(Outcome.DRY_RUN, say("dry_run"))
        self._guard_waiting_callers(planned)
        try:
            effect, version = self._prepare(plan, planned, hand_edited)
        except BaseException:
            ConfigurationFolder(self._settings).discard()
            raise
        return self._take_effect(effect, version, plan)

    def _prepare(
        self, plan: SitePlan, planned: PlannedChange, hand_edited: dict[str, str]
    ) -> tuple[TakingEffect, StoredVersion]:
        """All that can go wrong before the node is touched."""
        self._render(plan, planned)
        if self._request.is_set_up and planned.base is None and not is_running(self._settings):
            self._teller.skip(StepName.REHEARSE, say("not_rehearsed"))
        else:
            self._rehearse(plan, planned)
        effect = TakingEffect(self._settings, planned, self._teller, self._store.next_number())
        return effect, self._draft(planned, hand_edited)

    def _read_proposal(self) -> None:
        """Under the lock: whoever had it before may have applied this very proposal, or another change."""
        if self._request.proposal_id is None:
            return
        found = Proposals(self._store).released(self._request.proposal_id, is_dry_run=self._request.is_dry_run)
        self._request = replace(
            self._request, plan_text=found.plan_text, why=self._request.why or found.why, approved_by=found.decided_by,
            is_released=found.status is ProposalStatus.APPROVED,
        )  # fmt: skip

    def _check(self) -> tuple[PlannedChange, SitePlan]:
        with self._teller.step(StepName.CHECK) as tell:
            planned = plan_change(
                self._settings, self._request.plan_text, name=self._request.plan_name, more_checks=self._more_checks
            )
            self._planned = planned
            if planned.plan is None:
                raise Refused(faults_told(planned.change.faults))
            tell(say("checked", meaning=len(planned.change.meaning), files=len(planned.change.files)))
        return planned, planned.plan

    def _ask_for_approval(self, planned: PlannedChange) -> None:
        if not planned.change.needs_approval:
            return
        with self._teller.step(StepName.APPROVAL) as tell:
            is_way_out = self._request.rolled_back_to is not None and planned.wants_no_approval
            if (not self._request.is_released or is_way_out) and not self._request.is_dry_run:
                raise Refused(say("approval_missing"))
            who = self._request.approved_by
            tell(say("approved", who=who) if who else say("approval_not_needed"))

    def _look_for_hand_edits(self, planned: PlannedChange) -> dict[str, str]:
        """Text of the hand-edited files, which the history keeps."""
        edits = planned.change.hand_edits
        with self._teller.step(StepName.HAND_EDITS) as tell:
            names = ", ".join(edit.name for edit in edits)
            if edits and not self._request.overwrites_hand_edits and not self._request.is_dry_run:
                raise Refused(say("hand_edited", names=names))
            tell(say("hand_edits_kept", names=names) if edits else say("no_hand_edits"))
        return {edit.name: planned.live[edit.name] for edit in edits if edit.name in planned.live}

    def _guard_waiting_callers(self, planned: PlannedChange) -> None:
        """A queue that goes away would take its callers with it."""
        for change in planned.change.meaning:
            if change.area is Area.QUEUE and change.effect is Effect.REMOVED:
                waiting = callers_waiting(self._settings, change.subject)
                if waiting:
                    raise Refused(say("callers_waiting", count=waiting, queue=change.subject))

    def _render(self, plan: SitePlan, planned: PlannedChange) -> None:
        with self._teller.step(StepName.RENDER) as tell:
            spoken = self._speak_prompts(plan)
            missing = [fault.where for fault in check_prompts(self._settings.asterisk_home, prompt_names(plan))]
            if missing:
                raise Refused(say("prompts_missing", names=", ".join(missing[:3])))
            ConfigurationFolder(self._settings).stage(planned.files)
            counts = {"files": len(planned.files), "differ": len(planned.change.files)}
            tell(say("rendered_and_spoken", **counts, spoken=spoken) if spoken else say("rendered", **counts))

    def _rehearse(self, plan: SitePlan, planned: PlannedChange) -> None:
        with self._teller.step(StepName.REHEARSE) as tell:
            numbers = planned.changed_numbers[:REHEARSED_NUMBERS]
            results = rehearse(plan, self._settings, planned.version, numbers)
            called = ", ".join(dict.fromkeys(result.number for result in results))
            slowest = max((result.answered_ms for result in results), default=0)
            tell(say("rehearsed", numbers=called, ms=slowest) if results else say("loaded"))

    def _take_effect(self, effect: TakingEffect, version: StoredVersion, plan: SitePlan) -> ApplyReport:
        try:
            effect.take(plan)
            self._signals.hold()
            self._keep(version)
        except BaseException as error:
            self._signals.hold()
            return self._went_back(effect, version, error)
        self._calls = (effect.calls_before, effect.settle())
        return self._report(Outcome.APPLIED, say("applied", number=version.number), version=version)

    def _went_back(self, effect: TakingEffect, version: StoredVersion, error: BaseException) -> ApplyReport:
        why = saying_of(error)
        outcome = effect.give_back(why)
        end = say("rolled_back" if outcome is Outcome.ROLLED_BACK else "broken", why=why.text, why_zh=why.zh)
        told = why if outcome is Outcome.ROLLED_BACK else end
        ended = {"outcome": outcome, "code": told.code, "message": told.text, "message_zh": told.zh, "manifest": {}}
        kept: StoredVersion | None = version.model_copy(update=ended)
        try:
            self._keep(version.model_copy(update=ended))
        except OSError:  # the step told it; a disk that is full must not keep us from saying how it ended
            kept = None
        if outcome is Outcome.ROLLED_BACK:
            self._calls = (effect.calls_before, effect.settle())
        if not isinstance(error, Said | Interrupted | OSError):
            raise error
        told = told._replace(remedy=end.remedy, remedy_zh=end.remedy_zh)
        return self._report(outcome, told, version=kept)

    def _draft(self, planned: PlannedChange, hand_edited: dict[str, str]) -> StoredVersion:
        """Written before anything changes: where the history has no room, nothing does. Raises OSError."""
        version = StoredVersion(
            number=self._store.next_number(),
            at=datetime.now(UTC),
            by=self._request.by,
            why=self._request.why,
            approved_by=self._request.approved_by,
            outcome=Outcome.APPLIED,
            plan_digest=planned.change.plan_digest,
            rolled_back_to=self._request.rolled_back_to,
            meaning=planned.change.meaning,
            files=planned.change.files,
            manifest=manifest_of(planned.files),
        )
        self._store.draft(version, self._request.plan_text, planned.files, hand_edited)
        return version

    def _keep(self, version: StoredVersion) -> None:
        """Into the history; what was applied is in force by that. Raises OSError."""
        with self._teller.step(StepName.HISTORY) as tell:
            self._store.publish(version.model_copy(update={"duration_ms": self._elapsed_ms()}))
            if version.outcome is Outcome.APPLIED:
                self._store.point_to(version.number)
                if self._request.proposal_id:
                    with contextlib.suppress(OSError):  # it counts as stale then, and is not applied again either
                        Proposals(self._store).mark_applied(self._request.proposal_id, version.number)
            tell(say("kept", number=version.number))

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _report(self, outcome: Outcome, end: Saying, *, version: StoredVersion | None = None) -> ApplyReport:
        is_good = outcome in (Outcome.APPLIED, Outcome.NOTHING_TO_DO, Outcome.DRY_RUN)
        return ApplyReport(
            outcome=outcome,
            code=end.code,
            message=end.text,
            message_zh=end.zh,
            remedy="" if is_good else end.remedy,
            remedy_zh="" if is_good else end.remedy_zh,
            version=version.number if version else None,
            steps=self._teller.told,
            change=self._planned.change if self._planned else None,
            duration_ms=self._elapsed_ms(),
            calls_before=self._calls[0],
            calls_after=self._calls[1],
        )
