"""A switch in memory: passes the contract tests of the real connection."""

from collections.abc import Callable, Mapping

from ami_bridge.frames import check_values
from ami_bridge.switch import Answered, Headers, Listener, SwitchRefused, SwitchTimeout, SwitchUnavailable


class FakeSwitch:
    """`answers` maps an action to what the switch says; no answer is a time-out. `asked` is what it was asked."""

    def __init__(self, listener: Listener = lambda _heard: None) -> None:
        self.answers: dict[str, Callable[[Headers], list[Headers]]] = {}
        self.asked: list[Headers] = []
        self.is_connected = True
        self.listener = listener

    async def call(
        self, action: str, headers: Mapping[str, str], *, timeout_seconds: float = 5.0, is_list: bool = False
    ) -> list[Headers]:
        check_values(action, headers)
        if not self.is_connected:
            raise SwitchUnavailable("not connected to Asterisk")
        self.asked.append({"Action": action, **headers})
        if action not in self.answers:
            raise SwitchTimeout(f"{action}: no answer within {timeout_seconds} s")
        messages = self.answers[action](self.asked[-1])
        if messages[0].get("Response") == "Error":
            raise SwitchRefused(messages[0].get("Message", "refused"))
        return messages if is_list else messages[:1]

    async def ask_in_order(self, action: str, *, timeout_seconds: float = 30.0) -> None:
        messages = await self.call(action, {}, timeout_seconds=timeout_seconds, is_list=True)
        self.listener(Answered(action, messages))
