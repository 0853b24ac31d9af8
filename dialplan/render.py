"""Site plan and settings in, Asterisk's configuration out."""

import hashlib
import os
import socket
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.contract.agent_flows import AGENT_FLOWS
from dialplan.ami_events import AMI_EVENTS
from dialplan.asterisk import NEWEST, asterisk_owner, module_directory
from dialplan.escaping import configuration_value
from dialplan.handover_targets import handover_targets
from dialplan.line_way import NEVER, line_ways, numbers_of, numbers_of_lines
from dialplan.seat_range import expand
from dialplan.seats import seat_password
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SeatGroup, SitePlan

TEMPLATES = Path(__file__).with_name("templates")
DIALPLAN = PurePosixPath("extensions.conf")
MARK = "HL_RENDERED"
"""A global variable that holds a digest of the rendered dialplan."""
WRITABLE = ("log", "run", "spool", "lib", "recordings")
"""Folders Asterisk writes to; everything else it may only read."""
PARTS = tuple(
    f"extensions_{part}.conf.j2"
    for part in (
        "agent_flow",
        "ask",
        "callback",
        "doors",
        "followup",
        "handover",
        "known",
        "lines",
        "resolve",
        "transfer",
    )
)
"""Templates that others include."""


def environment() -> Environment:
    """Templates in which an unknown name is an error and every value passes the escaping."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=configuration_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 not HTML; finalize refuses what is dangerous here
    )


def render(plan: SitePlan, settings: DialplanSettings, version: str = NEWEST) -> dict[PurePosixPath, str]:
    """Text of every configuration file by its name in etc/, for an Asterisk of this version. Raises UnsafeValue."""
    templates = environment()
    values = template_values(plan, settings) | {"filters_by_name": filters_by_name(version)}
    files = {
        PurePosixPath(name.removesuffix(".j2")): templates.get_template(name).render(values)
        for name in sorted(templates.list_templates())
        if name not in PARTS
    }
    return files | {DIALPLAN: with_mark(files[DIALPLAN])}


def with_mark(text: str) -> str:
    """The dialplan with its own digest in it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return text.replace(f"\n{MARK}=\n", f"\n{MARK}={digest}\n", 1)


def filters_by_name(version: str) -> bool:
    """Whether AMI can filter by an event's name: since 20.11, 21.6 and 22.1. Before, by pattern over the whole text."""
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return numbers >= {20: (20, 11), 21: (21, 6)}.get(numbers[0], (22, 1))


def template_values(plan: SitePlan, settings: DialplanSettings) -> dict[str, Any]:
    """Every name a template may use."""
    secret = settings.seat_secret.get_secret_value()
    trunk_networks = [network for trunk in plan.trunks for network in trunk.addresses]
    return {
        "home": str(settings.asterisk_home),
        "module_directory": str(module_directory(settings)),
        "node": settings.node,
        "hostname": socket.gethostname(),
        "sip_host": settings.sip_host,
        "sip_port": settings.sip_port,
        "rtp_start": settings.rtp_start,
        "rtp_end": settings.rtp_end,
        "ami_host": settings.ami_host,
        "ami_port": settings.ami_port,
        "ami_events_user": settings.ami_events_user,
        "ami_events_secret": settings.ami_events_secret.get_secret_value(),
        "ami_commands_user": settings.ami_commands_user,
        "ami_commands_secret": settings.ami_commands_secret.get_secret_value(),
        "ami_events": AMI_EVENTS,
        "agi_addresses": settings.agi_addresses,
        "agi_time_limit_seconds": settings.agi_time_limit_seconds,
        "max_call_seconds": plan.max_call_seconds,
        "general_queue": plan.general_queue,
        "known_networks": list(dict.fromkeys([*trunk_networks, *plan.seat_networks])),
        "trunks": plan.trunks,
        "numbers_of": {trunk.name: numbers_of(plan, trunk) for trunk in plan.trunks},
        "main_line": plan.main_line.number,
        "main_queue": plan.main_line.queue,
        "line_ways": line_ways(plan),
        "numbers_of_lines": numbers_of_lines(plan),
        "never": NEVER,
        "longest_wait_seconds": max(queue.max_wait_seconds for queue in plan.queues) + 10,
        "queues": plan.queues,
        "callbacks": plan.callbacks,
        "rating_flow": plan.rating_flow,
        "known_agent_ring_seconds": plan.known_agent_ring_seconds,
        "has_doors": any(queue.side_doors for queue in plan.queues),
        "transfer_ring_seconds": max(queue.ring_seconds for queue in plan.queues),
        "handover_targets": handover_targets(plan),
        "agent_flows": AGENT_FLOWS,
        "seats": [
            {"name": seat, "group": group.name, "password": seat_password(secret, seat)}
            for group in plan.seats
            for seat in group.seats
        ],
        "seat_groups": [_dialling(plan, group) for group in plan.seats],
        "number_limit": 32,
        "name_characters": r"0-9A-Za-z ._\-\x80-\xff",
        "queue_characters": r"a-z0-9_\-",
        "member_characters": r"A-Za-z0-9_\-",
    }


def _dialling(plan: SitePlan, group: SeatGroup) -> dict[str, Any]:
    targets = [target for target in plan.destinations if target.name in group.may_dial]
    return {
        "name": group.name,
        "seat_numbers": [n for target in targets if target.kind == "seats" for n in expand(target.numbers)],
        "echo_numbers": [n for target in targets if target.kind == "echo" for n in expand(target.numbers)],
    }


def write(files: dict[PurePosixPath, str], settings: DialplanSettings) -> list[Path]:
    """Put the files into etc/, each in one step (a reload never sees half a file), readable by Asterisk alone."""
    prepare_folders(settings)
    folder = settings.asterisk_home / "etc"
    written = []
    for name, text in files.items():
        target, draft = folder / name, folder / f".{name}.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        written.append(target)
    for stale in set(folder.glob("*.conf")) - set(written):
        stale.unlink()
    return written


def prepare_folders(settings: DialplanSettings) -> None:
    """Make Asterisk's folders: configuration it may read but not change, and those it writes to (ADR 0023)."""
    home, owner = settings.asterisk_home, asterisk_owner(settings)
    for name in ("etc", "data/sounds/zh/hotline", "data/moh", "lib/agi-bin", "log/cdr-csv", *WRITABLE):
        (home / name).mkdir(parents=True, exist_ok=True)
    documentation = home / "data/documentation"
    if not documentation.is_symlink():
        documentation.symlink_to("/usr/share/asterisk/documentation")
    if os.geteuid() == 0:
        os.chown(home / "etc", -1, owner)
        for name in (*WRITABLE, "lib/agi-bin", "log/cdr-csv"):
            os.chown(home / name, owner, -1)
    (home / "etc").chmod(0o2750)  # set-gid: a file rendered later has Asterisk's group too
    for name in WRITABLE:
        (home / name).chmod(0o2770)
