"""Real servers for tests and the bench: PostgreSQL in a temporary cluster, Redis, each on a free port, gone afterwards.

with postgresql() as url: ...       # postgresql://...
with redis_server() as url: ...     # redis://...
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.contract.ports import free_port

START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 10
POSTGRESQL_HOMES = Path("/usr/lib/postgresql")


class ServiceUnavailable(Exception):
    """The server could not be started; the text holds its own words."""


@contextmanager
def postgresql(port: int | None = None) -> Iterator[str]:
    """A fresh PostgreSQL cluster with a database `hotline`; yields its URL. Durability is off: it is for tests."""
    binaries = _postgresql_binaries()
    port = port or free_port()
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    as_owner = _as_postgres(folder)
    data = folder / "data"
    try:
        choices = ["-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([*as_owner, str(binaries / "initdb"), "-D", str(data), *choices])
        options = {
            "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder),
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60",
            "log_min_messages": "warning",
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*as_owner, str(binaries / "postgres"), "-D", str(data), *settings]
        with _server(command, folder, log=folder / "log") as log:
            ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "hotline"]
            _wait_until(ready, log)
            _run([str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "hotline", "hotline"])
            yield f"postgresql://hotline@127.0.0.1:{port}/hotline"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server(port: int | None = None, password: str = "") -> Iterator[str]:
    """A Redis that keeps nothing on disk; yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceUnavailable("redis-server is not installed")
    port = port or free_port()
    folder = Path(tempfile.mkdtemp(prefix="hotline-redis-"))
    secret = ["--requirepass", password] if password else []
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *secret]
    try:
        with _server(command, folder, log=folder / "log") as log:
            authentication = ["-a", password, "--no-auth-warning"] if password else []
            _wait_until(["redis-cli", "-p", str(port), *authentication, "ping"], log)
            yield f"redis://{':' + password + '@' if password else ''}127.0.0.1:{port}/0"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_binaries() -> Path:
    versions = sorted(POSTGRESQL_HOMES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    program = shutil.which("initdb")
    if program is None:
        raise ServiceUnavailable("PostgreSQL is not installed (no initdb in /usr/lib/postgresql or PATH)")
    return Path(program).resolve().parent


def _as_postgres(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: words that run it as `postgres`, who then owns the folder."""
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam("postgres")
    except KeyError as error:
        raise ServiceUnavailable("we are root and there is no user `postgres` to run PostgreSQL as") from error
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]


@contextmanager
def _server(command: list[str], folder: Path, *, log: Path) -> Iterator[Path]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        yield log
    finally:
        process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown, Redis' clean end
        try:
            process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(probe: list[str], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            raise ServiceUnavailable(log.read_text(errors="replace")[-2000:])
        time.sleep(0.05)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ServiceUnavailable(f"{command[-1]}: {done.stderr[-2000:] or done.stdout[-2000:]}")
