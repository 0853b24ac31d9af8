"""An installation's own texts: what takes the shipped ones' place, and all that was ever changed."""

from pathlib import Path

import pytest

from ivr_flows.own_texts import Change, OwnTexts, TextRefused
from ivr_flows.prompts import SHIPPED, read_prompts, site_source


@pytest.fixture
def own(tmp_path: Path) -> OwnTexts:
    return OwnTexts(tmp_path / "prompts")


def change(key: str = "zh/greeting", text: str = "您好，请讲。", **more: object) -> Change:
    return Change(key, "2026-11-23T08:00:00+00:00", "ops1", "改名", more.pop("what", "text"), text, **more)  # type: ignore[arg-type]


def heard(tmp_path: Path, name: str = "greeting") -> str:
    prompts, problems = read_prompts("zh", (SHIPPED, site_source(tmp_path)))
    assert problems == []
    return prompts[name].spoken


def test_a_text_takes_the_shipped_ones_place_and_goes_again(tmp_path: Path, own: OwnTexts) -> None:
    shipped = heard(tmp_path)

    own.reword(change())
    assert heard(tmp_path) == "您好，请讲。"
    own.reword(change(text="", what="shipped"))

    assert heard(tmp_path) == shipped
    assert [(one.what, one.by, one.note) for one in own.history("zh/greeting")] == [
        ("shipped", "ops1", "改名"), ("text", "ops1", "改名"),
    ]  # fmt: skip
    assert own.history("zh/menu") == []


def test_a_prompt_of_ones_own_stands_beside_the_others(tmp_path: Path, own: OwnTexts) -> None:
    own.reword(change("zh/flood-notice", "汛期请按1", spoken="汛期请按一", is_slow=True))

    assert heard(tmp_path, "flood-notice") == "汛期请按一"
    assert read_prompts("zh", (site_source(tmp_path),))[0]["flood-notice"].is_slow


@pytest.mark.parametrize("text", ["yes", "12", "a: b # c", "『引号』\"'", "- 一", "~"])
def test_whatever_a_person_writes_is_read_again_as_it_was(tmp_path: Path, own: OwnTexts, text: str) -> None:
    own.reword(change(text=text, spoken="一"))

    assert read_prompts("zh", (site_source(tmp_path),))[0]["greeting"].text == text


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (change(text="请按1"), "text-refused"),
        (change(text=""), "text-refused"),
        (change(key="zh/../../etc"), "unknown-prompt"),
        (change(key="fr/greeting"), "unknown-prompt"),
        (change(key="greeting"), "unknown-prompt"),
        (change(text="", what="shipped"), "nothing-to-do"),
        (change(key="zh/by-hand"), "by-hand"),
    ],
)
def test_what_cannot_be_spoken_or_is_not_ours_is_refused(own: OwnTexts, one: Change, code: str) -> None:
    own.folder.mkdir()
    (own.folder / "zh.yaml").write_text("by-hand: {text: 手写}\n", encoding="utf-8")

    with pytest.raises(TextRefused) as refused:
        own.reword(one)

    assert refused.value.code == code
    assert own.history(one.key) == []


def test_the_same_text_again_is_no_change(own: OwnTexts) -> None:
    own.reword(change())

    with pytest.raises(TextRefused) as refused:
        own.reword(change())

    assert refused.value.code == "nothing-to-do"


def test_a_damaged_list_is_not_written_over(own: OwnTexts) -> None:
    own.folder.mkdir()
    (own.folder / "zh-edited.yaml").write_text("greeting: [", encoding="utf-8")

    with pytest.raises(TextRefused) as refused:
        own.reword(change())

    assert refused.value.code == "list-damaged"


def test_a_recording_takes_the_voices_place_and_goes_again(tmp_path: Path, own: OwnTexts) -> None:
    own.keep_recording(change(text="", what="recording", sha256="ab"), b"RIFF")
    assert read_prompts("zh", (SHIPPED, site_source(tmp_path)))[0]["greeting"].recording is not None

    own.drop_recording(change(text="", what="voice"))

    assert read_prompts("zh", (SHIPPED, site_source(tmp_path)))[0]["greeting"].recording is None
    with pytest.raises(TextRefused):
        own.drop_recording(change(text="", what="voice"))


def test_a_history_line_that_was_cut_off_is_left_out(own: OwnTexts) -> None:
    own.reword(change())
    with (own.folder / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "zh/greeting", "at"')

    assert len(own.history("zh/greeting")) == 1
