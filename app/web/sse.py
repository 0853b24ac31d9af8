"""GET /desk/events: what an agent's page must know, pushed.

The database says what is pending; a topic only says "look again". So nothing depends on a message arriving, a reload
replays whatever is not acknowledged, and without Redis the stream polls each second. The id of an event names every
message that is pending and that this page has been sent; a reconnecting browser returns it as Last-Event-ID, and is
sent the rest. The page stops hearing when its log-in ends, and at once when the server stops.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.models import User
from app.accounts.rules import Permission
from app.accounts.sessions import LogInSession
from app.platform.errors import TooManyAttempts
from app.platform.topics import StreamMessage, agent_topic
from app.web.listener import TopicListener, Waiter

POLL_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 10.0
"""Even with Redis: a message that was lost costs so long at most. It is the heartbeat, too."""
GATHER_SECONDS = 0.003
"""One commit says several words (the pop, the agent's state); they are worth one look."""
BELIEF_SECONDS = 1.0
"""A log-in that was good is not asked about again for so long, however often there is news of calls."""
RECONNECT_MS = 1000
STREAMS_PER_USER = 6
"""What a browser allows to one host; more than that is a runaway page."""

Load = Callable[[Session, str], list[StreamMessage]]
log = structlog.get_logger()


class TooManyStreams(TooManyAttempts):
    code = "too-many-streams"
    title = "打开的页面过多，请关闭不用的页面"


async def take_stream(
    request: Request, actor: Annotated[Actor, Depends(require(Permission.DESK_USE))]
) -> AsyncIterator[Actor]:
    """One of the user's few streams. TooManyStreams. Being connected is no activity: it does not renew the log-in."""
    request.state.renews_session = False
    streams: Counter[str] = request.app.state.streams
    if streams[actor.name] >= STREAMS_PER_USER:
        raise TooManyStreams()
    streams[actor.name] += 1
    try:
        yield actor
    finally:
        streams[actor.name] -= 1


def make_events_router(load: Load) -> APIRouter:
    """The route over the desk's own answer to "what is pending for this agent?"."""
    router = APIRouter(tags=["desk"])

    @router.get("/desk/events", response_class=EventSourceResponse, summary="Events of the agent's page")
    async def stream_events(
        request: Request,
        actor: Annotated[Actor, Depends(take_stream)],
        last_event_id: Annotated[str, Header(max_length=4000, description="set by the browser")] = "",
    ) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events `pop` and `state`: pending ones first, then as they happen. Ids only, no numbers.

        A pop is repeated after a reload until it is acknowledged. Reconnects by itself; a 401 means: log in again.
        """
        stream = EventStream(request, actor, load)
        async for event in stream.events(last_event_id):
            yield event

    return router


class EventStream:
    """One open page."""

    def __init__(self, request: Request, actor: Actor, load: Load) -> None:
        self._database = request.app.state.database
        self._listener: TopicListener = request.app.state.listener
        self._state = request.app.state
        self._session: LogInSession | None = getattr(request.state, "session", None)
        self._idle = timedelta(minutes=request.app.state.settings.session_minutes)
        self._username = actor.name
        self._load = load
        self._believed_until = 0.0

    async def events(self, last_event_id: str) -> AsyncIterator[ServerSentEvent]:
        """Until the log-in or the server ends."""
        sent = frozenset(last_event_id.split(","))
        yield ServerSentEvent(retry=RECONNECT_MS, comment="connected")
        with self._listener.listening(agent_topic(self._username)) as wake:
            while not self._listener.is_closed:
                wake.clear()
                try:
                    is_doubtful, wake.is_log_in_doubtful = wake.is_log_in_doubtful, False
                    messages = await run_in_threadpool(self._look, is_doubtful)
                except SQLAlchemyError as error:
                    log.warning("events_not_read", username=self._username, reason=type(error).__name__)
                    yield ServerSentEvent(comment="database away")
                    await self._wait(wake, POLL_SECONDS)
                    continue
                if messages is None:
                    return
                for event in _unsent(messages, sent):
                    yield event
                sent = frozenset(message.id for message in messages)
                if await self._wait(wake, LOOK_AGAIN_SECONDS):
                    yield ServerSentEvent(comment="heartbeat")
                else:
                    await asyncio.sleep(GATHER_SECONDS)

    async def _wait(self, wake: Waiter, seconds: float) -> bool:
        """Wait for a word; without Redis look again each second. True: nobody has said anything."""
        until = time.monotonic() + seconds
        if not self._listener.is_live:
            until = min(until, time.monotonic() + POLL_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), max(0.0, until - time.monotonic()))
            return False
        return True

    def _look(self, is_log_in_doubtful: bool) -> list[StreamMessage] | None:
        """What is pending now; None when the log-in has ended. A good one is believed for a second, unless doubtful."""
        session = self._session
        if session is None or self._state.clock() >= session.expires_at(self._idle):
            return None
        with self._database.reading() as reading:
            if is_log_in_doubtful or time.monotonic() >= self._believed_until:
                user = reading.get(User, session.user_id)
                if user is None or not user.is_active or user.session_epoch != session.epoch:
                    return None
                self._believed_until = time.monotonic() + BELIEF_SECONDS
            return self._load(reading, self._username)


def _unsent(messages: list[StreamMessage], sent: frozenset[str]) -> Iterator[ServerSentEvent]:
    """Each message that the page has not been sent; its id says what the page has then."""
    known = sent & {message.id for message in messages}
    for message in messages:
        if message.id not in known:
            known |= {message.id}
            yield ServerSentEvent(raw_data=message.data, event=message.event, id=",".join(sorted(known)))
