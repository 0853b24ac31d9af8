"""What the steps of an apply report, in Chinese."""

STEP_SENTENCES: list[tuple[str, str]] = [
    (r"^(\d+) changes of meaning, (\d+) files differ", r"\1 项变化，\2 个文件不同"),
    (r"^approved by (\S+)", r"由 \1 批准"),
    (r"^not needed for this", "本次不需要"),
    (r"^none$", "没有"),
    (r"^(.+): a copy is kept", r"\1：已留副本"),
    (r"^(\d+) files, (\d+) of them differ", r"共 \1 个文件，\2 个不同"),
    (
        r"^loaded without a complaint; called (.+): all answered and heard, slowest after (\d+) ms",
        r"加载无误；试拨 \1，全部接通且有声音，最慢 \2 毫秒",
    ),
    (r"^loaded without a complaint$", "加载无误"),
    (r"^all files at once", "全部文件一次替换"),
    (r"are as rendered; nothing was complained about", "号码计划、终端、队列和管理接口都与方案一致，没有报错"),
    (r"^nothing to reload", "没有需要重新加载的部分"),
    (r"^not placed: (\S+) is no address of this machine", r"没有试拨：本机没有地址 \1"),
    (r"^(\S+) answered after (\d+) ms, and spoke", r"\1 在 \2 毫秒接通，并有声音"),
    (r"^the files of before are in force again, because: (.+)", r"已恢复原来的文件，原因：\1"),
    (r"^version (\d+)$", r"第 \1 版"),
    (r"^(\d+) changed \((.+)\)", r"更新 \1 条（\2）"),
    (r"^the store knows these lines already", "线路资料没有变化"),
    (r"^Asterisk does not run", "交换机没有运行，下次启动时生效"),
]
"""Pattern of the English sentence and its Chinese one. Names of console commands have no entry: they are names."""
