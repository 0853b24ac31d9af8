"""The other end of a FastAGI connection, as res_agi.c behaves: quoting, dead channels, HANGUP, result codes."""

import asyncio
import re
import shlex

from tests.fakes.agi_call import CallScript

PREFIX = "hotline/"
DEAD_COMMANDS = ("SET VARIABLE", "GET VARIABLE", "GET FULL VARIABLE", "EXEC", "NOOP", "VERBOSE", "DATABASE")


class FakeAsterisk:
    """Plays one call to a FastAGI server over a real socket."""

    def __init__(self, call: CallScript) -> None:
        self.call = call
        self.commands: list[str] = []
        self._is_hangup_told = False
        self._dialled: list[str] = []

    async def dial(self, port: int) -> None:
        """Connect, send the environment, answer commands until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        environment = {
            "agi_network": "yes",
            "agi_network_script": self.call.script,
            "agi_request": f"agi://127.0.0.1:{port}/{self.call.script}",
            "agi_uniqueid": self.call.uniqueid,
            "agi_callerid": "13800005678",
        }
        writer.write("".join(f"{key}: {value}\n" for key, value in environment.items()).encode() + b"\n")
        while line := await reader.readline():
            command = line.decode().rstrip("\n")
            self.commands.append(command)
            writer.write(self.reply(command).encode())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    def reply(self, command: str) -> str:
        was_up = not self.call.has_hung_up
        if self.call.has_hung_up and not command.startswith(DEAD_COMMANDS):
            return "511 Command Not Permitted on a dead channel or intercept routine\n"
        reply = self._run(command) + "\n"
        if self.call.has_hung_up and not self._is_hangup_told:
            self._is_hangup_told = True
            return reply + "HANGUP\n" if was_up else "HANGUP\n" + reply
        return reply

    def _run(self, command: str) -> str:
        words = shlex.split(command)
        match words:
            case ["SET", "VARIABLE", name, value]:
                self.call.variables[name] = value
                return "200 result=1"
            case ["GET", "VARIABLE", name]:
                value = self.call.variables.get(name)
                return "200 result=0" if value is None else f"200 result=1 ({value})"
            case ["GET", "FULL", "VARIABLE", expression]:
                value = re.sub(r"\$\{(\w+(?:\([^)]*\))?)\}", lambda m: self.call.variables.get(m[1], ""), expression)
                return f"200 result=1 ({value})"
            case ["EXEC", "MSet", pairs]:
                for pair in pairs.split(","):
                    name, _, value = pair.partition("=")
                    self.call.variables[name] = value
                return "200 result=0"
            case ["CHANNEL", "STATUS"]:
                return "200 result=6"
            case ["STREAM", "FILE", file, escape_digits, "0"]:
                return self._play(file.removeprefix(PREFIX)) or self._streamed(file.removeprefix(PREFIX), escape_digits)
            case ["WAIT", "FOR", "DIGIT", _]:
                if not self._dialled and self.call.keys:
                    self._dialled = list(self.call.keys.popleft())
                return f"200 result={ord(self._dialled.pop(0)) if self._dialled else 0}"
            case ["RECORD", "FILE", file, "wav", _, _, "0", _]:
                return self._record(file)
            case ["GET", "DATA", file, _, max_digits]:
                digits, is_timeout = self.call.answer_question(int(max_digits))
                played = self._play(file.removeprefix(PREFIX)) if file else None
                return played or f"200 result={digits}" + (" (timeout)" if is_timeout else "")
        return "510 Invalid or unknown command"

    def _streamed(self, prompt: str, escape_digits: str) -> str:
        key = self.call.skips.get(prompt, "")
        if key and key in escape_digits:
            return f"200 result={ord(key)} endpos=4000"
        return "200 result=0 endpos=83424"

    def _record(self, file: str) -> str:
        if not self.call.messages:
            return "200 result=-1 (writefile)"
        self.call.recorded.append(file)
        told_ms = self.call.messages.popleft()
        self.call.has_hung_up = told_ms < 0
        return (
            f"200 result=-1 (hangup) endpos={-told_ms * 8}"
            if told_ms < 0
            else f"200 result=35 (dtmf) endpos={told_ms * 8}"
        )

    def _play(self, prompt: str) -> str | None:
        if prompt in self.call.missing:
            return "200 result=-1 endpos=0"
        self.call.heard.append(prompt)
        if prompt == self.call.hangs_up_during:
            self.call.has_hung_up = True
            return "200 result=-1 endpos=4000"
        return None
