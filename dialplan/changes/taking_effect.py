"""The moment of a change: swap the files, let Asterisk reload what differs, look and call, and back if it is not so."""

import errno
import json

from app.contract.changes import Outcome, StepName
from dialplan.changes.planning import PlannedChange
from dialplan.changes.reload import COMMANDS, ReloadRefused, reload_commands, run_reloads
from dialplan.changes.steps import StepTeller
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.test_call import place_call
from dialplan.changes.verification import LogMark, count_calls, deviations
from dialplan.changes.versions import VersionStore, manifest_of, read_folder
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan, TrunkKind


class NotInForce(Exception):
    """Asterisk does not have, or do, what was applied."""


class TakingEffect:
    """One staged change, from the swap on. `pending` marks on disk that it is under way."""

    def __init__(self, settings: DialplanSettings, planned: PlannedChange, teller: StepTeller) -> None:
        self._settings, self._planned, self._teller = settings, planned, teller
        self._folder = ConfigurationFolder(settings)
        self._pending = VersionStore(settings.home).folder / "pending"
        self._mark = LogMark(settings, now=True)
        self.calls_before = count_calls(settings)
        self._is_running = self.calls_before is not None

    def take(self, plan: SitePlan) -> None:
        """Swap, reload, verify, call. Raises NotInForce, ReloadRefused, OSError; then `give_back`."""
        with self._teller.step(StepName.SWAP) as say:
            self._pending.write_text(json.dumps(manifest_of(self._planned.files)), encoding="utf-8")
            self._folder.exchange()
            say("all files at once")
        if not self._is_running:
            for name in (StepName.RELOAD, StepName.VERIFY, StepName.TEST_CALL):
                self._teller.skip(name, "Asterisk does not run; it reads the files when it starts")
            return
        self._reload()
        with self._teller.step(StepName.VERIFY) as say:
            if found := [*deviations(self._settings, self._planned.files), *self._mark.complaints()]:
                raise NotInForce("; ".join(found[:3]))
            say("dialplan, endpoints, queues and manager interface are as rendered; nothing was complained about")
        self._call(plan)

    def _reload(self) -> None:
        change = self._planned.change
        with self._teller.step(StepName.RELOAD) as say:
            run_reloads(self._settings, change.reloads)
            later = f"; needs a restart: {', '.join(change.restart_for)}" if change.restart_for else ""
            say((", ".join(change.reloads) or "nothing to reload") + later)

    def _call(self, plan: SitePlan) -> None:
        probe = next((trunk for trunk in plan.trunks if trunk.kind is TrunkKind.PROBE), None)
        if probe is None:
            self._teller.skip(StepName.TEST_CALL, "the plan has no trunk of kind probe")
            return
        with self._teller.step(StepName.TEST_CALL) as say:
            number, address = plan.main_line.number, str(probe.addresses[0].network_address)
            try:
                result = place_call(number, address=address, server=(self._settings.sip_host, self._settings.sip_port))
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    raise NotInForce(f"the test call to {number}: {error.strerror or error}") from error
                say(f"not placed: {address} is no address of this machine ({error.strerror})")
                return
            if not result.is_good:
                raise NotInForce(f"the test call to {number}: {result.problem}")
            say(f"{number} answered after {result.answered_ms} ms, and spoke")

    def give_back(self, reason: BaseException) -> Outcome:
        """Bring the old files back and see that they are in force: ROLLED_BACK, or BROKEN when that failed too."""
        try:
            with self._teller.step(StepName.ROLL_BACK) as say:
                if manifest_of(read_folder(self._folder.live)) == manifest_of(self._planned.files):
                    self._folder.exchange()
                if self._is_running:
                    run_reloads(self._settings, reload_commands(self._planned.files, self._planned.live))
                    if self._planned.live and (found := deviations(self._settings, self._planned.live)):
                        raise NotInForce("; ".join(found[:3]))
                say(f"the files of before are in force again, because: {reason}")
        except (NotInForce, ReloadRefused, OSError):
            return Outcome.BROKEN
        return Outcome.ROLLED_BACK

    def settle(self) -> int | None:
        """After the history is written: nothing is under way any more. Returns the calls in progress."""
        self._pending.unlink(missing_ok=True)
        self._folder.discard()
        return count_calls(self._settings)


def mend_interrupted(settings: DialplanSettings) -> bool:
    """Bring the old files back where an apply was killed between its swap and its history; whether that was so."""
    pending = VersionStore(settings.home).folder / "pending"
    if not pending.exists():
        return False
    folder = ConfigurationFolder(settings)
    is_swapped = bool(json.loads(pending.read_text(encoding="utf-8") or "{}") == manifest_of(read_folder(folder.live)))
    if is_swapped and folder.beside.exists():
        folder.exchange()
        if count_calls(settings) is not None:
            run_reloads(settings, [command for name, command in COMMANDS.items() if (folder.live / name).exists()])
    folder.discard()
    pending.unlink()
    return is_swapped
