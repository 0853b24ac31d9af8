"""Pages speak Chinese: that of the commands, and what a command says in English stands behind 技术信息."""

import pytest

from app.contract.changes import (
    ApplyReport,
    ChangePlan,
    Fault,
    Outcome,
    Refusal,
    Step,
    StepName,
    StepOutcome,
)
from app.operations.wording import (
    UNKNOWN_FAULT,
    UNKNOWN_REFUSAL,
    UNKNOWN_TROUBLE,
    Said,
    tell_refusal,
    tell_report,
    tell_restarts,
    tell_step,
    translate,
)
from app.platform.pages import make_environment
from dialplan.changes.wording import MODES_ZH

MOON = "the moon is full"


def step(outcome: StepOutcome, detail: str, detail_zh: str = "") -> Step:
    return Step(name=StepName.VERIFY, outcome=outcome, detail=detail, detail_zh=detail_zh)


def test_what_a_command_says_in_chinese_is_told_with_what_to_do() -> None:
    assert translate(Fault(where="x", what="there is no queue a", text_zh="没有队列甲")).said == Said("没有队列甲")
    refusal = Refusal(message=MOON, message_zh="月亮太圆。", remedy="wait", remedy_zh="请等一等")
    assert tell_refusal(refusal) == Said("月亮太圆。请等一等", f"{MOON}\nwait")


def test_what_an_older_release_kept_in_english_is_told_in_general_and_kept_as_technical() -> None:
    shown = translate(Fault(where="x", what=f"{MOON}.", advice="Wait"), row=7)

    assert (shown.said, shown.row) == (Said(UNKNOWN_FAULT, f"{MOON}. Wait"), 7)
    assert tell_refusal(Refusal(message=MOON, remedy="wait")) == Said(UNKNOWN_REFUSAL, f"{MOON}\nwait")
    assert tell_report(ApplyReport(outcome=Outcome.BROKEN, message=MOON)) == Said(UNKNOWN_TROUBLE, MOON)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (step(StepOutcome.DONE, ""), Said("")),
        (step(StepOutcome.DONE, MOON), Said("", MOON)),
        (step(StepOutcome.DONE, MOON, "月亮很圆"), Said("月亮很圆")),
        (step(StepOutcome.FAILED, MOON), Said(UNKNOWN_TROUBLE, MOON)),
        (step(StepOutcome.FAILED, MOON, "月亮太圆"), Said("月亮太圆", MOON)),
        (step(StepOutcome.FAILED, ""), Said("")),
    ],
)
def test_a_step_that_is_done_needs_no_words_and_one_that_failed_shows_all(seen: Step, said: Said) -> None:
    assert tell_step(seen) == said


def test_a_place_in_the_text_and_a_restart_are_told_in_chinese() -> None:
    assert translate(Fault(where="site.yaml: line 7", what="x")).where == "第 7 行"
    name = "pjsip.conf (the SIP transport)"
    change = ChangePlan(is_empty=False, base_version=1, plan_digest="d", restart_for=[name])
    assert tell_restarts(change) == ["pjsip.conf"]
    told = change.model_copy(update={"restart_for_zh": ["pjsip.conf（监听地址）"]})
    assert tell_restarts(told) == ["pjsip.conf（监听地址）"]


def test_no_english_of_a_failed_run_stands_outside_the_technical_part() -> None:
    """Every text of a report that a page could print, in English alone: none is seen before somebody asks for it."""
    parts = make_environment().get_template("operations/parts.html").module
    report = ApplyReport(outcome=Outcome.BROKEN, message=MOON, remedy="wait")
    for said in (
        tell_report(report),
        tell_step(step(StepOutcome.FAILED, MOON)),
        translate(Fault(where="", what=MOON)).said,
    ):
        seen, _, technical = str(parts.said(said)).partition("<details")  # type: ignore[attr-defined]
        assert "moon" not in seen
        assert "moon" in technical


def test_a_mode_has_one_name_on_pages_and_in_the_words_of_a_change() -> None:
    page_words = make_environment().get_template("lines/words.html").module

    assert {mode.value: name for mode, name in MODES_ZH.items()} == page_words.MODES  # type: ignore[attr-defined]
