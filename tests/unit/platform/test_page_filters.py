"""What templates show: Shanghai time, spoken durations, masked numbers, addresses that change with the content."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.platform.pages import (
    VENDOR_FILES,
    content_hash,
    duration_ms,
    duration_seconds,
    make_environment,
    shanghai,
    static_file,
    static_url,
)


def test_a_moment_is_shown_as_shanghais_clock_has_it() -> None:
    assert shanghai(datetime(2026, 11, 22, 16, 30, 5, tzinfo=UTC)) == "2026-11-23 00:30:05"
    assert shanghai(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "—"), (0, "0秒"), (47, "47秒"), (60, "1分00秒"), (185, "3分05秒"), (3725, "1小时02分")],
)
def test_durations_read_as_people_say_them(seconds: float | None, shown: str) -> None:
    assert duration_seconds(seconds) == shown


@pytest.mark.parametrize(("milliseconds", "shown"), [(None, "—"), (0, "0.0秒"), (1540, "1.5秒"), (75_000, "1分15秒")])
def test_short_durations_keep_a_decimal(milliseconds: float | None, shown: str) -> None:
    assert duration_ms(milliseconds) == shown


def test_templates_escape_what_citizens_say() -> None:
    page = make_environment().from_string("{{ said }} {{ number | masked }} {{ nobody | masked }}")

    assert page.render(said="<b>", number="13812345678", nobody=None) == "&lt;b&gt; 138****5678 匿名"


def test_a_static_address_changes_with_the_content(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a")
    before = content_hash(file)
    file.write_text("different")

    assert content_hash(file) != before


def test_a_static_address_names_the_file_of_its_slice() -> None:
    assert static_url("platform/tokens.css").startswith("/static/platform/tokens.css?v=")


def test_vendor_files_come_from_a_list() -> None:
    assert static_file("vendor/htmx.min.js").name == VENDOR_FILES["htmx.min.js"].rsplit("/", 1)[-1]
    with pytest.raises(FileNotFoundError):
        static_file("vendor/../package.json")


def test_every_template_can_be_read() -> None:
    environment = make_environment()

    assert [environment.get_template(name) for name in environment.list_templates() if name.endswith(".html")]
