"""Things that break for a while: an AGI server that hangs, a prompt that is missing, a locked database."""

import contextlib
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

from sipp_scenarios.stack_control import StackControl
from sipp_scenarios.target import Target, TargetError

PROMPT = "greeting"


@contextlib.contextmanager
def agi_hangs(target: Target, control: StackControl) -> Iterator[None]:
    """In place of the FastAGI server somebody who takes every call and never says a word."""
    control.stop("agi")
    with ExitStack() as stack:
        stack.callback(control.start, "agi")
        listener = stack.enter_context(_listen(target.agi_host, target.agi_port))
        stack.callback(lambda: listener.shutdown(socket.SHUT_RDWR))
        taken = stack.enter_context(ExitStack())
        threading.Thread(target=_take_all, args=(listener, taken), daemon=True).start()
        yield


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def _take_all(listener: socket.socket, taken: ExitStack) -> None:
    with contextlib.suppress(OSError):
        while True:
            taken.enter_context(listener.accept()[0])


@contextlib.contextmanager
def prompt_missing(target: Target, control: StackControl) -> Iterator[None]:  # noqa: ARG001
    """The greeting is gone from the disk, in every format."""
    folder = target.prompts
    files = sorted(folder.glob(f"{PROMPT}.*"))
    if not files:
        raise TargetError(f"there is no prompt {PROMPT} to take away in {folder.name}")
    hidden = [(path, path.with_name(f".hidden-{path.name}")) for path in files]
    with ExitStack() as stack:
        for path, away in hidden:
            path.rename(away)
            stack.callback(away.rename, path)
        yield


@contextlib.contextmanager
def database_locked(target: Target, control: StackControl) -> Iterator[None]:  # noqa: ARG001
    """Another process writes and does not end: every writer of the case store waits in vain (SQLite only)."""
    if target.sqlite_file is None:
        raise TargetError("database-locked is a fault of SQLite; this stack uses another database")
    connection = sqlite3.connect(target.sqlite_file, isolation_level=None, timeout=30)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


FAULTS: dict[str, Callable[[Target, StackControl], AbstractContextManager[None]]] = {
    "agi-hangs": agi_hangs,
    "prompt-missing": prompt_missing,
    "database-locked": database_locked,
}
