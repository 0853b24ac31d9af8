"""Starts and asks the Asterisk of this node: the distribution's where it is new enough, else the one in our root."""

import os
import re
import shlex
import socket
import subprocess
from pathlib import Path

from dialplan.settings import DialplanSettings

SYSTEM_ASTERISK = Path("/usr/sbin/asterisk")
OLDEST_VERSION = 20
NEWEST = "22.10"
"""The version our configuration is written for, and tested with."""


class AsteriskMissing(Exception):
    """Neither a root file system with Asterisk nor a system Asterisk of version 20 or newer."""


def asterisk_root(settings: DialplanSettings) -> Path:
    """Where Asterisk's file system begins: our own root if it was built, else /."""
    return settings.root if (settings.root / "usr/sbin/asterisk").exists() else Path("/")


def asterisk_owner(settings: DialplanSettings) -> int:
    """User and group id Asterisk runs as: no account of the machine, so it owns nothing but its own folders."""
    return settings.asterisk_uid


def module_directory(settings: DialplanSettings) -> Path:
    """Where Asterisk's modules lie, as Asterisk sees it."""
    root = asterisk_root(settings)
    for found in sorted(root.glob("usr/lib/*/asterisk/modules")) + sorted(root.glob("usr/lib/asterisk/modules")):
        return Path("/") / found.relative_to(root)
    return Path("/usr/lib/asterisk/modules")


def asterisk_version(settings: DialplanSettings) -> str:
    """`22.10.1`. Raises AsteriskMissing."""
    root = asterisk_root(settings)
    command = [str(SYSTEM_ASTERISK), "-V"]
    if root != Path("/"):
        command = ["chroot", str(root), *command]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise AsteriskMissing(f"no Asterisk in {settings.root} and none in {SYSTEM_ASTERISK}: {error}") from error
    if not (found := re.search(r"(\d+)\.[\d.]+", answer)) or int(found[1]) < OLDEST_VERSION:
        raise AsteriskMissing(f"{answer.strip()} is older than {OLDEST_VERSION}: build the root with `hotline setup`")
    return found[0]


def launch_command(settings: DialplanSettings) -> list[str]:
    """The command line that becomes Asterisk, in the foreground. Must be run by root.

    A private mount namespace shows the home folder, /proc, /dev and our hosts file inside the root, and vanishes with
    the process: nothing is left mounted. `exec` all the way, so a signal to this process reaches Asterisk.
    """
    root, home = asterisk_root(settings), settings.asterisk_home
    inside = str(root).rstrip("/")
    q = shlex.quote
    steps = [
        "set -e",
        "umask 022",  # whoever starts us may be stricter, and Asterisk must pass the folders we make inside the root
        "ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn)",
        f"[ -e {q(inside + '/etc/hosts')} ] || : > {q(inside + '/etc/hosts')}",
        f"mount --bind {q(str(home / 'etc/hosts'))} {q(inside + '/etc/hosts')}",
    ]
    if inside:
        steps += [
            f"mkdir -p {q(inside + str(home))} {q(inside + '/proc')} {q(inside + '/dev')}",
            f"mount --rbind {q(str(home))} {q(inside + str(home))}",
            f"mount --rbind /proc {q(inside + '/proc')}",
            f"mount --rbind /dev {q(inside + '/dev')}",
        ]
    uid = asterisk_owner(settings)
    steps.append("umask 027")
    steps.append(
        f"exec chroot --userspec=+{uid}:+{uid} --groups= {q(str(root))} {SYSTEM_ASTERISK}"
        f" -C {q(str(home / 'etc/asterisk.conf'))} -f"
    )
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(steps)]


def cli(settings: DialplanSettings, command: str, *, timeout_seconds: float = 5.0) -> str:
    """Answer of Asterisk's console to one command, over its control socket. Raises OSError when it does not run."""
    with socket.socket(socket.AF_UNIX) as console:
        console.settimeout(timeout_seconds)
        console.connect(os.fspath(settings.asterisk_home / "run/asterisk.ctl"))
        console.recv(4096)  # banner: host/pid/version
        console.sendall(f"cli quit after {command}\0".encode())
        answer = b""
        while chunk := console.recv(65536):
            answer += chunk
    return re.sub(r"\x1b\[[0-9;]*m|[\x00\x7f-\x9f]", "", answer.decode(errors="replace")).strip()


def is_running(settings: DialplanSettings) -> bool:
    """Whether somebody listens on Asterisk's control socket, even one too busy to answer."""
    with socket.socket(socket.AF_UNIX) as console:
        console.settimeout(1.0)
        try:
            console.connect(os.fspath(settings.asterisk_home / "run/asterisk.ctl"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
        return True
