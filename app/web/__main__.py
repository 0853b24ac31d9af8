"""`python -m app.web`: serve pages and API until SIGTERM."""

import gc
import socket
import sys

import structlog
import uvicorn
from fastapi import FastAPI

from app.contract.logs import configure_logging
from app.platform.settings import Settings
from app.web.main import create_app

GRACE_SECONDS = 10
THREAD_SWITCH_SECONDS = 0.0005
"""Threads that serve pages hand the interpreter over soon: Python's 5 ms, at each of a batch's statements, kept pops
waiting behind them."""
log = structlog.get_logger()


class HotlineServer(uvicorn.Server):
    """uvicorn waits for open answers before it ends; event streams never end by themselves, so they are told."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.listener.close()
        await super().shutdown(sockets)


def make_server(app: FastAPI, host: str, port: int) -> HotlineServer:
    """The server of the pages."""
    return HotlineServer(make_config(app, host, port), app)


def make_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """uvicorn as we run it. A proxy on this machine may tell the visitor's address, nobody else."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def main() -> None:
    """Until SIGTERM or SIGINT: answers under way are finished, streams are closed at once."""
    configure_logging("web")
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    log.info("web_starting", host=settings.web_host, port=settings.web_port)
    app = create_app(settings)
    gc.freeze()  # numbering data and libraries stay; the collector need not walk them again and again
    make_server(app, settings.web_host, settings.web_port).run()


if __name__ == "__main__":
    main()
