"""The validator's sentences in Chinese, by their form. Names in quotes are the author's own words and stay."""

import re

_KIND = re.compile(r"node '(?P<node>[^']*)'(?: \((?P<inside>[^)]*)\))?: (?P<rest>.*)", re.DOTALL)
_SENTENCES: tuple[tuple[str, str], ...] = (
    # the file
    (r"'nodes' is missing", "缺少 nodes（节点）"),
    (r"'nodes' must be a mapping of names to nodes", "nodes 应为“名称: 节点”的形式"),
    (r"must be a mapping with the keys .*", "整个文件应为“键: 值”的形式，包括 flow、title、start、nodes"),
    (r"must be a mapping", "应为“键: 值”的形式"),
    (r"a key must be a plain word", "键应为普通文字"),
    (r"anchors and aliases are not allowed", "不允许使用 YAML 的锚点和别名"),
    (r"cannot be read: .*", "文件无法读取"),
    (r"is empty", "文件是空的"),
    (r"is too large: .*", "文件过大，不超过 256 KB"),
    (r"is nested deeper than (\d+) levels", r"嵌套超过 \1 层"),
    (r"is not UTF-8", "不是 UTF-8 编码"),
    (r"is not YAML: .*", "不是有效的 YAML：请检查缩进、冒号、引号和括号"),
    (r"flow is called '(.*)', the file '(.*)'", r"文件里的流程名是 \1，应为 \2"),
    (r"flow '(.*)' does not serve line (.*): see 'lines'", r"流程 \1 不服务号码 \2：请在 lines 里添加"),
    (r"'(.*)' is there twice", r"“\1”出现了两次"),
    (r"'(.*)' is missing, known kinds are .*", r"缺少 \1（节点类型）"),
    (r"'(.*)' is missing", r"缺少 \1"),
    (r"unknown field '(.*)'", r"不认识的字段 \1"),
    (r"unknown kind '(.*)', known kinds are (.*)", r"不认识的节点类型 \1；可用的有 \2"),
    (r"start '(.*)' is not a node", r"起点 \1 不是节点"),
    (
        r"no way to a person: .*",
        "没有通往人工的路：流程里没有排队节点；确实不需要时，请在 personless_reason 写明原因",
    ),
    # where it leads
    (r"exit '(.*)' leads to '(.*)', which is not a node", r"出口 \1 通往 \2，但没有这个节点"),
    (r"no exit leads here", "没有任何出口通到这里"),
    (r"no way to a person from here", "从这里到不了人工"),
    (
        r"exit '(.*)' never leads to a person; .*",
        r"出口 \1 到不了人工；请引到排队节点，或在 personless_reason 写明原因",
    ),
    (r"loop without a counter \((.*)\); .*", r"循环没有次数限制（\1）；请让它经过 repeat 节点"),
    (
        r"a caller of (\d+) must not have to key anything .*",
        r"\1 的来电人在转人工前不应被要求按键（国标要求）；确有必要时，请在 gate_reason 写明原因",
    ),
    (
        r"a caller can get here without the recording notice; .*",
        "来电人可能没有听到录音告知就到了这里；请在每条路上播放录音告知，或在 unrecorded_reason 写明原因",
    ),
    (r"the recording notice must be heard whole: .*", "录音告知必须完整播放，不能允许按键跳过"),
    (r"has no exit '(.*)', e\.g\. disk full", r"缺少出口 \1（例如磁盘已满）"),
    (r"has no exit '(.*)'", r"缺少出口 \1"),
    (r"has no exit on silence", "缺少不按键时的出口 silence"),
    (r"has no exit on a wrong key", "缺少按错键时的出口 wrong_key"),
    (r"has no exit for .*: '(.*)'", r"缺少出口 \1"),
    # what it names
    (r"prompt '(.*)' is not in the prompt list", r"没有提示音 \1"),
    (r"prompt '(.*)' has no text in '(.*)'", r"提示音 \1 没有 \2 语言的文本"),
    (r"queue '(.*)' is not in the site plan, queues are (.*)", r"方案里没有队列 \1；现有 \2"),
    (r"nothing rings at '(.*)', the site plan can ring (.*)", r"\1 拨不通；方案可以拨 \2"),
    (r"Asterisk keeps the queue name 'general' for itself", "队列不能叫 general，交换机自己要用"),
    (r"reads answer '(.*)', which no node saves", r"用到了按键结果 \1，但没有节点保存它"),
    (r"reads '(.*)', which no look-up tells", r"用到了 \1，但没有查询给出它"),
    (r"reads '(.*)', known values are (.*)", r"用到了不认识的值 \1；可用的有 \2"),
    (r"branches on '(.*)', known facts are (.*)", r"分支依据 \1 不认识；可用的有 \2"),
    (r"case '(.*)' never happens: step '(.*)' ends as (.*)", r"分支 \1 不会出现：步骤 \2 的结果有 \3"),
    (r"case '(.*)' never happens: '(.*)' is (.*)", r"分支 \1 不会出现：\2 的取值不是这样写的"),
    (r"unknown python step '(.*)', known steps are (.*)", r"不认识的步骤 \1；可用的有 \2"),
    (r"step '(.*)' can end as '(.*)': no case", r"步骤 \1 可能得到 \2，缺少这个分支"),
    (r"'(.*)' has no meaning for a look-up of the caller", r"查询来电人时用不到 \1"),
    (r"'accept' is not a regular expression: .*", "accept 不是有效的正则表达式"),
    (r"'(.*)': '(.*)' is not the name of a prompt", r"\1：\2 不是提示音的名称"),
    (r"'(.*)': '(.*)' is not the name of a value, .*", r"\1：\2 不是值的名称"),
    (r"'(.*)': (.*) is neither a prompt nor .*", r"\1：\2 既不是提示音，也不是“类型: 值”"),
    (r"'(.*)': nothing is spoken as '(.*)', known kinds are (.*)", r"\1：不会播报 \2；可用的有 \3"),
    # other flows
    (r"flow '(.*)' does not exist, flows are (.*)", r"没有流程 \1；现有 \2"),
    (r"nobody called this flow: one that serves a line cannot return", "这个流程直接服务号码，没有可以返回的地方"),
    (r"sub-flows go round: (.*)", r"子流程互相兜圈：\1"),
    (r"flow '(.*)' is a part: it only runs inside other flows", r"流程 \1 只能作为子流程使用"),
    (r"flow '(.*)' never returns: .*", r"流程 \1 从不返回；请加 return 节点，或不要把它当子流程"),
    (r"flow '(.*)' can return '(.*)': add it to 'outcomes'", r"流程 \1 可能返回 \2；请在 outcomes 里添加"),
    (r"outcome '(.*)' never happens: flow '(.*)' does not return it", r"流程 \2 不会返回 \1"),
    # the type of a field
    (r"'(.*)' is (.*): string should match pattern '.*'", r"\1 的写法不对：\2"),
    (r"'(.*)' is (.*): input should be less than or equal to (.*)", r"\1 是 \2，不能大于 \3"),
    (r"'(.*)' is (.*): input should be greater than or equal to (.*)", r"\1 是 \2，不能小于 \3"),
    (r"'(.*)' is (.*): input should be a valid integer.*", r"\1 应为整数，现在是 \2"),
    (r"'(.*)' is (.*): input should be a valid boolean.*", r"\1 应为 true 或 false，现在是 \2"),
    (r"'(.*)' is (.*): input should be (.*)", r"\1 不对，现在是 \2"),
    (r"'(.*)' is (.*): [a-z].*", r"\1 不对，现在是 \2"),
)
_COMPILED = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in _SENTENCES)


def translate(message: str) -> str:
    """The sentence in Chinese; empty where there is none."""
    where, rest = "", message
    if found := _KIND.fullmatch(message):
        where, rest = f"节点 {found['node']}：", found["rest"]
    for pattern, text in _COMPILED:
        if fitting := pattern.fullmatch(rest):
            return where + fitting.expand(text)
    return ""
