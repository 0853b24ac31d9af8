"""What is in force on this node, and what stands in the way of a change."""

from app.contract.changes import NodeState
from dialplan.changes.lock import ChangeLock
from dialplan.changes.planning import hand_edits
from dialplan.changes.verification import count_calls
from dialplan.changes.versions import VersionStore, digest, read_folder
from dialplan.plan_file import SitePlanFault, load_plan, parse_plan
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
    try:
        text = settings.site_plan.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    try:
        needs_approval = current is not None and plan_in_force(settings).change_control.approval == "second_person"
    except SitePlanFault:
        needs_approval = False
    return NodeState(
        current=current.told(with_diff=False) if current else None,
        is_running=calls is not None,
        active_calls=calls,
        locked_by=ChangeLock(store.folder).holder(),
        hand_edits=hand_edits(store, current, read_folder(settings.asterisk_home / "etc")),
        plan_file=str(settings.site_plan),
        plan_file_differs=store.number_of(digest(text)) is None,  # an older plan's file was not edited
        needs_approval=needs_approval,
    )
