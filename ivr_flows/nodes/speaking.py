"""Nodes that only speak: play, say."""

from collections.abc import Mapping

from typing_extensions import override

from ivr_flows.model import Answer, Effect, FlowState, Goto, PlayPrompt, Say
from ivr_flows.nodes.items import Items, named_prompts, read_values, speech
from ivr_flows.nodes.kind import Name, Node


class PlayNode(Node):
    """Speak a prompt. `is_recording_notice`: recording may start once it was heard. `is_skippable`: any key ends it."""

    kind = "play"
    prompt: Name
    is_recording_notice: bool = False
    is_skippable: bool = False
    next: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}

    @override
    def prompts(self) -> tuple[str, ...]:
        return (self.prompt,)

    @override
    def problems(self) -> list[str]:
        if self.is_recording_notice and self.is_skippable:
            return ["the recording notice must be heard whole: it cannot be skippable"]
        return []

    @override
    def enter(self, state: FlowState) -> Effect:
        return PlayPrompt(self.prompt, self.is_recording_notice, self.is_skippable)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        return Goto("next", state)


class SayNode(Node):
    """Speak a sentence of prompts and values: `items: [ahead-of-you, {number: waiting}, callers]`."""

    kind = "say"
    items: Items
    is_skippable: bool = False
    next: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}

    @override
    def prompts(self) -> tuple[str, ...]:
        return named_prompts(self.items)

    @override
    def reads(self) -> tuple[str, ...]:
        return read_values(self.items)

    @override
    def enter(self, state: FlowState) -> Effect | Goto:
        prompts = speech(self.items, state)
        return Say(prompts, self.is_skippable) if prompts else Goto("next", state)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        return Goto("next", state)
