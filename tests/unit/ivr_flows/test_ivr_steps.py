"""Python steps: what data cannot say, and what happens when one breaks."""

from collections.abc import Iterator, Mapping

import pytest

from ivr_flows.flow import Flow
from ivr_flows.nodes import PythonNode, QueueNode
from ivr_flows.simulate import Case, play
from ivr_flows.steps import STEPS, python_step

CALLABLE = STEPS["callable-number"]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("13800005678", "mobile"),
        ("013800005678", "mobile"),
        ("+8613800005678", "mobile"),
        ("008613800005678", "mobile"),
        ("03752345678", "landline"),
        ("2345678", "landline"),
        ("12345", "unusable"),
        ("110", "unusable"),
        ("", "unusable"),
        ("1380000567x", "unusable"),
    ],
)
def test_a_number_can_be_called_back_or_not(number: str, outcome: str) -> None:
    assert CALLABLE.run({"number": number})[0] == outcome


def test_a_mobile_is_called_without_the_prefixes_of_other_exchanges() -> None:
    assert CALLABLE.run({"number": "+86013800005678"})[1] == {
        "caller.number": "13800005678",
        "caller.last-four": "5678",
    }


@pytest.fixture
def broken_steps() -> Iterator[None]:
    @python_step("test-breaks", "fine")
    def breaks(values: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        raise ZeroDivisionError

    @python_step("test-lies", "fine")
    def lies(values: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        return "splendid", {"line": "110"}

    yield
    del STEPS["test-breaks"], STEPS["test-lies"]


@pytest.mark.usefixtures("broken_steps")
@pytest.mark.parametrize("step", ["test-breaks", "test-lies"])
def test_a_step_that_breaks_or_lies_leaves_by_failed(step: str) -> None:
    nodes = {
        "go": PythonNode(step=step, cases={"fine": "wrong"}, failed="right"),
        "wrong": QueueNode(queue="wrong"),
        "right": QueueNode(queue="right"),
    }

    assert play({"f": Flow(flow="f", title="t", start="go", nodes=nodes)}, "f", Case()).end == "queue right"


@pytest.mark.usefixtures("broken_steps")
def test_two_steps_of_one_name_are_refused_at_import() -> None:
    with pytest.raises(TypeError, match="two python steps are called 'test-lies'"):
        python_step("test-lies", "fine")(lambda values: ("fine", {}))
