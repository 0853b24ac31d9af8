"""What is in force on this node, and what stands in the way of a change."""

from app.contract.changes import NodeState
from dialplan.changes.clock import find_offset
from dialplan.changes.lock import ChangeLock
from dialplan.changes.mending import Marker
from dialplan.changes.planning import hand_edits, old_plan_of, wants_approval
from dialplan.changes.verification import count_calls
from dialplan.changes.versions import VersionStore, read_folder
from dialplan.plan_file import load_plan, parse_plan
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan


def plan_in_force(settings: DialplanSettings) -> SitePlan:
    """The applied plan; before the first, that of the plan file. Raises SitePlanFault."""
    store = VersionStore(settings.home)
    number = store.current_number()
    if number is None:
        return load_plan(settings.site_plan)
    return parse_plan(store.plan_text(number), name=f"version {number}")


def node_state(settings: DialplanSettings) -> NodeState:
    """Asks Asterisk and looks at the files; changes nothing."""
    store = VersionStore(settings.home)
    current = store.current()
    calls = count_calls(settings)
    holder = ChangeLock(store.folder).holder()
    try:
        text = settings.site_plan.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return NodeState(
        current=current.told(with_diff=False) if current else None,
        is_running=calls is not None,
        active_calls=calls,
        locked_by=holder,
        hand_edits=hand_edits(store, current, read_folder(settings.asterisk_home / "etc")),
        plan_file=str(settings.site_plan),
        plan_file_differs=store.number_of(text) is None,  # an older plan's file was not edited
        needs_approval=wants_approval(store, current, old_plan_of(store, current)),
        clock_offset_seconds=find_offset(settings),
        is_cut_short=holder is None and Marker(store).find() is not None,
    )
