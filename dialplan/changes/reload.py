"""Which console commands let a running Asterisk take over changed files, and what only a restart can do."""

import re
from collections.abc import Iterable, Mapping

from dialplan.asterisk import cli
from dialplan.changes.saying import Said, say
from dialplan.settings import DialplanSettings

COMMANDS = {
    "pjproject.conf": "module reload res_pjproject.so",
    "logger.conf": "logger reload",
    "indications.conf": "module reload indications",
    "cdr.conf": "module reload cdr",
    "cel.conf": "module reload cel",
    "acl.conf": "module reload acl",
    "udptl.conf": "module reload udptl",
    "rtp.conf": "module reload res_rtp_asterisk.so",
    "manager.conf": "manager reload",
    "musiconhold.conf": "moh reload",
    "features.conf": "module reload features",
    "confbridge.conf": "module reload app_confbridge.so",
    "queuerules.conf": "module reload app_queue.so",
    "queues.conf": "module reload app_queue.so",
    "extensions.conf": "dialplan reload",
    "pjsip.conf": "module reload res_pjsip.so",
}
"""In the order in which they run: queues before the dialplan that uses them, contexts before the trunks that enter."""
TRANSPORT = re.compile(r"^\[udp\]\n(.*?)^(?=\[|;)", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"^load = (\S+)", re.MULTILINE)
REFUSAL = re.compile(r"no such|unable|fail|not (?:found|loaded|running|properly)|error|does not support", re.IGNORECASE)
RELOAD_SECONDS = 30.0
MODULE_LEFT = ("modules.conf (a module is no longer wanted)", "modules.conf（有模块不再需要）")
TRANSPORT_MOVED = ("pjsip.conf (the SIP transport)", "pjsip.conf（SIP 监听地址或端口）")


class ReloadRefused(Said):
    """Asterisk said no to a reload, or did not answer."""


def reload_commands(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What to say on the console after the files were swapped, in order, each once."""
    added = set(MODULE.findall(new.get("modules.conf", ""))) - set(MODULE.findall(old.get("modules.conf", "")))
    loads = [f"module load {name}" for name in sorted(added)] if old else []
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return list(dict.fromkeys([*loads, *(command for name, command in COMMANDS.items() if name in changed)]))


def needs_restart(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str]]:
    """Files whose change Asterisk sees only when it starts, in English and in Chinese."""
    if not old:
        return []
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    found = [(name, name) for name in changed if name not in COMMANDS and name != "modules.conf"]
    if set(MODULE.findall(old.get("modules.conf", ""))) - set(MODULE.findall(new.get("modules.conf", ""))):
        found.append(MODULE_LEFT)
    transports = [TRANSPORT.findall(files.get("pjsip.conf", "")) for files in (old, new)]
    if transports[0] != transports[1]:
        found.append(TRANSPORT_MOVED)
    return found


def run_reloads(settings: DialplanSettings, commands: Iterable[str]) -> None:
    """Run each command. Raises ReloadRefused at the first that is refused."""
    for command in commands:
        try:
            answer = cli(settings, command, timeout_seconds=RELOAD_SECONDS)
        except OSError as error:
            raise ReloadRefused(say("reload_unanswered", command=command, reason=error)) from error
        if REFUSAL.search(answer):
            raise ReloadRefused(say("reload_refused", command=command, answer=answer.splitlines()[0]))
