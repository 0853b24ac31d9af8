"""README's table of settings is what the classes say."""

import pytest

from app.cli.settings_table import DOCUMENTS, list_settings, markdown, replace_table
from app.contract.env import PROJECT


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_readme_lists_the_settings_as_they_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_HOME", raising=False)
    text = (PROJECT / name).read_text(encoding="utf-8")

    assert replace_table(text, list_settings()) == text, "run: .venv/bin/hotline settings --readme"


def test_every_setting_stands_once_with_its_meaning() -> None:
    rows = list_settings()

    assert len({row.name for row in rows}) == len(rows)
    assert [row.name for row in rows if not row.description] == []


def test_no_secret_has_a_default() -> None:
    secret = {row.name: row.default for row in list_settings() if row.name.endswith(("_SECRET", "_TOKEN", "_PASSWORD"))}

    assert set(secret.values()) == {"generated"}


def test_no_default_names_a_folder_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_HOME", raising=False)

    text = markdown(list_settings())

    assert str(PROJECT) not in text


def test_one_name_means_one_thing_to_all_who_read_it() -> None:
    web_port = next(row for row in list_settings() if row.name == "HOTLINE_WEB_PORT")

    assert (web_port.default, web_port.readers) == ("8012", "web, facts, worker, hotline")
