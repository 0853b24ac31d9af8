"""The file of classes: the shipped one holds; a wrong one deletes nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.privacy.retention import KEPT_FOR_GOOD, OWN, SHIPPED, RetentionFault, load_classes


def test_the_shipped_classes_hold(tmp_path: Path) -> None:
    classes = {one.code: one.keeps for one in load_classes(tmp_path)}

    assert {code for code, keeps in classes.items() if keeps is None} == KEPT_FOR_GOOD
    assert classes["recordings"] == timedelta(days=730.5)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("years: 2", "years: 0.01"), ("years: 2", "years: -1"), ("code: recordings", "code: secrets"),
        ("code: journals", "code: recordings"), ("basis: 公文档案", "days: 90\n    basis: 公文档案"),
        ("classes:", "groups:"),
        ("classes:", "classes: ["), ("years: 2", "years: soon"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path, before: str, after: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / OWN).write_text(text.replace(before, after, 1), encoding="utf-8")

    with pytest.raises(RetentionFault, match=r"retention\.yaml"):
        load_classes(tmp_path)


def test_an_installation_has_its_own_times(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("years: 2", "days: 90", 1)
    (tmp_path / OWN).write_text(text, encoding="utf-8")

    assert {one.code: one.keeps for one in load_classes(tmp_path)}["recordings"] == timedelta(days=90)
