"""Stopping, starting and killing the processes of a stack."""

import contextlib
import os
import signal
import time
import xmlrpc.client
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any, Protocol

from supervisor.xmlrpc import SupervisorTransport

from sipp_scenarios.target import TargetError

START_WITHIN_SECONDS = 30


class StackControl(Protocol):
    """What a scenario may do to a process of the stack, by its name. Each returns when it is done."""

    def stop(self, name: str) -> None:
        """End it the friendly way."""

    def start(self, name: str) -> None:
        """Start it; returns when the process runs, which is before it is ready to serve."""

    def kill(self, name: str, *, is_kept: bool) -> None:
        """kill -9. It stays down, or its keeper starts it again at once (`is_kept`)."""

    def is_running(self, name: str) -> bool: ...


class SupervisorControl:
    """supervisord of one HOTLINE_HOME, over its Unix socket."""

    def __init__(self, home: Path) -> None:
        configuration = RawConfigParser(inline_comment_prefixes=(";",), strict=False)
        if not configuration.read(home / "supervisor" / "supervisord.conf"):
            raise TargetError("the stack has no supervisord.conf: start it with `hotline up`")
        self._url = configuration["supervisorctl"]["serverurl"]

    @contextlib.contextmanager
    def _talk(self) -> Iterator[Any]:
        transport = SupervisorTransport(serverurl=self._url)
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor
        except OSError as error:
            raise TargetError("supervisord does not answer: start the stack with `hotline up`") from error
        finally:
            transport.close()

    def stop(self, name: str) -> None:
        with self._talk() as supervisor, _already("NOT_RUNNING"):
            supervisor.stopProcess(name)

    def start(self, name: str) -> None:
        with self._talk() as supervisor, _already("ALREADY_STARTED"):
            supervisor.startProcess(name, False)
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while not self.is_running(name):
            if time.monotonic() > deadline:
                raise TargetError(f"{name} did not start within {START_WITHIN_SECONDS} s; see its log")
            time.sleep(0.05)

    def kill(self, name: str, *, is_kept: bool) -> None:
        with self._talk() as supervisor:
            pid = supervisor.getProcessInfo(name)["pid"]
            if is_kept:
                os.killpg(pid, signal.SIGKILL)
                return
            os.killpg(pid, signal.SIGSTOP)  # frozen, it never sees the SIGTERM that tells the keeper to leave it down
            supervisor.stopProcess(name, False)
            os.killpg(pid, signal.SIGKILL)
            while supervisor.getProcessInfo(name)["pid"]:
                time.sleep(0.02)

    def is_running(self, name: str) -> bool:
        with self._talk() as supervisor:
            return bool(supervisor.getProcessInfo(name)["statename"] == "RUNNING")


@contextlib.contextmanager
def _already(word: str) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if word not in fault.faultString:
            raise
