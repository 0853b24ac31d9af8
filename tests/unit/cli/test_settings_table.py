"""README's settings table."""

import pytest

from app.cli.settings_table import READERS, documents, replace_table, settings_table
from app.contract.env import PROJECT


@pytest.mark.parametrize("name", list(documents()))
def test_the_readme_lists_the_settings_as_they_are(name: str) -> None:
    text = (PROJECT / name).read_text()

    assert replace_table(text) == text, "run: .venv/bin/hotline settings --readme"


def test_every_setting_has_a_row_and_says_what_it_is() -> None:
    table = settings_table()

    for settings in READERS.values():
        for name, field in settings.model_fields.items():
            assert f"`HOTLINE_{name.upper()}`" in table
            assert field.description


def test_no_secret_has_a_default_in_the_table() -> None:
    secrets = [line for line in settings_table().splitlines() if "SECRET" in line or "TOKEN" in line]

    assert secrets
    assert all("| generated |" in line for line in secrets)
