"""A case store of one thread and no database: answers the three calls of telephony, and keeps what it was told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeStore:
    """`card` is the lookup's answer; `lookup_delay_seconds` makes it slow, `status` makes every answer an error."""

    card: dict[str, Any] = field(default_factory=dict)
    lookup_delay_seconds: float = 0.0
    status: int = 200
    port: int = 0
    lookups: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["FakeStore"]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                store.tokens.add(self.headers["Authorization"])
                self.answer({"node": "node1.agi", "cursor": max((e["seq"] for e in store.events), default=0)})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path.endswith("/lookup"):
                    store.lookups.append(body)
                    time.sleep(store.lookup_delay_seconds)
                    self.answer(store.card)
                else:
                    store.events.extend(body["events"])
                    cursor = max((e["seq"] for e in store.events), default=0)
                    self.answer({"accepted": len(body["events"]), "duplicate": 0, "parked": 0, "cursor": cursor})

            def answer(self, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(store.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
