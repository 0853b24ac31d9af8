"""`hotline flows simulate NAME --json`: a flow with one caller, as far as his answers go. What pages show step by step.

Nothing is kept between two steps: whoever asks tells all answers so far, and the caller is played from the beginning.
"""

from collections.abc import Mapping
from itertools import chain

from pydantic import ValidationError

from app.cli.flow_node import find_flow, languages, prompt_texts
from app.cli.flow_refusal import FlowRefused
from app.contract.flows import Question, Rehearsal, Simulation, Turn
from ivr_flows import model
from ivr_flows.picture import exit_label
from ivr_flows.simulate import USUAL, describe_end, go_through, keyed, looked_up
from ivr_flows.stepper import LANGUAGE, Step

FAILURES = ("unknown", "timeout", "failed")


class NotAnswered(Exception):
    """The answers are used up, and the flow asks this."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.node)
        self.question = question


def rehearse(name: str, text: str) -> Simulation:
    """As far as it goes. Raises FlowRefused."""
    try:
        rehearsal = Rehearsal.model_validate_json(text)
    except ValidationError as error:
        raise FlowRefused("no-rehearsal", f"this is no Rehearsal: {error}") from error
    flows, name = find_flow(name, rehearsal.version)
    caller = Caller(name, rehearsal)
    known = {key: value for key, value in rehearsal.values.items() if key not in USUAL and not key.startswith("flag.")}
    try:
        end = go_through(flows, name, known, caller, caller.watch)
    except NotAnswered as stop:
        return Simulation(turns=caller.turns, question=stop.question)
    said = describe_end(end) if end else ""
    return Simulation(turns=[*caller.turns, Turn(what="end", text=said)] if end else caller.turns, end=said)


class Caller:
    """Answers as told, and remembers what happened."""

    def __init__(self, flow: str, rehearsal: Rehearsal) -> None:
        self.turns: list[Turn] = []
        self._flow, self._values = flow, rehearsal.values
        self._answers = iter(rehearsal.answers)
        self._texts: dict[str, Mapping[str, str]] = {language: prompt_texts(language) for language in languages()}
        self._node, self._language = "", "zh"

    def watch(self, step: Step) -> None:
        """Where the caller is now, and how he came there."""
        for move in step.moves:
            self._tell("went", exit_label(move.exit), node=self._place(move.flow, move.node))
        self._node = self._place(step.state.flow, step.state.node)
        self._language = step.state.value(LANGUAGE)

    def __call__(self, effect: model.Effect) -> model.Answer:
        match effect:
            case model.PlayPrompt() | model.Say():
                self._hear(effect.items if isinstance(effect, model.Say) else (effect.prompt,))
                return model.Played()
            case model.CollectDigits(items):
                self._hear(items)
                return self._key(effect)
            case model.Record(items):
                self._hear(items)
                return self._record()
            case model.LookUp(kind, arguments):
                return self._look_up(kind, arguments)
            case model.Observe(names):
                return self._observe(names)
        self._tell("kept", str(effect.score) if isinstance(effect, model.Rate) else getattr(effect, "number", ""))
        return model.Done()

    def _key(self, effect: model.CollectDigits) -> model.Keyed:
        keys = self._next(Question(
            kind="keys", node=self._node, max_digits=effect.max_digits, terminator=effect.terminator
        ))  # fmt: skip
        self._tell("answered", keys)
        return keyed(effect, keys)

    def _record(self) -> model.Recorded:
        said = self._next(Question(kind="record", node=self._node))
        self._tell("answered", said)
        if said == "kept":
            return model.Recorded("kept", "message.wav", 5)
        return model.Recorded("empty" if said == "empty" else "failed")

    def _look_up(self, kind: str, arguments: tuple[tuple[str, str], ...]) -> model.LookedUp:
        about = " ".join(chain([kind], (f"{name}={value}" for name, value in arguments if value)))
        said = self._next(Question(kind="lookup", node=self._node, about=about))
        self._tell("answered", f"{about}: {said}")
        word, *pairs = said.split() or ["unknown"]
        if word in FAILURES:
            return looked_up(kind, word)  # type: ignore[arg-type]  # one of them
        values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return looked_up(kind, {"is_known": "yes", **values} if kind == "caller" else values)

    def _observe(self, names: tuple[str, ...]) -> model.Observed:
        values = {name: self._values.get(name, USUAL.get(name, "off")) for name in names}
        self._tell("looked", ", ".join(f"{name} = {value or '-'}" for name, value in values.items()))
        return model.Observed(values)

    def _hear(self, prompts: tuple[str, ...]) -> None:
        if prompts:
            texts = self._texts.get(self._language, {})
            self._tell("heard", "".join(texts.get(one, f"〔{one}〕") for one in prompts), prompts=[*prompts])

    def _next(self, question: Question) -> str:
        try:
            return next(self._answers)
        except StopIteration:
            raise NotAnswered(question) from None

    def _place(self, flow: str, node: str) -> str:
        return node if flow == self._flow else f"{flow}/{node}"

    def _tell(self, what: str, text: str, *, node: str = "", prompts: list[str] | None = None) -> None:
        turn = {"what": what, "node": node or self._node, "text": text, "prompts": prompts or []}
        self.turns.append(Turn.model_validate({**turn, "language": self._language}))
