"""Which rule a fault of a plan breaks, by a code of its own, and the same in Chinese for pages."""
# ruff: noqa: E501 - a table

import re
from typing import NamedTuple

from app.contract.changes import Fault

_YAML = (
    "expected .+ but found|could not find expected|mapping values are not allowed|found character|while parsing"
    "|while scanning|found undefined|found unexpected|unacceptable character|nested more than|Exceeds the limit"
)


class Rule(NamedTuple):
    """A sentence in English is known by the pattern; what it finds stands in the Chinese one."""

    code: str
    pattern: str
    zh: str


RULES = [
    # names that must exist
    Rule("no_such_line", r"there is no line (\S+?)\.?(?:\s|$)", r"没有线路 \1，请在 lines 下添加，或改正号码"),
    Rule("no_such_queue", r"there is no queue (\S+?)\.?(?:\s|$)", r"没有队列 \1，请在 queues 下添加，或改正名称"),
    Rule("no_such_trunk", r"there is no trunk (\S+?)\.?(?:\s|$)", r"没有中继 \1，请在 trunks 下添加，或改正名称"),
    Rule("no_such_seat", r"there is no seat (\S+?)\.?(?:\s|$)", r"没有席位 \1，请在 seats 下添加，或改正号码"),
    Rule("no_such_destination", r"there is no destination (\S+?)\.?(?:\s|$)", r"没有可拨目标 \1，请在 destinations 下添加"),
    Rule("no_such_flow", r"there is no flow (\S+?)\.?(?:\s|$)", r"没有语音流程 \1，请改用已有的流程"),
    # numbers and ways
    Rule("unreachable_line", r"no trunk delivers it", "没有中继送来这个号码，市民打不进来，请给某条中继添加 did"),
    Rule("trunk_without_numbers", r"it delivers no number", "这条中继没有送来任何号码，不会有来电，请添加 dids"),
    Rule("line_twice", r"line number (\S+) is given (\d+) times", r"线路号码 \1 写了 \2 次，请只保留一处"),
    Rule("given_twice", r"(\S+) is given (\d+) times", r"\1 写了 \2 次，请只保留一处"),
    Rule("takes_emergency_number", r"(\S+) is an emergency number and must reach", r"\1 是紧急号码，必须直达本身的服务，请删去"),
    Rule("emergency_number_merged", r"(\S+) is an emergency number and is never merged", r"\1 是紧急号码，不得并入，类别应为 emergency"),
    Rule("emergency_number_as_alias", r"(\S+) is an emergency number and stays its own", r"\1 是紧急号码，不能作为别号，请删去"),
    Rule("emergency_line_with_periods", r"(\S+) is an emergency line and is never merged", r"\1 是紧急号码，不得并入或转移，请删去 periods"),
    Rule("way_to_emergency_line", r"(\S+) is an emergency line, whose calls never come to us", r"\1 是紧急号码，来电不会转到这里，请删去"),
    Rule("no_emergency_number", r"(\S+) is no emergency number", r"\1 不是紧急号码，请改用其他类别"),
    Rule("handover_trunk_without_outbound", r"trunk (\S+) has no outbound, so nobody could be handed over", r"中继 \1 没有 outbound，无法移交，请补上"),
    Rule("trunk_without_outbound", r"trunk (\S+) has no outbound, so it cannot be rung", r"中继 \1 没有 outbound，无法呼出，请补上"),
    Rule("not_a_departments_trunk", r"trunk (\S+) is not a department's", r"中继 \1 不是部门专线，请把 kind 改为 department，或换一条中继"),
    Rule("number_of_another_line", r"it is a number of line (\S+) already", r"它已经是线路 \1 的号码，请只保留一处"),
    Rule("alias_ends_early", r"it ends before it begins", "结束日期早于开始日期，请改正 valid_from 或 valid_until"),
    Rule("access_code_twice", r"line (\S+) has (\S+) already", r"线路 \1 已使用接入码 \2，每条线路的接入码不能相同"),
    Rule("access_code_taken", r"(\S+) is a number of a trunk already", r"\1 已是某条中继送来的号码，请换一个接入码"),
    Rule("leads_to_ourselves", r"is our own address, so calls would go round", "这是交换机自己的地址，来电会循环，请填对方交换机的地址"),
    # lines over time
    Rule("periods_overlap", r"has two periods from (\S+?),", r"有两个时段都从 \1 开始，相互重叠，请保留一个或改日期"),
    Rule("periods_out_of_order", r"has its period from (\S+) after the one from (\S+?)\.", r"\1 的时段写在 \2 的之后，请按时间先后排列"),
    Rule("retained_line_not_joined", r"(\S+) is retained but neither forwarded nor", r"\1 是保留专线，必须以呼叫转移或并行接听对接（R12），请添加这样的时段，或改类别"),
    Rule("cancelled_without_day", r"(\S+) is cancelled but no last period", r"\1 已撤并，但没有写明从哪天起撤号，请添加 mode 为 cancelled 的时段"),
    Rule("modes_of_the_main_number", r"the hotline's own number has no modes", "12345 主号码没有接听方式可改，请删去 periods"),
    Rule("forward_without_trunk", r"forward out needs", "转往部门的时段须写明部门中继（trunk）"),
    Rule("parallel_with_nobody", r"parallel needs", "并行接听须写明部门中继（trunk）或自有坐席（seats）"),
    Rule("nothing_is_rung", r"nothing is rung in this mode", "这种接听方式不呼叫部门，请删去 trunk，或改为转往部门、并行接听"),
    Rule("no_seats_are_rung", r"only parallel rings seats", "只有并行接听才呼叫自有坐席，请删去 seats 或改接听方式"),
    Rule("forwards_go_round", r"from (\S+) on calls go round: (.+?)\. Let", r"从 \1 起来电会循环转移：\2，请让其中一条由 12345 接听"),
    Rule("new_line_unapproved", r"(\S+) is a new line and needs", r"\1 是新设热线，须写明原因（reason）和批准人（approved_by）（R15）"),
    # the rest of a plan
    Rule("trunks_overlap", r"(\S+) overlaps (\S+) of trunk (\S+?),", r"地址 \1 与中继 \3 的 \2 重叠，来电无法区分，请各用各的地址"),
    Rule("reserved_queue", r"Asterisk keeps the section '(\S+)'", r"交换机自己要用 \1 这个名称，请换一个"),
    Rule("reserved_trunk", r"the name has a meaning of its own", "交换机给这个名称另有用途，请换一个"),
    Rule("rings_too_long", r"a phone rings longer than a caller may wait", "振铃时间长于最长等待时间，请调低 ring_seconds"),
    Rule("falls_to_no_end", r"(\S+) is no queue that ends the way", r"\1 不能作为最后的去处：须是已有的队列，且自己不再写 falls_to"),
    Rule("skill_nobody_has", r"no agent has (.+?)(\.|$)", r"没有话务员同时具备技能 \1，请调整话务员技能或队列"),
    Rule("skill_nobody_asks", r"no queue asks for (\S+?)(\.|$)", r"没有队列需要技能 \1，请加到队列里或改正"),
    Rule("agent_without_queue", r"they fit no queue", "这些技能配不上任何队列，这位话务员不会接到来电，请补充技能"),
    Rule("not_a_seat", r"(\S+) is not a seat", r"\1 不是席位，请把号段限制在席位之内"),
    Rule("agents_and_seats", r"(\d+) agents in range (\S+) for (\d+) seats", r"\2 有 \1 名话务员，却有 \3 个席位，请改成一样多"),
    Rule("range_backwards", r"range (\S+): runs backwards", r"号段 \1 前后颠倒，请把小号写在前面"),
    Rule("range_ends", r"range (\S+): both ends need", r"号段 \1 两端位数须相同"),
    Rule("range_too_long", r"range (\S+): more than (\d+) numbers", r"号段 \1 超过 \2 个号码"),
    # the text itself
    Rule("key_twice", r"the key (\S+) is written twice", r"\1 写了两次，请只保留一处"),
    Rule("not_a_plan", r"is not a mapping", "方案内容不完整，请从现有方案改起"),
    Rule("missing", r"Field required", "缺少这一项，请补上"),
    Rule("unknown_key", r"Extra inputs are not permitted", "没有这一项，请删去或改正拼写"),
    Rule("number_unquoted", r"Input should be a valid string", "号码要写成文字，请加上引号"),
    Rule("bad_characters", r"String should match pattern", "含有不允许的字符，请改正"),
    Rule("too_small", r"Input should be greater than or equal to (\S+?)\.?(\s|$)", r"不能小于 \1"),
    Rule("too_big", r"Input should be less than or equal to (\S+?)\.?(\s|$)", r"不能大于 \1"),
    Rule("no_address", r"(?:Input|value) is not a valid IPv4|Expected 4 octets|Only decimal digits", "不是有效的 IPv4 地址，请改正"),
    Rule("no_date", r"Input should be a valid date", "不是有效的日期，请写成 2026-12-01 这样"),
    Rule("no_number", r"Input should be a valid (integer|number)", "应为数字"),
    Rule("no_list", r"Input should be a valid (list|dictionary|tuple)", "这里应是一组内容，请对照现有方案改正"),
    Rule("no_boolean", r"Input should be a valid boolean", "应为 true 或 false"),
    Rule("not_one_of", r"Input should be (?!a valid|greater|less)(.+?)(\. |\.?$)", r"只能是 \1 之一"),
    Rule("too_few", r"should have at least (\d+) item", r"至少要有 \1 项"),
    Rule("too_many", r"should have at most (\d+) item", r"最多 \1 项"),
    Rule("no_yaml", _YAML, "这里不是有效的 YAML，请检查缩进、冒号和引号"),
    # what belongs to the plan
    Rule("flow_broken", r"(\S+\.yaml)(?::\d+)?: queue '(\S+)' is not in the site plan", r"语音流程 \1 要用的队列 \2 不在方案里，请添加或改流程"),
    Rule("prompt_stale", r"prompt '(\S+)' (?:has no|is older|was built)", r"提示音 \1 要重新生成，请在服务器上运行 hotline flows build"),
    Rule("prompt_missing", r"is missing in sounds/zh/hotline", "缺少提示音文件，请在服务器上运行 hotline flows build"),
    Rule("music_missing", r"is missing in data/moh", "缺少等待音乐，请在服务器上运行 hotline dialplan render"),
]  # fmt: skip
"""In this order: the first that fits counts."""
OTHER = [
    ("template", "template_broken", "配置模板有误，请交给开发人员：{what}"),
    ("extensions.conf", "dialplan_unsafe", "生成的拨号方案不合规则，请交给开发人员：{what}"),
    ("pjsip.conf", "dialplan_unsafe", "生成的拨号方案不合规则，请交给开发人员：{what}"),
    ("flows", "flow_broken", "语音流程有误，请在服务器上运行 hotline flows check：{what}"),
    ("settings", "setting_wrong", "服务器上的设置有误：{what}"),
    ("HOTLINE_", "setting_wrong", "服务器上的设置有误：{what}"),
    ("", "plan_faulty", "方案有误：{what}"),
]
"""By how the place begins: what only who has the server, or the templates, can mend."""
_KNOWN = [(rule, re.compile(rule.pattern)) for rule in RULES]


def in_chinese(fault: Fault) -> Fault:
    """The fault with its code and its Chinese sentence; what has them keeps them."""
    if fault.text_zh:
        return fault
    said = " ".join(part for part in (fault.what.rstrip(".") + ".", fault.advice) if part)
    for rule, pattern in _KNOWN:
        if found := pattern.search(said):
            return fault.model_copy(update={"code": rule.code, "text_zh": found.expand(rule.zh)})
    code, words = next((code, words) for place, code, words in OTHER if fault.where.startswith(place))
    return fault.model_copy(update={"code": code, "text_zh": words.format(what=fault.what)})
