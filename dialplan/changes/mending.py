"""An apply that was killed half-way leaves a marker; whoever comes next brings the node to one state or the other."""

import os

from pydantic import BaseModel, ConfigDict, ValidationError

from app.contract.changes import Outcome
from dialplan.asterisk import is_running
from dialplan.changes.lock import ChangeLock, Locked
from dialplan.changes.reload import COMMANDS, ReloadRefused, run_reloads
from dialplan.changes.saying import Said, Saying, because, say
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.versions import VersionStore
from dialplan.settings import DialplanSettings


class MendingRefused(Said):
    """The old files are back, but the running Asterisk does not take them over."""


class Pending(BaseModel):
    """What is under way: the version that is to be, and the folder that was live before."""

    model_config = ConfigDict(frozen=True)

    number: int
    live_before: int


class Marker:
    """The marker on disk. It is set before the swap, and goes when the node is in one state for certain."""

    def __init__(self, store: VersionStore) -> None:
        self._file = store.folder / "pending"

    def set(self, pending: Pending) -> None:
        """In one step, on disk for certain. Raises OSError."""
        draft = self._file.with_name(f".pending-{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            file.write(pending.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)

    def find(self) -> Pending | None:
        """None: nothing is under way. One that an older release wrote says nothing."""
        try:
            return Pending.model_validate_json(self._file.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)


def mend(settings: DialplanSettings, *, by: str) -> Saying | None:
    """Mend what an apply left; None when there is nothing, or whose apply it is still runs. Raises MendingRefused."""
    store = VersionStore(settings.home)
    if Marker(store).find() is None:
        return None
    try:
        with ChangeLock(store.folder).hold(by, "mending a change that was cut short"):
            return mend_interrupted(settings)
    except Locked:
        return None


def mend_interrupted(settings: DialplanSettings) -> Saying | None:
    """The same for who holds the lock. A change that is in the history as applied stays; else the old files come back.

    Twice does no harm: the marker goes last, so what does not succeed is tried again by the next.
    """
    store, folder = VersionStore(settings.home), ConfigurationFolder(settings)
    marker = Marker(store)
    if (pending := marker.find()) is None:
        return None
    if store.is_applied(pending.number):
        store.point_to(pending.number)
        seen = say("mended_forward")
    else:
        seen = _bring_back(settings, store, folder, pending)
    folder.discard()
    marker.clear()
    return seen


def _bring_back(
    settings: DialplanSettings, store: VersionStore, folder: ConfigurationFolder, pending: Pending
) -> Saying:
    if folder.lies_beside(pending.live_before):
        folder.exchange()
    if is_running(settings):
        try:
            run_reloads(settings, [command for name, command in COMMANDS.items() if (folder.live / name).exists()])
        except ReloadRefused as refusal:
            raise MendingRefused(because("mending_refused", refusal.saying)) from refusal
    seen = say("mended")
    if draft := store.find_draft():
        ended = {"outcome": Outcome.ROLLED_BACK, "code": seen.code, "message": seen.text, "message_zh": seen.zh}
        store.publish(draft.model_copy(update=ended))
    return seen
