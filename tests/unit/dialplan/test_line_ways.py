"""Lines over time as the dialplan gets them: seconds of midnights in Shanghai, ways, numbers and what is spoken."""

from datetime import UTC, datetime

import pytest

from app.contract.env import PROJECT
from dialplan.line_prompts import line_prompts
from dialplan.line_way import NEVER, access_codes, dids_of, line_ways, numbers_of, numbers_of_lines
from dialplan.plan_file import load_plan, parse_plan
from dialplan.site_plan import SitePlan


@pytest.fixture(scope="module")
def demo() -> SitePlan:
    return load_plan(PROJECT / "dialplan/sites/demo.yaml")


def test_a_period_begins_at_midnight_in_shanghai(demo: SitePlan) -> None:
    labour = next(line for line in line_ways(demo) if line.number == "12333")

    assert [datetime.fromtimestamp(way.begins, UTC).isoformat() for way in labour.ways] == [
        "2020-12-13T16:00:00+00:00",
        "2026-12-31T16:00:00+00:00",
    ]
    assert [way.name for way in labour.ways] == ["out", "queue"]
    assert labour.newer == labour.ways[1:]


def test_a_period_before_1970_begins_at_the_beginning_of_time() -> None:
    text = (PROJECT / "dialplan/sites/demo.yaml").read_text(encoding="utf-8")
    old = parse_plan(text.replace("from: 2020-12-14, mode: cancelled", "from: 1949-10-01, mode: cancelled"), name="x")

    assert next(line for line in line_ways(old) if line.number == "12312").ways[0].begins == 0


@pytest.mark.parametrize(
    ("line", "way", "legs", "seconds"),
    [
        ("12345", "queue", [], 0),
        ("12315", "queue", [], 20),
        ("12328", "together", ["PJSIP/12328@transport"], 30),
        ("12329", "queue", [], 20),
        ("12333", "out", ["PJSIP/12333@labour"], 30),
        ("12348", "hotline_first", ["PJSIP/8009"], 15),
        ("12312", "intercept", [], 20),
        ("12369", "own_first", ["PJSIP/8010"], 15),
    ],
)
def test_each_mode_has_its_way(line: str, way: str, legs: list[str], seconds: int, demo: SitePlan) -> None:
    found = next(one for one in line_ways(demo) if one.number == line).ways[0]

    assert (found.name, found.legs, found.seconds) == (way, legs, seconds)


def test_a_line_may_be_named_with_area_code_country_code_or_an_old_number(demo: SitePlan) -> None:
    named = {one.number: one for one in numbers_of_lines(demo)}

    assert {number for number, one in named.items() if one.line == "12328"} == {"12328", "037512328", "8637512328"}
    assert named["12358"].line == "12315"
    assert datetime.fromtimestamp(named["12358"].since, UTC).isoformat() == "2019-03-31T16:00:00+00:00"
    assert named["12358"].until == NEVER
    assert "12345" not in named  # it says nothing about the line


def test_an_access_code_is_dialled_before_the_main_number_where_a_trunk_delivers_it(demo: SitePlan) -> None:
    carrier = next(trunk for trunk in demo.trunks if trunk.name == "carrier")

    assert [(code.number, code.line) for code in access_codes(demo, carrier)] == [("9612345", "12315")]


def test_a_probe_may_dial_every_number_of_the_plan(demo: SitePlan) -> None:
    probe = next(trunk for trunk in demo.trunks if trunk.kind == "probe")
    every = {did.number for trunk in demo.trunks for did in trunk.dids}

    assert {did.number for did in dids_of(demo, probe)} == every


def test_each_line_is_named_to_the_agent_and_a_number_given_up_to_the_citizen(demo: SitePlan) -> None:
    spoken = {prompt.name: prompt.spoken for prompt in line_prompts(demo)}

    assert spoken["whisper-12315"] == "幺二三幺五，转入"
    assert spoken["intercept-12312"] == "您拨打的幺二三幺二已并入一二三四五政务服务便民热线，正在为您转接。"
    assert "whisper-12345" not in spoken
    assert not any(digit in text for text in spoken.values() for digit in "0123456789")


@pytest.mark.parametrize(
    ("trunk", "number", "line", "rule"),
    [
        ("carrier", "12345", "12345", "main"),
        ("carrier", "12328", "12328", "dnis"),
        ("carrier", "9612345", "12315", "access_code"),
        ("market-bureau", "12345", "12315", "trunk"),
        ("market-bureau", "12315", "12315", "dnis"),
        ("transport", "12345", "12345", "main"),
    ],
)
def test_number_and_trunk_name_the_line_unless_a_diversion_does(
    trunk: str, number: str, line: str, rule: str, demo: SitePlan
) -> None:
    own = next(one for one in demo.trunks if one.name == trunk)

    assert [(one.line, one.rule) for one in numbers_of(demo, own) if one.number == number] == [(line, rule)]
