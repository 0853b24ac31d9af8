"""A flow as a picture: graphviz lays it out, prompts and keys stand in it, and how callers went through it."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from ivr_flows.flow import Flow
from ivr_flows.nodes import LookupNode, Node, SayNode, SubFlowNode
from ivr_flows.nodes.asking import Question
from ivr_flows.nodes.items import Item
from ivr_flows.nodes.keeping import RecordNode

DOT_SECONDS = 30
LINE_LENGTH = 18
MAX_LINES = 4
KINDS = {
    "play": "播放", "say": "播报", "collect": "收号", "choose": "选择", "branch": "分支", "repeat": "循环",
    "lookup": "查询", "python": "计算", "record": "留言", "call-back": "回拨登记", "rate": "评价", "queue": "排队",
    "dial": "转专线", "hand-over": "转应急", "hang-up": "挂机", "sub-flow": "子流程", "return": "返回",
}  # fmt: skip
EXITS = {
    "next": "", "silence": "静默", "wrong_key": "按错", "otherwise": "其他", "not_found": "未查到", "failed": "失败",
    "again": "再来", "exhausted": "次数用完", "empty": "无声", "no_rating": "未评价",
}  # fmt: skip
COLOURS = {"person": "#e6f4ea", "end": "#fce8e6", "gate": "#fef7e0", "other": "#ffffff"}


class PictureFailed(RuntimeError):
    """graphviz is not there, or refused; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How callers went: entered by node, left by (node, exit), mean milliseconds by node, hang-ups by node."""

    entered: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mean_ms: Mapping[str, int] = field(default_factory=dict)
    hang_ups: Mapping[str, int] = field(default_factory=dict)


NO_TRAFFIC = Traffic()


def svg_of(flow: Flow, texts: Mapping[str, str], traffic: Traffic = NO_TRAFFIC) -> str:
    """The flow as SVG. `texts`: what each prompt says. Raises PictureFailed."""
    if shutil.which("dot") is None:
        raise PictureFailed("graphviz is not installed: run `hotline setup`, or `apt-get install graphviz`")
    source = dot_of(flow, texts, traffic).encode()
    try:
        done = subprocess.run(
            ["dot", "-Tsvg"], input=source, capture_output=True, timeout=DOT_SECONDS, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise PictureFailed(f"graphviz did not end within {DOT_SECONDS} s") from error
    if done.returncode:
        raise PictureFailed(f"graphviz failed: {done.stderr.decode(errors='replace').strip()[-300:]}")
    svg = done.stdout.decode()
    return svg[svg.index("<svg") :]


def html_of(flow: Flow, texts: Mapping[str, str], traffic: Traffic = NO_TRAFFIC) -> str:
    """A page of its own: the picture, and each prompt's text beneath. Raises PictureFailed."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(texts.get(name, '（没有文本）'))}</td></tr>"
        for name in sorted(flow.prompts)
    )
    return (
        f"<!doctype html><html lang='zh-CN'><meta charset='utf-8'><title>{escape(flow.title)}</title><style>"
        "body{font:16px/1.6 'Noto Sans CJK SC',sans-serif;margin:2rem;color:#1a1a1a;background:#fff}"
        "svg{max-width:100%;height:auto}table{border-collapse:collapse;margin-top:1.5rem}"
        "th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #ddd;vertical-align:top}</style>"
        f"<h1>{escape(flow.title)}</h1><p>{escape(flow.flow)} · 服务号码 {escape('、'.join(flow.lines) or '无')}</p>"
        f"{svg_of(flow, texts, traffic)}<table><caption>提示音</caption>{rows}</table></html>\n"
    )


def dot_of(flow: Flow, texts: Mapping[str, str], traffic: Traffic = NO_TRAFFIC) -> str:
    """The flow in graphviz's language."""
    lines = [
        "digraph flow {",
        '  graph [rankdir=TB, nodesep=0.35, ranksep=0.45, fontname="Noto Sans CJK SC", bgcolor="transparent"];',
        '  node [shape=box, style="rounded,filled", fontname="Noto Sans CJK SC", fontsize=11, margin="0.15,0.08"];',
        '  edge [fontname="Noto Sans CJK SC", fontsize=10, arrowsize=0.7];',
        '  "·start" [shape=circle, label="", width=0.18, fillcolor="#202124"];',
        f'  "·start" -> {_quote(flow.start)};',
    ]
    for name, node in flow.nodes.items():
        look = _look(node)
        label = _quote(_label(name, node, texts, traffic))
        lines.append(f'  {_quote(name)} [label={label}, class="{look}", fillcolor="{COLOURS[look]}"];')
        for exit_name, target in node.exits().items():
            label = exit_label(exit_name)
            if count := traffic.left.get((name, exit_name)):
                label = f"{label} {count}次".strip()
            lines.append(f"  {_quote(name)} -> {_quote(target)} [label={_quote(label)}];")
    return "\n".join([*lines, "}"])


def exit_label(exit_name: str) -> str:
    """An exit as people read it: 按1, 静默, …"""
    group, _, value = exit_name.partition(".")
    if group == "keys":
        return f"按{value}"
    return value or EXITS.get(exit_name, exit_name)


def spoken_text(items: tuple[Item, ...], texts: Mapping[str, str]) -> str:
    """What is heard, with values as 【name】."""
    return "".join(texts.get(item, item) if isinstance(item, str) else f"【{item.value}】" for item in items)


def _label(name: str, node: Node, texts: Mapping[str, str], traffic: Traffic) -> str:
    lines = [f"{KINDS.get(node.kind, node.kind)} · {name}", *_wrapped(node_text(node, texts))]
    if entered := traffic.entered.get(name):
        lines.append(f"进入{entered} · 平均{traffic.mean_ms.get(name, 0) / 1000:.1f}秒")
    if hang_ups := traffic.hang_ups.get(name):
        lines.append(f"挂机{hang_ups}")
    return "\n".join(lines)


def node_text(node: Node, texts: Mapping[str, str]) -> str:
    """What the node says, or what it is about."""
    if isinstance(node, Question | RecordNode):
        return spoken_text(node.prompt, texts)
    if isinstance(node, SayNode):
        return spoken_text(node.items, texts)
    if isinstance(node, SubFlowNode):
        return node.flow
    if isinstance(node, LookupNode):
        return node.what
    if prompts := node.prompts():
        return spoken_text(prompts, texts)
    return "、".join((*node.reads(), *node.queues(), *node.targets()))


def _wrapped(text: str) -> list[str]:
    lines = [text[start : start + LINE_LENGTH] for start in range(0, len(text), LINE_LENGTH)]
    return [*lines[: MAX_LINES - 1], f"{lines[MAX_LINES - 1][:-1]}…"] if len(lines) > MAX_LINES else lines


def _look(node: Node) -> str:
    """What COLOURS calls it; a page colours it by this class."""
    return "person" if node.is_person else "end" if node.is_end else "gate" if node.is_gate else "other"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
