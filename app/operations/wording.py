"""What the commands say, in Chinese: they speak English, the pages do not. What has no entry is shown as it came."""

import re
from dataclasses import dataclass

from app.contract.changes import Fault
from app.operations.step_wording import STEP_SENTENCES

_YAML_FAULT = (
    "expected .+ but found|could not find expected|mapping values are not allowed|found character|while parsing"
    "|while scanning|found undefined|found unexpected"
)
SENTENCES: list[tuple[str, str]] = [
    (r"there is no line (\S+?)\.?(?:\s|$)", r"没有线路 \1，请在 lines 下添加，或改正号码"),
    (r"there is no queue (\S+?)\.?(?:\s|$)", r"没有队列 \1，请在 queues 下添加，或改正名称"),
    (r"there is no trunk (\S+?)\.?(?:\s|$)", r"没有中继 \1，请在 trunks 下添加，或改正名称"),
    (r"there is no seat (\S+?)\.?(?:\s|$)", r"没有席位 \1，请在 seats 下添加，或改正号码"),
    (r"there is no destination (\S+?)\.?(?:\s|$)", r"没有可拨目标 \1，请在 destinations 下添加"),
    (r"no trunk delivers it", "没有中继送来这个号码，市民打不进来，请给某条中继添加 did"),
    (r"it delivers no number", "这条中继没有送来任何号码，不会有来电，请添加 dids"),
    (r"line number (\S+) is given (\d+) times", r"线路号码 \1 写了 \2 次，请只保留一处"),
    (r"(\S+) is given (\d+) times", r"\1 写了 \2 次，请只保留一处"),
    (r"(\S+) is an emergency number and must reach", r"\1 是紧急号码，必须直达本身的服务，请删去"),
    (r"(\S+) is an emergency number and is never merged", r"\1 是紧急号码，不得并入，类别应为 emergency"),
    (r"(\S+) is an emergency number and stays its own", r"\1 是紧急号码，不能作为别号，请删去"),
    (r"an emergency line (?:and )?is never merged", "紧急号码不得并入或转移，请删去 periods"),
    (r"(\S+) is an emergency line, whose calls never come to us", r"\1 是紧急号码，来电不会转到这里，请删去"),
    (r"(\S+) is no emergency number", r"\1 不是紧急号码，请改用其他类别"),
    (r"trunk (\S+) has no outbound, so nobody could be handed over", r"中继 \1 没有 outbound，无法移交，请补上"),
    (r"trunk (\S+) has no outbound, so it cannot be rung", r"中继 \1 没有 outbound，无法呼出，请补上"),
    (r"trunk (\S+) is not a department's", r"中继 \1 不是部门专线，请把 kind 改为 department，或换一条中继"),
    (r"it is a number of line (\S+) already", r"它已经是线路 \1 的号码，请只保留一处"),
    (r"it ends before it begins", "结束日期早于开始日期，请改正 valid_from 或 valid_until"),
    (r"line (\S+) has (\S+) already", r"线路 \1 已使用接入码 \2，每条线路的接入码不能相同"),
    (r"(\S+) is a number of a trunk already", r"\1 已是某条中继送来的号码，请换一个接入码"),
    (r"has two periods from (\S+?),", r"有两个时段都从 \1 开始，相互重叠，请保留一个或改日期"),
    (r"has its period from (\S+) after the one from (\S+?)\.", r"\1 的时段写在 \2 的之后，请按时间先后排列"),
    (r"is retained but neither forwarded nor", "保留专线必须以呼叫转移或并行接听对接，请添加这样的时段，或改类别"),
    (r"is cancelled but no last period", "撤并的线路没有写明从哪天起撤号，请添加 mode 为 cancelled 的时段"),
    (r"the hotline's own number has no modes", "12345 主号码没有接听方式可改，请删去 periods"),
    (r"forward out needs", "转往部门的时段须写明部门中继（trunk）"),
    (r"parallel needs", "并行接听须写明部门中继（trunk）或自有坐席（seats）"),
    (r"nothing is rung in this mode", "这种接听方式不呼叫部门，请删去 trunk，或改为转往部门、并行接听"),
    (r"only parallel rings seats", "只有并行接听才呼叫自有坐席，请删去 seats 或改接听方式"),
    (r"from (\S+) on calls go round: (.+?)\. Let", r"从 \1 起来电会循环转移：\2，请让其中一条由 12345 接听"),
    (r"is a new line and needs", "新设热线须写明原因（reason）和批准人（approved_by）"),
    (r"(\S+) overlaps (\S+) of trunk (\S+?),", r"地址 \1 与中继 \3 的 \2 重叠，来电无法区分，请各用各的地址"),
    (r"Asterisk keeps the section '(\S+)'", r"交换机自己要用 \1 这个名称，请换一个"),
    (r"the name has a meaning of its own", "交换机给这个名称另有用途，请换一个"),
    (r"a phone rings longer than a caller may wait", "振铃时间长于最长等待时间，请调低 ring_seconds"),
    (r"no agent has (.+?)(\.|$)", r"没有话务员同时具备技能 \1，请调整话务员技能或队列"),
    (r"no queue asks for (\S+?)(\.|$)", r"没有队列需要技能 \1，请加到队列里或改正"),
    (r"they fit no queue", "这些技能配不上任何队列，这位话务员不会接到来电，请补充技能"),
    (r"(\S+) is not a seat", r"\1 不是席位，请把号段限制在席位之内"),
    (r"(\d+) agents in range (\S+) for (\d+) seats", r"\2 有 \1 名话务员，却有 \3 个席位，请改成一样多"),
    (r"range (\S+): runs backwards", r"号段 \1 前后颠倒，请把小号写在前面"),
    (r"range (\S+): both ends need", r"号段 \1 两端位数须相同"),
    (r"range (\S+): more than (\d+) numbers", r"号段 \1 超过 \2 个号码"),
    (r"the key (\S+) is written twice", r"\1 写了两次，请只保留一处"),
    (r"is not a mapping", "方案内容不完整，请从现有方案改起"),
    (r"Field required", "缺少这一项，请补上"),
    (r"Extra inputs are not permitted", "没有这一项，请删去或改正拼写"),
    (r"Input should be a valid string", "号码要写成文字，请加上引号"),
    (r"String should match pattern", "含有不允许的字符，请改正"),
    (r"Input should be greater than or equal to (\S+?)\.?(\s|$)", r"不能小于 \1"),
    (r"Input should be less than or equal to (\S+?)\.?(\s|$)", r"不能大于 \1"),
    (r"Input is not a valid IPv4", "不是有效的 IPv4 地址，请改正"),
    (r"Input should be a valid date", "不是有效的日期，请写成 2026-12-01 这样"),
    (r"Input should be a valid (integer|number)", "应为数字"),
    (r"Input should be (?!a valid|greater|less)(.+?)(\. |\.?$)", r"只能是 \1 之一"),
    (r"should have at least (\d+) item", r"至少要有 \1 项"),
    (_YAML_FAULT, "这里不是有效的 YAML，请检查缩进、冒号和引号"),
    (r"prompt '(\S+)' (?:has no|is older|was built)", r"提示音 \1 要重新生成，请在服务器上运行 hotline flows build"),
    (r"is missing in sounds/zh/hotline", "缺少提示音文件，请在服务器上运行 hotline flows build"),
    (r"is missing in data/moh", "缺少等待音乐，请在服务器上运行 hotline dialplan render"),
]  # fmt: skip
REFUSALS: list[tuple[str, str]] = [
    (r"wants a second person's approval|waits for a second person's approval", "须先由另一位运维人员批准"),
    (r"edited by hand on this node since the last change: (.+)", r"这些文件被手工修改过：\1。要覆盖请在执行时勾选"),
    (
        r"(\d+) callers wait in the queue (\S+),",
        r"队列 \2 里还有 \1 位来电者在等候，请先让线路不再使用它，等排空后再删除",
    ),
    (r"there is no proposal", "没有这份申请"),
    (r"is stale: another change was applied since", "申请之后又有别的变更生效，请重新申请"),
    (r"(\S+) proposed it, so somebody else must approve", "自己提出的变更须由另一人批准"),
    (r"is (approved|rejected|applied) already|is (rejected|applied)$", "这份申请已经处理过"),
    (r"the node has this plan already", "与正在生效的方案一样，没有可申请的变化"),
    (r"(\S+) is changing this node since (\S+)", r"\1 自 \2 起正在执行变更，请等它结束"),
    (r"somebody else is changing this node", "另一项变更正在执行，请等它结束"),
    (r"there is no version (\S+?)\.?(?:\s|$)", r"没有第 \1 版"),
    (r"version (\S+) was never in force", r"第 \1 版从未生效，不能恢复到它"),
]
_FAULTS = [(re.compile(pattern), chinese) for pattern, chinese in SENTENCES]
_MESSAGES = [(re.compile(pattern), chinese) for pattern, chinese in [*REFUSALS, *SENTENCES]]
_STEPS = [(re.compile(pattern), chinese) for pattern, chinese in STEP_SENTENCES]


@dataclass(frozen=True)
class ShownFault:
    """A fault as the page tells it. `row` counts from 1; none: the place is not in the text."""

    where: str
    text: str
    row: int | None
    is_translated: bool


def translate(fault: Fault, *, row: int | None = None) -> ShownFault:
    """In Chinese where there are words for it, else as the command said it."""
    said = " ".join(part for part in (fault.what.rstrip(".") + ".", fault.advice) if part)
    chinese = fault.text_zh or _say(said, _FAULTS)
    return ShownFault(fault.where, chinese or said, row, is_translated=chinese is not None)


def say_message(message: str) -> str | None:
    """A refusal, or the end of an apply, in Chinese; None: there are no words for it."""
    return _say(message, _MESSAGES)


def say_step(detail: str) -> str | None:
    """What a step saw, in Chinese; None: there are no words for it."""
    return _say(detail, _STEPS)


def _say(text: str, sentences: list[tuple[re.Pattern[str], str]]) -> str | None:
    return next((found.expand(chinese) for pattern, chinese in sentences if (found := pattern.search(text))), None)
