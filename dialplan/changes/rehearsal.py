"""A scratch Asterisk beside the real one loads a new plan and takes a call on every kind of change, before it counts.

It has its own folder and ports, trunks of its own on loopback addresses, no AGI server and no far end that it could
reach: nothing of a rehearsal is ever heard or recorded outside.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from socket import SOCK_DGRAM

from app.contract.ports import free_port
from dialplan.asterisk import cli, launch_command
from dialplan.changes.saying import Said, Saying, because, joined, say
from dialplan.changes.test_call import CallResult, place_call
from dialplan.changes.verification import LogMark, deviations
from dialplan.check import LONGEST_SOCKET_PATH
from dialplan.render import prepare_folders, render, write
from dialplan.settings import DialplanSettings
from dialplan.site_plan import Outbound, SitePlan, Trunk, TrunkKind

NOWHERE = Outbound(host=IPv4Address("127.0.0.1"), port=9, ring_seconds=1)
"""The discard port: a rehearsal rings nobody."""
BOOT_SECONDS = 30
FIRST_ADDRESS = int(IPv4Address("127.66.0.1"))


class RehearsalFailed(Said):
    """The scratch Asterisk did not take the plan: the node is as it was."""

    def __init__(self, *faults: Saying) -> None:
        found = joined(faults)
        super().__init__(found if found.remedy else because("rehearsal_failed", found))


def rehearse(plan: SitePlan, settings: DialplanSettings, version: str, numbers: Sequence[str]) -> list[CallResult]:
    """Load a plan in a scratch Asterisk and call there those of the numbers that a trunk delivers.

    Raises RehearsalFailed.
    """
    scratch_plan = _disarmed(plan)
    with _scratch_settings(settings) as scratch:
        rendered = render(scratch_plan, scratch, version)
        write(rendered, scratch)
        _link_audio(settings.asterisk_home, scratch.asterisk_home)
        with _running(scratch):
            found = deviations(scratch, {str(name): text for name, text in rendered.items()})
            found += LogMark(scratch).complaints(is_alone=True)
            if found:
                raise RehearsalFailed(*found)
            results = _call(scratch_plan, scratch, numbers)
            if wrong := [one.failure for one in results if not one.is_good]:
                raise RehearsalFailed(*wrong)
            return results


def _disarmed(plan: SitePlan) -> SitePlan:
    """The same plan with trunks on loopback addresses of ours, and nothing to ring."""
    trunks = [
        trunk.model_copy(
            update={
                "addresses": [IPv4Network(FIRST_ADDRESS + number)],
                "outbound": NOWHERE if trunk.outbound else None,
            }
        )
        for number, trunk in enumerate(plan.trunks)
    ]
    return plan.model_copy(update={"trunks": trunks, "seat_networks": [IPv4Network("127.0.0.0/8")]})


@contextlib.contextmanager
def _scratch_settings(settings: DialplanSettings) -> Iterator[DialplanSettings]:
    home = settings.home / "scratch"
    if len(str(home / "asterisk/run/asterisk.ctl")) > LONGEST_SOCKET_PATH:
        home = Path(tempfile.gettempdir()) / f"hotline-scratch-{os.getuid()}-{settings.sip_port}"
    _end_left_over(home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o755)
    media = 50_000 + os.getpid() % 50 * 200
    try:
        yield settings.model_copy(
            update={
                "home": home,
                "asterisk_root": settings.root,
                "node": "scratch",
                "sip_host": "127.0.0.1",
                "sip_port": free_port(kind=SOCK_DGRAM),
                "ami_host": "127.0.0.1",
                "ami_port": free_port(),
                "rtp_start": media,
                "rtp_end": media + 199,
                "agi_servers": "127.0.0.1:9",
            }
        )
    except RehearsalFailed:
        raise  # its log stays for whoever looks
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    else:
        shutil.rmtree(home, ignore_errors=True)


def _link_audio(source: Path, target: Path) -> None:
    """The node's own prompts and music under the scratch folder, without copying where that can be avoided."""
    for folder in ("data/sounds", "data/moh"):
        for path in (source / folder).rglob("*.*"):
            if path.is_file():
                place = target / path.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                try:
                    os.link(path, place)
                except OSError:
                    shutil.copyfile(path, place)
    prepare = target / "data"
    for path in prepare.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


@contextlib.contextmanager
def _running(scratch: DialplanSettings) -> Iterator[None]:
    prepare_folders(scratch)
    output = scratch.home / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            launch_command(scratch), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    (scratch.home / "pid").write_text(str(process.pid), encoding="utf-8")
    try:
        _wait_until_booted(process, scratch, output)
        yield
    finally:
        process.kill()  # it has nothing to save
        process.wait(timeout=10)


def _wait_until_booted(process: subprocess.Popen[bytes], scratch: DialplanSettings, output: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if "fully booted" in cli(scratch, "core waitfullybooted"):
                return
        time.sleep(0.03)
    said = output.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
    raise RehearsalFailed(say("scratch_dead", said="; ".join(said)))


def _end_left_over(home: Path) -> None:
    """A scratch Asterisk whose apply was killed: known by its process id and by our folder on its command line."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((home / "pid").read_text(encoding="utf-8"))
        if os.fsencode(home) in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


def _call(plan: SitePlan, scratch: DialplanSettings, numbers: Sequence[str]) -> list[CallResult]:
    """Call each number as a citizen; the main one also as the probe, which hears the greeting and nothing else."""
    by_citizens = sorted(plan.trunks, key=lambda trunk: trunk.kind is TrunkKind.CARRIER)  # they win over the others
    ways = {did.number: _address(trunk) for trunk in by_citizens for did in trunk.dids}
    wanted = [(number, ways[number]) for number in numbers if number in ways]
    wanted += [(plan.main_line.number, _address(trunk)) for trunk in plan.trunks if trunk.kind is TrunkKind.PROBE]
    server = (scratch.sip_host, scratch.sip_port)
    with ThreadPoolExecutor(max_workers=max(len(wanted), 1)) as pool:
        return list(pool.map(lambda way: place_call(way[0], address=way[1], server=server), wanted))


def _address(trunk: Trunk) -> str:
    return str(trunk.addresses[0].network_address)
