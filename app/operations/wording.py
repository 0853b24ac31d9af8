"""What the commands say, for pages: their Chinese, and behind "技术信息" their own words.

Every answer carries its Chinese (`*_zh`); only what an older release has kept comes without.
"""

import re
from dataclasses import dataclass

from app.contract.changes import ApplyReport, ChangePlan, Fault, Refusal, Step, StepOutcome, Version

UNKNOWN_FAULT = "这里有一处错误，详见技术信息"
UNKNOWN_TROUBLE = "没有成功，详见技术信息"
UNKNOWN_REFUSAL = "操作被拒绝"
_PARENTHESIS = re.compile(r" \(.*\)$")
_PLACE_IN_TEXT = re.compile(r"(?:\S+: )?\bline (\d+)\b(?:, column \d+)?")


@dataclass(frozen=True)
class Said:
    """What a page tells: Chinese, and the command's own words for whoever is asked for them."""

    text: str
    technical: str = ""


@dataclass(frozen=True)
class ShownFault:
    """A fault as the page tells it. `row` counts from 1; none: the place is not in the text."""

    where: str
    said: Said
    row: int | None


def translate(fault: Fault, *, row: int | None = None) -> ShownFault:
    """The fault in Chinese."""
    where = _PLACE_IN_TEXT.sub(r"第 \1 行", fault.where)
    if fault.text_zh:
        return ShownFault(where, Said(fault.text_zh), row)
    whole = " ".join(part for part in (fault.what.rstrip(".") + ".", fault.advice) if part)
    return ShownFault(where, Said(UNKNOWN_FAULT, whole), row)


def tell_refusal(refusal: Refusal) -> Said:
    """Why a command said no, and what to do."""
    return _told(refusal.message, refusal.message_zh, refusal.remedy, refusal.remedy_zh, otherwise=UNKNOWN_REFUSAL)


def tell_report(report: ApplyReport) -> Said:
    """Why an apply did not come into force, and what to do."""
    return _told(report.message, report.message_zh, report.remedy, report.remedy_zh)


def tell_version(version: Version) -> Said:
    """Why a version is not in force."""
    return _told(version.message, version.message_zh)


def tell_step(step: Step) -> Said:
    """What a step saw. One that did its work needs no words for what it says beyond its Chinese."""
    if step.outcome is StepOutcome.FAILED:
        return _told(step.detail, step.detail_zh) if step.detail else Said("")
    return Said(step.detail_zh) if step.detail_zh else Said("", step.detail)


def tell_restarts(change: ChangePlan) -> list[str]:
    """Files that Asterisk reads only when it starts, and why."""
    return change.restart_for_zh or [_PARENTHESIS.sub("", name) for name in change.restart_for]


def _told(
    message: str, message_zh: str, remedy: str = "", remedy_zh: str = "", *, otherwise: str = UNKNOWN_TROUBLE
) -> Said:
    """In Chinese, with what to do."""
    technical = "\n".join(filter(None, (message, remedy)))
    if not message_zh:
        return Said(otherwise, technical)
    return Said(f"{message_zh.rstrip('。')}。{remedy_zh}" if remedy_zh else message_zh, technical)
