"""The moment of a change: swap the files, let Asterisk reload what differs, look and call, and back if it is not so."""

import errno

from app.contract.changes import Outcome, StepName
from dialplan.asterisk import is_running
from dialplan.changes import clock
from dialplan.changes.mending import Marker, Pending
from dialplan.changes.planning import PlannedChange
from dialplan.changes.reload import reload_commands, run_reloads
from dialplan.changes.saying import Said, Saying, joined, say
from dialplan.changes.steps import StepTeller
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.test_call import place_call
from dialplan.changes.verification import LogMark, count_calls, deviations
from dialplan.changes.versions import VersionStore, read_folder
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan, TrunkKind


class NotInForce(Said):
    """Asterisk does not have, or do, what was applied."""


class AsteriskSilent(Said):
    """It runs, but nobody could tell whether it takes a change over: nothing is begun."""


class TakingEffect:
    """One staged change, from the swap on. Its marker tells, until `settle`, that it is under way.

    Raises AsteriskSilent.
    """

    def __init__(self, settings: DialplanSettings, planned: PlannedChange, teller: StepTeller, number: int) -> None:
        self._settings, self._planned, self._teller = settings, planned, teller
        self._folder = ConfigurationFolder(settings)
        self._marker = Marker(VersionStore(settings.home))
        self._pending = Pending(number=number, live_before=self._folder.identity)
        self._log = LogMark(settings, now=True)
        self._is_running = is_running(settings)
        self.calls_before = count_calls(settings)
        if self._is_running and self.calls_before is None:
            raise AsteriskSilent(say("asterisk_silent"))

    def take(self, plan: SitePlan) -> None:
        """Swap, reload, verify, call. Raises NotInForce, ReloadRefused, OSError; then `give_back`."""
        self._swap()
        if not self._is_running:
            for name in (StepName.RELOAD, StepName.VERIFY, StepName.TEST_CALL):
                self._teller.skip(name, say("not_running"))
            return
        self._reload()
        with self._teller.step(StepName.VERIFY) as tell:
            if found := [*deviations(self._settings, self._planned.files), *self._log.complaints()]:
                raise NotInForce(*found)
            tell(say("verified"))
        self._call(plan)

    def _swap(self) -> None:
        with self._teller.step(StepName.SWAP) as tell:
            self._marker.set(self._pending)
            self._folder.exchange()
            was, known = read_folder(self._folder.beside), self._planned.live
            if edited := sorted(name for name in was.keys() | known.keys() if was.get(name) != known.get(name)):
                raise NotInForce(say("edited_meanwhile", names=", ".join(edited)))
            tell(say("swapped"))

    def _reload(self) -> None:
        change = self._planned.change
        with self._teller.step(StepName.RELOAD) as tell:
            offset = clock.find_offset(self._settings)
            run_reloads(self._settings, change.reloads)
            done = [say("reloaded", commands=", ".join(change.reloads)) if change.reloads else say("nothing_to_reload")]
            if change.restart_for:
                files, files_zh = ", ".join(change.restart_for), "、".join(change.restart_for_zh)
                done.append(say("needs_restart", files=files, files_zh=files_zh))
            if offset:
                clock.move(self._settings, 0)
                done.append(say("clock_ended"))
            tell(joined(done))

    def _call(self, plan: SitePlan) -> None:
        probe = next((trunk for trunk in plan.trunks if trunk.kind is TrunkKind.PROBE), None)
        if probe is None:
            self._teller.skip(StepName.TEST_CALL, say("no_probe"))
            return
        with self._teller.step(StepName.TEST_CALL) as tell:
            number, address = plan.main_line.number, str(probe.addresses[0].network_address)
            try:
                result = place_call(number, address=address, server=(self._settings.sip_host, self._settings.sip_port))
            except OSError as error:
                reason = error.strerror or type(error).__name__
                if error.errno != errno.EADDRNOTAVAIL:
                    problem = say("call_impossible", reason=reason)
                    told = say("test_call", number=number, problem=problem.text, problem_zh=problem.zh)
                    raise NotInForce(told) from error
                tell(say("foreign_address", address=address, reason=reason))
                return
            if not result.is_good:
                raise NotInForce(result.failure)
            tell(say("called", number=number, ms=result.answered_ms))

    def give_back(self, reason: Saying) -> Outcome:
        """Bring the old files back and see that they are in force: ROLLED_BACK, or BROKEN when that failed too."""
        try:
            with self._teller.step(StepName.ROLL_BACK) as tell:
                if self._folder.lies_beside(self._pending.live_before):
                    self._folder.exchange()
                if self._is_running:
                    run_reloads(self._settings, reload_commands(self._planned.files, self._planned.live))
                    if self._planned.live and (found := deviations(self._settings, self._planned.live)):
                        raise NotInForce(*found)
                tell(say("rolled_back", why=reason.text, why_zh=reason.zh))
        except (Said, OSError):
            return Outcome.BROKEN
        return Outcome.ROLLED_BACK

    def settle(self) -> int | None:
        """Once the node is in one state, and the history says so: nothing is under way. Returns the calls in progress.

        Not after BROKEN: the marker lets the next command try again, and the old files are still there.
        """
        self._folder.discard()
        self._marker.clear()
        return count_calls(self._settings)
