"""The control socket of an Asterisk: answers console commands as it is told, and nothing to the others."""

import contextlib
import socket
import threading
from collections.abc import Mapping
from pathlib import Path


class AsteriskConsole:
    """`with AsteriskConsole(home, {"reload": "Unable"}):` a command that holds a key gets its answer."""

    def __init__(self, asterisk_home: Path, answers: Mapping[str, str]) -> None:
        self._file = asterisk_home / "run/asterisk.ctl"
        self._answers = dict(answers)
        self.asked: list[str] = []

    def __enter__(self) -> "AsteriskConsole":
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._file))
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._file.unlink()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.sendall(b"node/1/22.10.1\n")
                command = caller.recv(4096).decode().strip("\0").removeprefix("cli quit after ")
                if command:
                    self.asked.append(command)
                    caller.sendall(next((text for part, text in self._answers.items() if part in command), "").encode())
