"""Nodes that ask for keys: collect, choose, rate. Silence and wrong keys are asked again, then leave by their exits."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from ivr_flows.model import Answer, CollectDigits, Done, Effect, FlowState, Goto, Keyed, Rate, Stay
from ivr_flows.nodes.items import Items, named_prompts, read_values, speech
from ivr_flows.nodes.kind import Name, Node

Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]


class Question(Node):
    """What all questions share. `tries`: how often it is asked in all."""

    is_gate = True
    prompt: Items
    retry_prompt: Items | None = None
    timeout_seconds: float = Field(default=5, gt=0, le=30, description="silence after the prompt, and between keys")
    tries: int = Field(default=3, ge=1, le=5)
    is_barge_in: bool = True

    @override
    def prompts(self) -> tuple[str, ...]:
        return (*named_prompts(self.prompt), *named_prompts(self.retry_prompt or ()))

    @override
    def reads(self) -> tuple[str, ...]:
        return (*read_values(self.prompt), *read_values(self.retry_prompt or ()))

    @override
    def enter(self, state: FlowState) -> Effect:
        return self._ask(state, is_retry=False)

    def _ask(self, state: FlowState, *, is_retry: bool) -> CollectDigits:
        items = self.retry_prompt if is_retry and self.retry_prompt else self.prompt
        return CollectDigits(
            speech(items, state), self._max_digits(), round(self.timeout_seconds * 1000), self.is_barge_in,
            self._terminator(),
        )  # fmt: skip

    def _max_digits(self) -> int:
        return 1

    def _terminator(self) -> str:
        return ""

    def _ask_again(self, state: FlowState, last: Goto) -> Stay | Goto:
        """Once more, or out by `last` when it was asked often enough."""
        count = state.count() + 1
        if count < self.tries:
            return Stay(self._ask(state, is_retry=True), state.counted(count))
        return Goto(last.exit, last.state.counted(0))


class CollectNode(Question):
    """Ask for digits and keep them."""

    kind = "collect"
    save_as: Name
    max_digits: int = Field(default=1, ge=1, le=32)
    accept: str = Field(default="[0-9]+", max_length=100, description="what counts as an answer (regular expression)")
    terminator: Literal["#", "*", ""] = Field(default="#", description="the key that ends the digits; empty: none")
    next: Name
    silence: Name
    wrong_key: Name
    missing: ClassVar[Mapping[str, str]] = {
        "silence": "has no exit on silence",
        "wrong_key": "has no exit on a wrong key",
    }

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, "silence": self.silence, "wrong_key": self.wrong_key}

    @override
    def saves(self) -> tuple[str, ...]:
        return (f"answer.{self.save_as}",)

    @override
    def problems(self) -> list[str]:
        try:
            re.compile(self.accept)
        except re.error as error:
            return [f"'accept' is not a regular expression: {error}"]
        return []

    @override
    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        digits = answer.digits if isinstance(answer, Keyed) else ""
        if digits and re.fullmatch(self.accept, digits):
            return Goto("next", state.counted(0).keep(self.save_as, digits))
        return self._ask_again(state, Goto("wrong_key" if digits else "silence", state))

    @override
    def _max_digits(self) -> int:
        return self.max_digits

    @override
    def _terminator(self) -> str:
        return self.terminator


class ChooseNode(Question):
    """Ask for one key, and go where it leads. Every key of the telephone may be one: 0 to 9, * and #."""

    kind = "choose"
    keys: dict[Key, Name] = Field(min_length=1, max_length=12)
    save_as: Name | None = None
    silence: Name
    wrong_key: Name
    missing: ClassVar[Mapping[str, str]] = {
        "silence": "has no exit on silence",
        "wrong_key": "has no exit on a wrong key",
    }

    @override
    def exits(self) -> Mapping[str, str]:
        keys = {f"keys.{key}": node for key, node in self.keys.items()}
        return {**keys, "silence": self.silence, "wrong_key": self.wrong_key}

    @override
    def saves(self) -> tuple[str, ...]:
        return (f"answer.{self.save_as}",) if self.save_as else ()

    @override
    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        key = answer.digits[:1] if isinstance(answer, Keyed) else ""
        if key in self.keys:
            known = state.keep(self.save_as, key) if self.save_as else state
            return Goto(f"keys.{key}", known.counted(0))
        return self._ask_again(state, Goto("wrong_key" if key else "silence", state))


class RateNode(Question):
    """Ask how content the caller is; the key's score stands on the call. Who rates nothing leaves by `no_rating`."""

    kind = "rate"
    is_gate = False
    SAVED: ClassVar[str] = "rating"
    scores: dict[Key, Annotated[int, Field(ge=0, le=9)]] = Field(min_length=1, max_length=12)
    next: Name
    no_rating: Name
    missing: ClassVar[Mapping[str, str]] = {"no_rating": "has no exit for who rates nothing: 'no_rating'"}

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, "no_rating": self.no_rating}

    @override
    def saves(self) -> tuple[str, ...]:
        return (f"answer.{self.SAVED}",)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        if isinstance(answer, Done):
            return Goto("next", state)
        key = answer.digits[:1] if isinstance(answer, Keyed) else ""
        if key in self.scores:
            return Stay(Rate(self.scores[key]), state.keep(self.SAVED, key).counted(0))
        return self._ask_again(state, Goto("no_rating", state))
