"""Every fault of a site plan is told exactly: file, path, what is wrong, what to do."""

from pathlib import Path

import pytest

from app.contract.env import PROJECT
from dialplan.plan_file import SitePlanFault, load_plan, parse_plan
from dialplan.seat_range import expand

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken_sites").glob("*.yaml"))
SMALL = (HERE / "small.yaml").read_text(encoding="utf-8")


def expected_faults(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith(f"# {file.name}: ")]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_site_plan_is_explained(file: Path) -> None:
    text = "".join(line for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line[0] != "#")

    with pytest.raises(SitePlanFault) as fault:
        parse_plan(text, name=file.name)

    assert fault.value.faults == expected_faults(file)


def test_every_broken_site_plan_says_what_it_expects() -> None:
    assert len(BROKEN) >= 60
    assert all(expected_faults(file) for file in BROKEN)


@pytest.mark.parametrize("name", ["demo", "test", "bench"])
def test_our_own_site_plans_hold_together(name: str) -> None:
    plan = load_plan(PROJECT / f"dialplan/sites/{name}.yaml")

    assert plan.name == name
    assert all(plan.queues_of(agent) for agent in plan.agents)


def test_an_agent_serves_every_queue_whose_skills_he_has_and_the_weakest_skill_counts() -> None:
    plan = load_plan(PROJECT / "dialplan/sites/demo.yaml")
    by_name = {agent.username: plan.queues_of(agent) for agent in plan.agents}

    assert by_name == {
        "1001": {"common": 0, "consumer": 1},
        "1002": {"common": 0, "supervisors": 0},
        "1003": {"common": 1, "consumer": 1, "leaders": 0},
    }


def test_a_range_of_agents_fills_a_range_of_seats() -> None:
    plan = load_plan(PROJECT / "dialplan/sites/bench.yaml")

    assert [(agent.username, agent.seat) for agent in (plan.agents[0], plan.agents[-1])] == [
        ("1001", "8001"),
        ("1200", "8200"),
    ]


def test_a_range_keeps_leading_zeros() -> None:
    assert expand("0098-0101") == ["0098", "0099", "0100", "0101"]


@pytest.mark.parametrize(("text", "reason"), [("1-10", "same number of digits"), ("0000-9999", "more than 5000")])
def test_a_range_that_makes_no_sense_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        expand(text)


def test_a_name_with_a_newline_at_its_end_is_refused() -> None:
    with pytest.raises(SitePlanFault, match="Use only the allowed characters"):
        parse_plan(SMALL.replace("{name: carrier", '{name: "carrier\\n"'), name="small.yaml")


def test_a_plan_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SitePlanFault, match=r"nowhere\.yaml: cannot be read .* Check HOTLINE_SITE_PLAN"):
        load_plan(tmp_path / "nowhere.yaml")


def test_a_plan_in_another_encoding_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gbk.yaml"
    file.write_bytes(SMALL.encode("gbk"))

    with pytest.raises(SitePlanFault, match="is not UTF-8"):
        load_plan(file)


def test_a_bottomless_plan_is_a_fault_and_ends_no_process() -> None:
    with pytest.raises(SitePlanFault, match="nested more than 100 deep"):
        parse_plan("a: " + "[" * 200_000, name="plan.yaml")
