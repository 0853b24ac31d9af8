"""The lines of a site plan in the case store: asked before a plan is applied, taken over afterwards."""

from app.cli.console import report_done, report_present
from app.cli.seeding import open_database
from app.cli.settings import StackSettings
from app.lines import takeover
from app.lines.planned import PlanIn
from app.platform.clock import utc_now
from dialplan.changes.versions import VersionStore
from dialplan.plan_file import load_plan, parse_plan
from dialplan.site_plan import SitePlan


def planned(plan: SitePlan) -> PlanIn:
    """What the store wants of a site plan."""
    return PlanIn.model_validate(plan.model_dump(mode="json", by_alias=True))


def objections_to_plan(plan: SitePlan) -> list[str]:
    """What forbids this plan's lines (R12, R15, emergency numbers), beside those the store knows. Raises StepFailed."""
    with open_database(StackSettings()) as database, database.reading() as session:
        return takeover.objections(session, planned(plan))


def take_over_plan(plan: SitePlan) -> takeover.TakeOver:
    """Copy an applied plan's lines, periods, aliases and trunks. Twice changes nothing. Raises StepFailed."""
    with open_database(StackSettings()) as database, database.transaction() as session:
        return takeover.take_over(session, planned(plan), utc_now())


def describe(taken: takeover.TakeOver) -> str:
    """`3 added, 1 changed (12333), 0 left`, for one line of output."""
    parts = (("added", taken.added), ("changed", taken.changed), ("left the plan", taken.left))
    return ", ".join(f"{len(numbers)} {what} ({', '.join(numbers[:5])})" for what, numbers in parts if numbers)


def describe_zh(taken: takeover.TakeOver) -> str:
    """The same for pages."""
    parts = (("新增", taken.added), ("更新", taken.changed), ("移出方案", taken.left))
    return "，".join(f"{what} {len(numbers)} 条（{'、'.join(numbers[:5])}）" for what, numbers in parts if numbers)


def ensure_lines() -> None:
    """The store knows the lines of the plan in force; before the first apply that is the one in the settings.

    Raises StepFailed, SitePlanFault.
    """
    settings = StackSettings()
    versions = VersionStore(settings.home)
    number = versions.current_number()
    if number is None:
        plan = load_plan(settings.site_plan)
    else:
        plan = parse_plan(versions.plan_text(number), name=f"version {number}")
    taken = take_over_plan(plan)
    if taken.is_nothing:
        report_present("lines", f"{len(plan.lines)} of {plan.name}")
    else:
        report_done("lines", describe(taken))
