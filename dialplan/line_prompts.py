"""What is spoken about each line: to the agent before the caller is heard, to who dials a number given up; its name."""

from dataclasses import dataclass

from dialplan.line_plan import Mode
from dialplan.line_way import line_ways
from dialplan.site_plan import SitePlan

FIGURES = str.maketrans("0123456789", "零幺二三四五六七八九")
"""As numbers are read out: 1 is 幺, so that it is not heard as 七."""
MAIN_FIGURES = str.maketrans("0123456789", "零一二三四五六七八九")
"""12345 is known by this name."""


@dataclass(frozen=True)
class LinePrompt:
    """`text` is for reading, `spoken` for the voice."""

    name: str
    text: str
    spoken: str


def line_prompts(plan: SitePlan) -> list[LinePrompt]:
    """Every prompt that the rendered dialplan plays for a line of this plan."""
    main = plan.main_line.number
    found = []
    for line in line_ways(plan):
        number, spoken = line.number, line.number.translate(FIGURES)
        if line.has_name:
            found.append(LinePrompt(f"whisper-{number}", f"{number}转入", f"{spoken}，转入"))
        if any(way.mode == Mode.CANCELLED for way in line.ways):
            text = "您拨打的{}已并入{}政务服务便民热线，正在为您转接。"
            found.append(
                LinePrompt(
                    f"intercept-{number}",
                    text.format(number, main),
                    text.format(spoken, main.translate(MAIN_FIGURES)),
                )
            )
    return found


def name_prompts(plan: SitePlan) -> list[LinePrompt]:
    """How each line but 12345 greets under its own name (P27): the prompt is called like the line's number."""
    text = "您好，这里是{}{}。"
    return [
        LinePrompt(
            line.number,
            text.format(line.number, line.label),
            text.format(line.number.translate(FIGURES), line.label.translate(FIGURES)),
        )
        for line in plan.lines
        if line.number != plan.main_line.number
    ]
