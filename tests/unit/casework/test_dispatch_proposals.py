"""Why this unit: territory first, then line department; first receiver leads; a subject rule overrides; recusal."""

import csv
from collections.abc import Callable
from datetime import date

import pytest

from app.casework.proposal import Matter, Proposal, is_barred, propose
from app.catalogue.models import DispatchRule, Unit
from app.contract.env import PROJECT

DAY = date(2026, 11, 23)
REFERENCE = PROJECT / "sql" / "reference"
Ask = Callable[..., Proposal]


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((REFERENCE / name).read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def units() -> dict[str, Unit]:
    """The units that come with the product."""
    return {
        row["code"]: Unit(
            **{**row, "level": int(row["level"]), "parent_code": row["parent_code"] or None,
               "substitute_code": None, "is_active": True}
        )
        for row in _rows("units.csv")
    }  # fmt: skip


@pytest.fixture
def rules() -> list[DispatchRule]:
    """The catalogue that comes with the product."""
    return [
        DispatchRule(
            code=row["code"], subject_code=row["subject_code"] or None, region_code=row["region_code"] or None,
            lead_unit_code=row["lead_unit_code"], supporting_unit_codes=row["supporting_unit_codes"],
            overrides_territory=row["overrides_territory"] == "1", not_to_grass_roots=row["not_to_grass_roots"] == "1",
            priority=0, status="active", note=row["note"],
        )
        for row in _rows("dispatch_rules.csv")
    ]  # fmt: skip


@pytest.fixture
def ask(units: dict[str, Unit], rules: list[DispatchRule]) -> Ask:
    def ask(subject: str | None, region: str | None, **past: object) -> Proposal:
        return propose(Matter(subject, region, **past), units, rules, DAY)  # type: ignore[arg-type]

    return ask


def titles(proposal: Proposal) -> list[str]:
    return [step.title for step in proposal.steps]


def lead(proposal: Proposal) -> str:
    assert proposal.lead is not None
    return proposal.lead.code


def test_the_territory_leads_and_the_line_department_supports(ask: Ask) -> None:
    found = ask("020301", "410421")
    assert lead(found) == "410421-zhengfu"
    assert [unit.code for unit in found.supporting] == ["410400-chengguan"]
    assert titles(found) == ["属地优先", "行业协办"]


def test_an_exact_place_goes_to_the_township_unless_the_rule_forbids(ask: Ask) -> None:
    assert lead(ask("020301", "410421101")) == "410421101-zhengfu"
    spared = ask("050101", "410421101")
    assert lead(spared) == "410421-zhengfu"
    assert "不下压基层" in titles(spared)


def test_a_subject_rule_overrides_the_territory(ask: Ask) -> None:
    found = ask("030101", "410421101")
    assert lead(found) == "410400-gongshui"
    assert titles(found)[0] == "专项规则"


def test_the_more_exact_subject_wins(ask: Ask) -> None:
    assert lead(ask("110601", "410402")) == "410400-ranqi"
    assert lead(ask("110401", "410402")) == "410402-zhengfu"


def test_the_first_receiver_stays_lead_until_its_return_is_agreed(ask: Ask) -> None:
    assert lead(ask("030101", "410421", first_receiver="410421-zhengfu")) == "410421-zhengfu"
    again = ask("020301", "410421", first_receiver="410421-zhengfu", returned_by=frozenset({"410421-zhengfu"}))
    assert lead(again) == "410400-chengguan"


def test_it_never_goes_to_the_unit_complained_of_nor_below_it(ask: Ask, units: dict[str, Unit]) -> None:
    found = ask("020301", "410421101", complained_unit_code="410421-zhengfu")
    assert lead(found) == "410400-zhengfu"
    assert "回避" in titles(found)
    assert is_barred(units["410421101-zhengfu"], "410421-zhengfu", units)
    assert not is_barred(units["410422-zhengfu"], "410421-zhengfu", units)
    assert "410400-chengguan" not in [
        unit.code for unit in ask("020301", "410421", complained_unit_code="410400-chengguan").supporting
    ]


def test_a_dissolved_unit_is_replaced_by_its_substitute(ask: Ask, units: dict[str, Unit]) -> None:
    units["410421-zhengfu"].is_active = False
    units["410421-zhengfu"].substitute_code = "410422-zhengfu"
    found = ask("020301", "410421")
    assert lead(found) == "410422-zhengfu"
    assert "单位停用" in titles(found)


def test_two_dissolved_units_that_replace_each_other_end_nowhere(ask: Ask, units: dict[str, Unit]) -> None:
    for one, other in (("410421-zhengfu", "410422-zhengfu"), ("410422-zhengfu", "410421-zhengfu")):
        units[one].is_active, units[one].substitute_code = False, other
    assert ask("020301", "410421").lead is None


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "status"),
    [(date(2026, 12, 1), None, "active"), (None, date(2026, 11, 22), "active"), (None, None, "candidate")],
)
def test_a_rule_that_does_not_hold_today_is_passed_over(
    ask: Ask, rules: list[DispatchRule], valid_from: date | None, valid_until: date | None, status: str
) -> None:
    rule = next(rule for rule in rules if rule.code == "s030100")
    rule.valid_from, rule.valid_until, rule.status = valid_from, valid_until, status
    assert lead(ask("030101", "410421")) == "410421-zhengfu"


def test_without_place_and_rule_nobody_is_proposed_and_the_trace_says_so(ask: Ask) -> None:
    found = ask(None, None)
    assert found.lead is None
    assert titles(found) == ["无法建议"]


def test_every_subject_in_every_county_has_a_lead_with_a_reason(ask: Ask) -> None:
    counties = [row["code"] for row in _rows("regions.csv") if row["parent_code"] == "410400"]
    for subject in [row["code"] for row in _rows("subjects.csv") if row["level"] == "3"]:
        for county in counties:
            assert ask(subject, county).lead is not None, (subject, county)
