"""What the commands of flows say, for pages. A sentence that has no Chinese here is shown as it is, as technical."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.contract.flows import Problem, Refusal
from app.flows.problem_words import translate

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unknown-flow": "没有流程 {flow}",
        "unknown-version": "流程 {flow} 没有第 {version} 版",
        "unknown-prompt": "没有这条提示音",
        "flow-invalid": "流程有错误，没有发布；原来的版本继续使用",
        "no-day": "{day} 不是有效日期",
        "day-over": "{day} 已经过去，生效日期应为今天或以后",
        "nothing-to-do": "没有变化，或没有可以退回的版本",
        "not-written": "没有写入服务器：磁盘可能已满，或没有权限",
        "unknown-switch": "开关名称只能用小写字母、数字、连字符和下划线",
        "no-picture": "流程图没有画出来：服务器上没有安装 graphviz，请运行 hotline setup",
        "text-refused": "文本不符合要求：朗读文本里的数字须写成汉字",
        "by-hand": "这条提示音写在服务器的手工文本里，请在服务器上修改",
        "list-damaged": "服务器上的提示音文本已损坏，请先在服务器上改正",
        "no-audio": "不是可以识别的录音：请导出为 16 或 24 位 WAV",
        "silent": "录音里没有声音",
        "bad-rate": "采样率 {value} Hz 不合适：应为 8000 至 192000 Hz",
        "too-long": "录音长 {value} 秒，最长 180 秒",
        "too-short": "录音只有 {value} 秒，太短",
        "too-quiet": "录音太轻（{value} dB），放大后会有明显噪声，请重新录制",
        "clipped": "录音过响失真（{value} 个采样被削平），请调低录音电平后重新录制",
        "no-rehearsal": "试听的内容无法识别，请重新开始",
    }
)
UNKNOWN = "操作没有成功，详见技术信息"


@dataclass(frozen=True)
class ShownProblem:
    """A fault of a flow file. `row` counts from 1; none: the file as a whole."""

    row: int | None
    text: str
    technical: str = ""
    file: str = ""


def tell_refusal(refusal: Refusal) -> str:
    """Why a command said no, in Chinese."""
    try:
        return REFUSALS.get(refusal.refused, UNKNOWN).format(**refusal.values)
    except KeyError:
        return UNKNOWN


def tell_problem(problem: Problem) -> ShownProblem:
    """A fault in Chinese; its own words where there are none."""
    return ShownProblem(problem.line or None, translate(problem.message) or UNKNOWN, problem.message, problem.file)


ENDS: Mapping[str, str] = MappingProxyType(
    {"queue": "进入队列", "dial": "转到专线", "hand over": "转到应急服务", "back": "返回原处", "hang up": "挂机"}
)
LOOKUPS: Mapping[str, str] = MappingProxyType(
    {
        "caller": "来电人是谁",
        "progress": "办件进度",
        "wait": "预计等待",
        "broadcast": "公告",
        "follow-broadcast": "关注公告",
        "follow-up": "回访事项",
        "incident-over": "关注的故障",
    }
)
OBSERVED: Mapping[str, str] = MappingProxyType(
    {
        "time": "时间", "weekday": "星期", "day": "日子", "waiting": "排队人数",
        "expected_wait_minutes": "预计等待分钟",
    }
)  # fmt: skip
DAYS: Mapping[str, str] = MappingProxyType({"workday": "工作日", "rest_day": "休息日", "holiday": "节假日"})
WEEKDAYS: Mapping[str, str] = MappingProxyType(
    {"mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日"}
)
RESULTS: Mapping[str, str] = MappingProxyType(
    {
        "known": "查到", "unknown": "未查到", "timeout": "超时", "failed": "失败", "kept": "已留言",
        "empty": "没有说话", "on": "开", "off": "关",
    }
)  # fmt: skip
ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "queue": "进入队列", "dial": "转专线", "handover": "转应急", "back": "返回", "hangup": "流程挂机",
        "hung_up": "来电人挂机", "broken": "中断",
    }
)  # fmt: skip
EXITS: Mapping[str, str] = MappingProxyType(
    {
        "": "流程结束", "hung_up": "挂机", "broken": "中断", "next": "继续", "silence": "不按键", "wrong_key": "按错",
        "otherwise": "其他", "not_found": "未查到", "failed": "失败", "again": "再来", "exhausted": "次数用完",
        "empty": "没有说话", "no_rating": "未评价",
    }
)  # fmt: skip


CASES: Mapping[str, str] = MappingProxyType(
    {**DAYS, **WEEKDAYS, "yes": "是", "no": "否", "on": "开", "off": "关", "kept": "已登记", "person": "要人工"}
)


def tell_end(end: str) -> str:
    """`queue common priority 10` as pages tell it."""
    for words, text in ENDS.items():
        if end == words or end.startswith(f"{words} "):
            rest = end.removeprefix(words).strip()
            rest = (
                rest.replace("side doors", "，等待时的侧门")
                .replace("priority", "，优先级")
                .replace("agent", "，先找坐席")
            )
            return f"{text} {rest}".strip().replace(" ，", "，")
    return end


def tell_exit(name: str) -> str:
    """`keys.1` as pages tell it."""
    group, _, value = name.partition(".")
    if group == "keys":
        return f"按 {value}"
    return CASES.get(value, value) if value else EXITS.get(name, name)


def tell_question(about: str) -> str:
    """What a look-up asks for, and with which values."""
    kind, _, rest = about.partition(" ")
    return f"{LOOKUPS.get(kind, kind)} {rest}".strip()


def tell_observed(text: str) -> str:
    """`waiting = 3, flag.flood = on` as pages tell it."""
    told = []
    for one in text.split(", "):
        name, _, value = one.partition(" = ")
        label = f"开关 {name.removeprefix('flag.')}" if name.startswith("flag.") else OBSERVED.get(name, name)
        value = {**DAYS, **WEEKDAYS, **RESULTS}.get(value, value)
        told.append(f"{label}：{value}")
    return "，".join(told)
