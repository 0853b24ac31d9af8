"""What level a region has follows from its code."""

import pytest

from app.catalogue.regions import level_of
from app.contract.env import PROJECT


@pytest.mark.parametrize(
    ("code", "level"), [("410000", 1), ("410400", 2), ("410482", 3), ("410421101", 4), ("410421101201", 5)]
)
def test_the_level_is_that_of_the_code(code: str, level: int) -> None:
    assert level_of(code) == level


def test_the_shipped_regions_agree() -> None:
    rows = (PROJECT / "sql/reference/regions.csv").read_text(encoding="utf-8").splitlines()[1:]

    assert [row for row in rows if level_of(row.split(",")[0]) != int(row.split(",")[3])] == []
