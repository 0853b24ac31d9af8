"""Adapters that take messages: a gateway over HTTP, or a file where none is connected.

Both are handed the message's key: a gateway sends a key once, because a lease may run out while it is being sent.
"""

import json
import os
from pathlib import Path
from typing import Protocol

import httpx

from app.outbox.models import OutboxMessage
from app.platform.settings import Settings

ANSWER_TIMEOUT_SECONDS = 10.0
FILE = "outbox/sms.jsonl"


class SendFailed(Exception):
    """The message was not taken; trying again later may help. Its text holds no number."""


class Sender(Protocol):
    def send(self, message: OutboxMessage) -> None:
        """Hand the message over. SendFailed."""
        ...


class FileSender:
    """Appends each message as a line of JSON, for a gateway that reads files, and for a trial."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, message: OutboxMessage) -> None:
        line = json.dumps(_told(message), ensure_ascii=False) + "\n"
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise SendFailed(type(error).__name__) from error


class GatewaySender:
    """Posts each message as JSON with a bearer token; any answer 2xx means taken."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url, self._token, self._transport = url, token, transport

    def send(self, message: OutboxMessage) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": message.key}
        try:
            with httpx.Client(timeout=ANSWER_TIMEOUT_SECONDS, trust_env=False, transport=self._transport) as client:
                answer = client.post(self._url, json=_told(message), headers=headers)
        except httpx.HTTPError as error:
            raise SendFailed(type(error).__name__) from error
        if not answer.is_success:
            raise SendFailed(f"HTTP {answer.status_code}")


def _told(message: OutboxMessage) -> dict[str, str]:
    return {"key": message.key, "channel": message.channel, "to": message.recipient, "text": message.text}


def make_sender(settings: Settings) -> Sender:
    """The adapter that the settings name."""
    if settings.sms_gateway_url:
        return GatewaySender(settings.sms_gateway_url, settings.sms_gateway_token.get_secret_value())
    return FileSender(settings.home / FILE)
