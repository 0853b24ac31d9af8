"""Why a command of `hotline flows` changed nothing: words for the terminal, a code for pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.cli.console import StepFailed

if TYPE_CHECKING:
    from app.contract.flows import Refusal
    from ivr_flows.yaml_source import Problem


class FlowRefused(StepFailed):
    """`code` and `values` stay the same whatever the words are."""

    def __init__(
        self, code: str, message: str, remedy: str = "", *, problems: Sequence["Problem"] = (), **values: object
    ) -> None:
        super().__init__(message, remedy)
        self.code, self.problems = code, problems
        self.values = {name: str(value) for name, value in values.items()}


def told(failure: StepFailed) -> "Refusal":
    """As JSON tells it; what has no code of its own is `step-failed`."""
    from app.contract.flows import Problem, Refusal  # noqa: PLC0415 - help is instant

    if not isinstance(failure, FlowRefused):
        return Refusal(refused="step-failed", message=str(failure), remedy=failure.remedy)
    problems = [Problem(file=one.file, line=one.line, message=one.message) for one in failure.problems]
    return Refusal(
        refused=failure.code, message=str(failure), remedy=failure.remedy, values=failure.values, problems=problems
    )
