"""`hotline setup`: from a bare machine to a stack that can start. Each step says done or already there."""

from typing import Annotated

import typer

from app.cli.asterisk_root import ensure_asterisk
from app.cli.browser_libraries import ensure_browser_libraries
from app.cli.console import console, report_done, report_present
from app.cli.env_file import ensure_env_file
from app.cli.packages import FOR_STACK, FOR_TESTS, ensure_packages
from app.cli.settings import StackSettings
from app.contract.env import runtime_home

ForTests = Annotated[bool, typer.Option("--for-tests", help="Also install what only the tests need.")]


def setup(for_tests: ForTests = False) -> None:
    """Install what is missing; create secrets, database, users, prompts and the dialplan. Running it again is quick."""
    console.print(f"[bold]Setting up[/] in {runtime_home()}")
    logs = runtime_home() / "setup"
    ensure_packages("packages", FOR_STACK, log=logs / "apt.log")
    if for_tests:
        ensure_packages("packages for tests", FOR_TESTS, log=logs / "apt-tests.log")
    ensure_browser_libraries(log=logs / "npm.log")
    prepare_home()


def prepare_home() -> None:
    """What belongs to one HOTLINE_HOME: settings, Asterisk's place, database, users, prompts, dialplan."""
    from app.cli import dialplan_setup, line_store, seeding  # noqa: PLC0415 - they need the settings file
    from app.cli.flow_publishing import ensure_flows  # noqa: PLC0415

    env_file = runtime_home() / "hotline.env"
    if added := ensure_env_file(env_file):
        report_done("secrets", f"{len(added)} generated into {env_file}")
    else:
        report_present("secrets", str(env_file))
    settings = StackSettings()
    ensure_asterisk(settings.root, log=settings.home / "setup" / "asterisk-root.log")
    seeding.ensure_database()
    seeding.ensure_demo_users()
    seeding.ensure_service_tokens()
    seeding.ensure_prompts()
    dialplan_setup.ensure_dialplan()
    ensure_flows()
    line_store.ensure_lines()
