"""Set-up steps that need the settings file: database, reference data, demo users, service tokens, prompts, dialplan."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import service as accounts
from app.accounts.models import Role, ServiceToken
from app.cli.console import StepFailed, console, report_done, report_present
from app.cli.dialplan_setup import wanted_plan
from app.cli.env_file import read_assignments, write_private
from app.cli.line_voices import speak_lines
from app.cli.settings import StackSettings
from app.deadlines import versions as deadlines
from app.lines import service as lines
from app.platform import migrations
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from dialplan.site_plan import SitePlan
from ivr_flows.build import Progress

TOKEN_SCOPES = {"agi": ["call-events:write", "lookup:read"], "bridge": ["call-events:write"]}
OFFICE = (
    ("supervisor", "周晓燕（班长）", Role.SUPERVISOR, ""),
    ("dispatcher", "孙丽（派单员）", Role.DISPATCHER, ""),
    ("reviewer", "何静（审核员）", Role.REVIEWER, ""),
    ("followup", "冯雪（回访员）", Role.FOLLOW_UP, ""),
    ("ops", "陈工（运维）", Role.OPS, ""),
    ("ops2", "赵工（运维）", Role.OPS, ""),
    ("unit", "刘科（市城管局）", Role.UNIT_STAFF, "410400-chengguan"),
    ("unitlead", "郭局（市城管局）", Role.UNIT_LEADER, "410400-chengguan"),
    ("town", "马干事（周庄镇）", Role.UNIT_STAFF, "410421101-zhengfu"),
    ("townlead", "田镇长（周庄镇）", Role.UNIT_LEADER, "410421101-zhengfu"),
    ("auditor", "赵审（审计）", Role.AUDITOR, ""),
    ("admin", "孙工（系统管理员）", Role.ADMIN, ""),
)
"""Username, name, role, and the unit of who handles tickets."""


@dataclass(frozen=True)
class DemoUser:
    """A generated account, as `demo-users.json` keeps it (mode 0600)."""

    username: str
    password: str
    display_name: str
    role: Role
    seat: str = ""
    unit_code: str = ""


@contextmanager
def open_database(settings: StackSettings) -> Iterator[Database]:
    """The case store, closed afterwards. Raises StepFailed when it does not answer."""
    engine = make_engine(settings.effective_database_url)
    try:
        yield Database(engine)
    except SQLAlchemyError as error:
        raise StepFailed(f"the database refuses: {str(error).splitlines()[0]}", "run `hotline doctor`") from error
    finally:
        engine.dispose()


def ensure_database() -> None:
    """Newest schema, and reference data."""
    settings = StackSettings()
    try:
        before, head = migrations.current_and_head(settings.effective_database_url)
        if before != head:
            migrations.upgrade(settings.effective_database_url)
    except SQLAlchemyError as error:
        raise StepFailed(
            f"the database does not answer: {str(error).splitlines()[0]}", "start it, or correct HOTLINE_DATABASE_URL"
        ) from error
    if settings.effective_database_url.startswith("sqlite"):
        Path(settings.effective_database_url.removeprefix("sqlite:///")).chmod(0o600)  # callers' numbers are in it
    report_present("database", f"schema {head}") if before == head else report_done("database", f"schema {head}")
    seed_reference_data()


def seed_reference_data() -> None:
    """Regions, subjects, units, lines, calendars and rules of deadlines, where a file of sql/reference changed."""
    with open_database(StackSettings()) as database, database.transaction() as session:
        loaded = lines.seed(session) + deadlines.seed(session, utc_now())
    if loaded:
        report_done("reference data", ", ".join(loaded))
    else:
        report_present("reference data", "regions, subjects, units, lines, calendars, deadlines")


def wanted_demo_users(plan: SitePlan, known: list[DemoUser]) -> list[DemoUser]:
    """The plan's agents, then the office; who is known keeps his password."""
    passwords = {user.username: user.password for user in known}
    people = [(agent.username, agent.label, Role.AGENT, agent.seat, "") for agent in plan.agents]
    people += [(username, label, role, "", unit) for username, label, role, unit in OFFICE]
    return [
        DemoUser(username, passwords.get(username) or secrets.token_urlsafe(12), label, role, seat, unit)
        for username, label, role, seat, unit in people
    ]


def read_demo_users(path: Path) -> list[DemoUser]:
    """What `demo-users.json` holds; nothing when it does not exist."""
    if not path.exists():
        return []
    return [DemoUser(**row) for row in json.loads(path.read_text(encoding="utf-8"))["users"]]


def ensure_demo_users() -> None:
    """An account for each; the passwords are written down before the accounts exist, so none is ever lost."""
    settings = StackSettings()
    path = settings.home / "demo-users.json"
    plan = wanted_plan()
    queues = {agent.username: plan.queues_of(agent) for agent in plan.agents}
    users = wanted_demo_users(plan, read_demo_users(path))
    text = json.dumps({"users": [asdict(user) for user in users]}, ensure_ascii=False, indent=2) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text)
    with open_database(settings) as database, database.transaction() as session:
        created = [user.username for user in users if accounts.find_user(session, user.username) is None]
        for user in users:
            if user.username in created:
                accounts.create_user(
                    session, user.username, display_name=user.display_name, role=user.role, password=user.password,
                    now=utc_now(), seat=user.seat, queues=queues.get(user.username), unit_code=user.unit_code,
                )  # fmt: skip
            elif user.unit_code:  # an account from before there were units
                accounts.get_user(session, user.username).unit_code = user.unit_code
    report_done("demo users", ", ".join(created)) if created else report_present("demo users", str(path))


def ensure_service_tokens() -> None:
    """The hashes of the tokens that the settings file holds."""
    settings = StackSettings()
    present = read_assignments((settings.home / "hotline.env").read_text(encoding="utf-8"))
    with open_database(settings) as database, database.transaction() as session:
        before = {token.name: token.token_hash for token in session.scalars(select(ServiceToken))}
        after = {
            name: accounts.ensure_service_token(
                session, name, present[f"HOTLINE_{name.upper()}_TOKEN"], scopes, now=utc_now()
            ).token_hash
            for name, scopes in TOKEN_SCOPES.items()
        }
    report = report_present if after.items() <= before.items() else report_done
    report("service tokens", ", ".join(TOKEN_SCOPES))


def ensure_prompts() -> None:
    """Every prompt's audio, where its text, voice or recording changed. Raises StepFailed."""
    settings, plan = StackSettings(), wanted_plan()
    with console.status("speaking prompts") as status:

        def show(progress: Progress) -> None:
            status.update(f"speaking prompts: {progress.done} of {progress.total} {progress.name}")

        report = speak_lines(plan, settings.sounds, settings, show)
    if report.failed:
        name, reason = next(iter(report.failed.items()))
        raise StepFailed(f"prompt {escape(name)} could not be spoken: {escape(reason)}", "is espeak-ng installed?")
    if report.built or report.copied:
        done = f"{len(report.built)} spoken, {len(report.copied)} known already, in {report.seconds:.1f} s"
        report_done("prompts", done)
    else:
        report_present("prompts", f"{len(report.kept)} in {settings.sounds}")
