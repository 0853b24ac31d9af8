"""Which plan a node shall have: the file that the settings name, or one that was applied from elsewhere since."""

from pathlib import Path

from dialplan.changes.versions import VersionStore


def wanted_plan_file(home: Path, site_plan: Path) -> Path:
    """The file of HOTLINE_SITE_PLAN, unless a newer plan was applied from elsewhere, e.g. from the page.

    The file is the newer one when its text never was in force, or is.
    """
    store = VersionStore(home)
    current = store.current_number()
    if current is None or not site_plan.exists():
        return site_plan
    number = store.number_of(site_plan.read_text(encoding="utf-8", errors="replace"))
    return site_plan if number is None or number == current else store.place(current) / "site.yaml"
