"""Whether a running Asterisk has what was rendered: asked on its console and on its manager interface."""

import re
import socket
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dialplan.asterisk import cli
from dialplan.changes.saying import Saying, say
from dialplan.extensions import parse_extensions
from dialplan.render import MARK
from dialplan.settings import DialplanSettings

CONSOLE_SECONDS = 20.0
COMPLAINT = re.compile(r"\b(?:WARNING|ERROR)\[[^\]]*\] (?P<source>[\w.]+\.[ch]):(?P<text>.*)")
READERS = re.compile(
    r"^(?:pbx_config|config|config_options|pbx|loader|extconf|app_queue|acl|res_musiconhold|sorcery|res_sorcery_\w+|"
    r"pjsip_configuration|config_\w+|location|res_pjsip_endpoint_identifier_ip|res_pjsip_acl)\.c$"
)
"""Parts of Asterisk that read configuration; what the others complain about may be a caller, a phone or a far end."""
SPEAKERS = re.compile(r"^(?:manager|res_pjsip\w*|pjsip_\w+)\.c$")
"""Parts that also talk to the outside: where nobody is outside, they too complain about configuration."""


def deviations(settings: DialplanSettings, files: Mapping[str, str]) -> list[Saying]:
    """What a running Asterisk has otherwise than these files say. Empty when all of it is in force."""
    try:
        return [
            *_dialplan(settings, files["extensions.conf"]),
            *_endpoints(settings, files["pjsip.conf"]),
            *_queues(settings, files["queues.conf"]),
            *_manager(settings),
        ]
    except OSError as error:
        return [say("console_silent", reason=error)]


def _dialplan(settings: DialplanSettings, text: str) -> list[Saying]:
    steps = parse_extensions(text)
    shown = _ask(settings, "dialplan show")
    there = set(re.findall(r"^\[ Context '([^']+)'", shown, re.MULTILINE))
    missing = sorted({step.context for step in steps} - there)
    found = re.search(r"-= \d+ extensions? \((\d+) priorit", shown)
    if missing:
        return [say("context_missing", name=name) for name in missing[:5]]
    if not found or int(found[1]) < len(steps):
        return [say("steps_missing", count=found[1] if found else 0, wanted=len(steps))]
    mark = re.search(rf"^{MARK}=\w+$", text, re.MULTILINE)
    if mark and mark[0] not in _ask(settings, "dialplan show globals"):
        return [say("dialplan_other")]
    return []


def _endpoints(settings: DialplanSettings, text: str) -> list[Saying]:
    wanted = set(re.findall(r"^\[([^\]]+)\]\ntype = endpoint", text, re.MULTILINE))
    there = set(re.findall(r"^ Endpoint:  ([^/\s<]+)", _ask(settings, "pjsip list endpoints"), re.MULTILINE))
    return [
        *(say("endpoint_missing", name=name) for name in sorted(wanted - there)[:5]),
        *(say("endpoint_left", name=name) for name in sorted(there - wanted)[:5]),
    ]


def _queues(settings: DialplanSettings, text: str) -> list[Saying]:
    wanted = set(re.findall(r"^\[([^\]]+)\]", text, re.MULTILINE)) - {"general"}
    there = set(re.findall(r"^(\S+) has \d+ calls", _ask(settings, "queue show"), re.MULTILINE))
    return [say("queue_missing", name=name) for name in sorted(wanted - there)]


def _manager(settings: DialplanSettings) -> list[Saying]:
    """Log in as the bridge does, and ask for a sign of life."""
    user, secret = settings.ami_events_user, settings.ami_events_secret.get_secret_value()
    request = (
        f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n"
        "Action: Ping\r\n\r\nAction: Logoff\r\n\r\n"
    )
    answer = b""
    with socket.create_connection((settings.ami_host, settings.ami_port), timeout=5) as connection:
        connection.sendall(request.encode())
        while chunk := connection.recv(4096):
            answer += chunk
    return [] if b"Ping: Pong" in answer else [say("manager_closed")]


def _ask(settings: DialplanSettings, command: str) -> str:
    return cli(settings, command, timeout_seconds=CONSOLE_SECONDS)


def count_calls(settings: DialplanSettings) -> int | None:
    """Channels in use on this node; None when Asterisk does not run."""
    try:
        found = re.search(r"^(\d+) active channel", _ask(settings, "core show channels count"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def callers_waiting(settings: DialplanSettings, queue: str) -> int:
    """Callers in a queue at this moment; 0 when Asterisk does not run or does not know the queue."""
    try:
        found = re.search(rf"^{re.escape(queue)} has (\d+) calls", _ask(settings, f"queue show {queue}"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


class LogMark:
    """A place in Asterisk's log, to see what it complained about since. Without `now`, the log's beginning."""

    def __init__(self, settings: DialplanSettings, *, now: bool = False) -> None:
        self._file: Path = settings.asterisk_home / "log/messages.log"
        self._offset = self._file.stat().st_size if now and self._file.exists() else 0

    def complaints(self, *, is_alone: bool = False) -> list[Saying]:
        """Warnings and errors about configuration; those about a call carry its id, and are left out.

        `is_alone`: nobody talks to this Asterisk, so that more of them must be about configuration.
        """
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        found = (COMPLAINT.search(line) for line in text.splitlines() if "[C-" not in line)
        return [
            say("complaint", text=f"{PurePosixPath(match['source']).name}:{match['text']}".strip())
            for match in found
            if match and (READERS.match(match["source"]) or (is_alone and SPEAKERS.match(match["source"])))
        ]
