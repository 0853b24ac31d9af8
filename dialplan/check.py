"""`hotline dialplan check`: everything that can be found before Asterisk, or a caller, finds it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from dialplan.asterisk import asterisk_root
from dialplan.escaping import UnsafeValue
from dialplan.extensions import parse_extensions
from dialplan.line_prompts import line_prompts
from dialplan.lint import PROMPTS, lint
from dialplan.plan_file import SitePlanFault, load_plan
from dialplan.problem import Problem
from dialplan.render import render
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

LONGEST_SOCKET_PATH = 107
ADDRESS = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")


def check_site(settings: DialplanSettings) -> list[Problem]:
    """Site plan, settings, rendered files and prompts. An empty list means that calls can be taken."""
    try:
        plan = load_plan(settings.site_plan)
        files = render(plan, settings)
    except SitePlanFault as fault:
        return [Problem(*_split(line)) for line in fault.faults]
    except UnsafeValue as error:
        return [Problem("settings", str(error), "Change the value to letters, digits and . _ -")]
    return [
        *check_settings(settings), *check_own_address(plan, settings), *check_files(files),
        *check_prompts(settings.asterisk_home, prompt_names(plan)),
    ]  # fmt: skip


def _split(line: str) -> tuple[str, str]:
    where, _, what = line.partition(": ")
    return where, what


def check_files(files: dict[PurePosixPath, str]) -> list[Problem]:
    """Rules of the rendered configuration."""
    extensions = files[PurePosixPath("extensions.conf")]
    steps = parse_extensions(extensions)
    modules = set(re.findall(r"^load = (\w+)\.so", files[PurePosixPath("modules.conf")], re.MULTILINE))
    entrances = set(
        re.findall(
            r"^(?:context = |set_var = TRANSFER_CONTEXT=)(\S+)", files[PurePosixPath("pjsip.conf")], re.MULTILINE
        )
    )
    empty = set(re.findall(r"^\[([^\]]+)\]", extensions, re.MULTILINE)) - {step.context for step in steps}
    return lint(steps, modules, entrances - empty)  # seats that may dial nothing have a context without a step


def check_settings(settings: DialplanSettings) -> Iterator[Problem]:
    """What a value's own pattern cannot tell."""
    if not settings.agi_addresses:
        yield Problem("HOTLINE_AGI_SERVERS", "names no server", "Give host:port")
    for address in settings.agi_addresses:
        if not ADDRESS.fullmatch(address):
            yield Problem("HOTLINE_AGI_SERVERS", f"{address} is not host:port", "Correct it")
    if settings.rtp_end - settings.rtp_start < 99:
        yield Problem("HOTLINE_RTP_END", "leaves fewer than 50 calls", "Widen the range of media ports")
    control = settings.asterisk_home / "run/asterisk.ctl"
    if len(str(control)) > LONGEST_SOCKET_PATH:
        yield Problem("HOTLINE_HOME", f"{control} is too long for a socket", "Choose a shorter folder")
    if asterisk_root(settings) == Path("/"):
        for folder in settings.asterisk_home.parents:
            if folder.exists() and not folder.stat().st_mode & 0o001:
                yield Problem(str(folder), "is closed to Asterisk's user", "Set HOTLINE_HOME elsewhere")


def check_own_address(plan: SitePlan, settings: DialplanSettings) -> Iterator[Problem]:
    """A trunk that leads back to ourselves would send a call round until every port is used."""
    for trunk in plan.trunks:
        if trunk.outbound and (str(trunk.outbound.host), trunk.outbound.port) == (settings.sip_host, settings.sip_port):
            where = f"trunks[{trunk.name}].outbound"
            yield Problem(where, "is our own address, so calls would go round", "Give the other exchange's address")


def prompt_names(plan: SitePlan) -> list[str]:
    """Every prompt that the dialplan of this plan plays itself."""
    return [*PROMPTS, *(prompt.name for prompt in line_prompts(plan))]


def check_prompts(home: Path, names: Iterable[str] = PROMPTS) -> Iterator[Problem]:
    """Prompts the dialplan plays itself, and the music."""
    for name in names:
        if not any((home / f"data/sounds/zh/hotline/{name}{kind}").exists() for kind in (".wav", ".alaw")):
            yield Problem(f"prompt {name}", "is missing in sounds/zh/hotline", "Run hotline setup")
    if not any((home / "data/moh").glob("*.*")):
        yield Problem("music on hold", "is missing in data/moh", "Run hotline dialplan render")
