"""The bridge's own HTTP door: switch commands in, health out. Loopback by default, in the bridge's event loop."""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import uvicorn
from fastapi import Body, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field, SecretStr

from ami_bridge.commands import Commander
from ami_bridge.switch import SwitchUnavailable
from app.contract.commands import AnyCommand, CommandResult


class Health(BaseModel):
    """How the bridge is."""

    ami_connected: bool
    ami_since: datetime | None = Field(description="connected since")
    commands_connected: bool
    store_reachable: bool
    journal_seq: int
    acknowledged_seq: int
    journal_bytes: int
    queue_depth: int = Field(description="events that wait in memory")
    dropped_events: int
    parked_events: int
    last_event_at: datetime | None


def make_door(commander: Commander, token: SecretStr, health: Callable[[], Health]) -> FastAPI:
    """The application. Everything but `/health` needs the bearer token."""
    app = FastAPI(title="12345 hotline: bridge", docs_url=None, redoc_url=None, openapi_url=None)

    def authorise(request: Request) -> None:
        expected = f"Bearer {token.get_secret_value()}".encode()
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    @app.post("/commands", dependencies=[Depends(authorise)])
    async def obey(command: Annotated[AnyCommand, Body()]) -> CommandResult:
        try:
            return await commander.obey(command)
        except SwitchUnavailable as error:
            raise HTTPException(503, str(error)) from error

    @app.get("/health")
    async def tell_health() -> Health:
        return health()

    return app


class DoorServer(uvicorn.Server):
    """uvicorn without its own signal handling: the bridge decides when to stop, and in which order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: FastAPI, host: str, port: int) -> DoorServer:
    return DoorServer(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off"))
