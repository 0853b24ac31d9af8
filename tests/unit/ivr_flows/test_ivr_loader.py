"""What the loader and the validator say of good and broken flow files."""

from pathlib import Path

import pytest

from ivr_flows.loader import FLOWS, FlowInvalid, load_flow, read_flow, read_flows
from ivr_flows.nodes import KINDS, Node, QueueNode
from ivr_flows.prompts import load_prompts
from ivr_flows.say import LANGUAGES
from ivr_flows.validator import Known

BROKEN = sorted((Path(__file__).parent / "broken_flows").glob("*.yaml"))
KNOWN = Known(
    {"zh": {"greeting", "overflow", "long-wait", "chinese-only"}, "en": {"greeting"}},
    flows={},
    queues={"common", "consumer"},
    targets={"110"},
)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_flow_is_refused_with_its_exact_problems(file: Path) -> None:
    _, problems = read_flow(file, KNOWN)

    assert [str(problem) for problem in problems] == file.with_suffix(".expected").read_text().splitlines()


LIBRARIES = sorted((Path(__file__).parent / "broken_libraries").iterdir())


@pytest.mark.parametrize("folder", LIBRARIES, ids=lambda folder: folder.name)
def test_flows_that_do_not_fit_each_other_are_refused(folder: Path) -> None:
    _, problems = read_flows(sorted(folder.glob("*.yaml")), KNOWN)

    assert [str(problem) for problem in problems] == (folder / "expected").read_text().splitlines()


def test_every_flow_we_ship_is_valid() -> None:
    files = sorted(FLOWS.glob("*.yaml"))
    prompts = {language: load_prompts(language) for language in LANGUAGES}

    flows, problems = read_flows(files, Known(prompts, queues={"common"}, targets={"110", "119", "120", "122"}))

    assert problems == []
    assert flows.keys() == {file.stem for file in files}


def test_loading_a_broken_flow_raises_its_problems() -> None:
    file = next(file for file in BROKEN if file.stem == "dangling-exit")

    with pytest.raises(FlowInvalid, match="leads to 'nowhere', which is not a node"):
        load_flow(file)


def test_a_file_that_is_not_there_is_a_problem_too(tmp_path: Path) -> None:
    flow, problems = read_flow(tmp_path / "gone.yaml")

    assert flow is None
    assert [str(problem) for problem in problems] == ["gone.yaml: cannot be read: No such file or directory"]


def test_a_file_of_a_megabyte_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_text("# " + "x" * 1_000_000)

    assert "is too large" in str(read_flow(file)[1][0])


def test_a_reason_opens_the_gate_on_12345(tmp_path: Path) -> None:
    gate = next(file for file in BROKEN if file.stem == "gate-on-12345")
    file = tmp_path / gate.name
    file.write_text(gate.read_text() + "gate_reason: trial of the city council, until the end of May\n")

    assert read_flow(file, KNOWN)[1] == []


def test_figures_and_yes_stay_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(
        "flow: plain\ntitle: 012\nlines: [12345, 010]\nstart: a\nunrecorded_reason: no recorder here\n"
        "nodes:\n  a: {kind: branch, on: is_known, cases: {yes: b}, otherwise: b}\n  b: {kind: queue, queue: '7'}\n"
    )

    flow = load_flow(file)

    assert (flow.title, flow.lines) == ("012", ["12345", "010"])
    assert flow.nodes["a"].exits() == {"cases.yes": "b", "otherwise": "b"}


def test_a_new_kind_of_node_is_one_class(tmp_path: Path) -> None:
    class VipNode(QueueNode):
        kind = "test-vip"

    try:
        file = tmp_path / "vip.yaml"
        file.write_text(
            "flow: vip\ntitle: t\nunrecorded_reason: a test\nstart: a\nnodes:\n  a: {kind: test-vip, queue: x}\n"
        )
        assert isinstance(load_flow(file).nodes["a"], VipNode)
    finally:
        del KINDS["test-vip"]


def test_two_kinds_of_one_name_are_refused_at_import() -> None:
    with pytest.raises(TypeError, match="two kinds of node are called 'play'"):
        type("OtherPlay", (Node,), {"kind": "play", "__module__": __name__})
