"""A FastAGI server that does exactly what a test tells it, also what a sane one never would."""

import socket
import threading
from collections.abc import Sequence

HANG = "hang"
DIE = "die"


class AgiScript:
    """`with AgiScript(port, ["SET VARIABLE …", DIE]) as server:` plays the same script to each caller."""

    def __init__(self, port: int, script: Sequence[str]) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.script, self.calls = script, 0
        self.connections: list[socket.socket] = []

    def __enter__(self) -> "AgiScript":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        for open_socket in (self.listener, *self.connections):
            open_socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed by the test
            self.calls += 1
            self.connections.append(connection)
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            while lines.readline().strip():
                pass  # the environment
            for command in self.script:
                if command == HANG:
                    lines.read()  # says nothing and keeps the line open until Asterisk closes it
                    return
                if command == DIE:
                    break
                connection.sendall(command.encode() + b"\n")
                lines.readline()
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
