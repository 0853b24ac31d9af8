"""Python steps: registered pure functions for what a flow's data cannot say. A flow names them in a `python` node."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

StepFunction = Callable[[Mapping[str, str]], tuple[str, Mapping[str, str]]]
"""What is known in; an outcome and new values out. No I/O, clock or randomness."""


@dataclass(frozen=True, slots=True)
class PythonStep:
    """A registered function, the outcomes it may have, and the values it reads and tells."""

    function: StepFunction
    outcomes: tuple[str, ...]
    reads: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()

    def run(self, values: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """Outcome and new values; an empty outcome when the function broke or told an outcome it has not."""
        try:
            outcome, told = self.function(values)
        except Exception:  # a step is foreign code in the middle of a call: the flow has an exit for that
            return "", {}
        return (outcome, told) if outcome in self.outcomes else ("", {})


STEPS: dict[str, PythonStep] = {}


def python_step(
    name: str, *outcomes: str, reads: tuple[str, ...] = (), saves: tuple[str, ...] = ()
) -> Callable[[StepFunction], StepFunction]:
    """Register a function under the name that flows use."""

    def register(function: StepFunction) -> StepFunction:
        if name in STEPS:
            raise TypeError(f"two python steps are called '{name}'")
        STEPS[name] = PythonStep(function, outcomes, reads, saves)
        return function

    return register


@python_step(
    "callable-number", "mobile", "landline", "unusable", reads=("number",), saves=("caller.number", "caller.last-four")
)
def callable_number(values: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Can the number that called be called back, and what are its last four digits to say aloud?"""
    number = re.sub(r"^(\+86|0086)", "", values.get("number", ""))
    told = {"caller.number": number, "caller.last-four": number[-4:]}
    if re.fullmatch(r"0?1[3-9]\d{9}", number):
        return "mobile", {**told, "caller.number": number.removeprefix("0")}
    if re.fullmatch(r"0\d{2,3}[2-8]\d{6,7}|[2-8]\d{6,7}", number):
        return "landline", told
    return "unusable", {}
