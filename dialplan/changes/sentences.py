"""Every sentence of a change, by its code: English, Chinese, and where something is to be done, what, in both.

The English stands at the terminal and names commands; the Chinese stands on pages and names what is there to press.
"""
# ruff: noqa: E501 - a table

SENTENCES: dict[str, tuple[str, ...]] = {
    # --- how a change ends
    "applied": ("version {number} is in force", "第 {number} 版已生效"),
    "nothing_to_do": ("the node has this plan already", "与正在生效的方案一样，没有变化"),
    "nothing_to_propose": (
        "the node has this plan already", "与正在生效的方案一样，没有可申请的变化", "change the plan first", "请先修改方案",
    ),
    "dry_run": ("nothing was changed: this was a dry run", "演练完成，没有任何改动"),
    "rolled_back": (
        "the files of before are in force again, because: {why}", "已恢复原来的文件，原因：{why_zh}",
        "calls are taken as before; correct the plan and try again", "来电照旧；请按原因改正后再执行",
    ),
    "broken": (
        "going back failed too: {why}", "自动回退也没有成功：{why_zh}",
        "look at once: `hotline dialplan state` and `hotline doctor`; `hotline up`, or a restart, brings the files of before"
        " back", "请立即在服务器上运行 hotline dialplan state 和 hotline doctor；hotline up 或重新启动会换回原来的文件",
    ),
    "interrupted": ("ended by {signal}", "执行被中止（{signal}）", "apply it again", "重新执行即可"),
    "unexpected": ("{kind}: {text}", "程序意外出错（{kind}）", "report this", "请报告给开发人员"),
    # --- why it does not begin
    "locked": (
        "somebody else is changing this node at this moment", "另一项变更正在执行，请等它结束",
        "wait until it has ended, then look at the history", "等它结束后看变更记录，再执行",
    ),
    "locked_by": (
        "{by} is changing this node since {since} (process {pid}): {what}{at}", "{by} 自 {since} 起正在执行变更，请等它结束",
        "wait until it has ended, then look at the history", "等它结束后看变更记录，再执行",
    ),
    "approval_missing": (
        "this change wants a second person's approval", "这项变更须先由另一位运维人员批准",
        "`hotline dialplan propose`, let somebody else `approve ID`, then `apply --proposal ID`",
        "请提交申请，由另一位运维人员批准后再执行",
    ),
    "hand_edited": (
        "edited by hand on this node since the last change: {names}", "这些文件在上次变更之后被手工修改过：{names}",
        "`hotline dialplan plan` shows the edits. Put them into the plan or a template, or apply with"
        " --overwrite-hand-edits: the history keeps a copy",
        "请看过改动，写进方案或模板；要覆盖请在执行时勾选“覆盖手工修改”，变更记录里会留副本",
    ),
    "edited_meanwhile": (
        "edited by hand while this change ran: {names}", "变更执行期间有人手工修改了这些文件：{names}",
        "`hotline dialplan plan` shows the edits; then apply again", "请看过改动后重新执行",
    ),
    "callers_waiting": (
        "{count} callers wait in the queue {queue}, which this change removes",
        "队列 {queue} 里还有 {count} 位来电者在等候，而这项变更要删除它",
        "let no line use the queue first, apply that, and remove the queue when it is empty",
        "请先让线路不再使用它，等排空后再删除",
    ),
    "prompts_missing": (
        "prompts that could not be spoken: {names}", "没能生成这些提示音：{names}",
        "`hotline doctor` says whether prompts can be spoken here", "请在服务器上运行 hotline doctor，看能否合成语音",
    ),
    "asterisk_silent": (
        "Asterisk runs, but does not answer on its console", "交换机在运行，但控制台没有回答",
        "`hotline status` and `hotline doctor`; apply when it answers again",
        "请在服务器上运行 hotline status 和 hotline doctor，等它恢复后再执行",
    ),
    "asterisk_down": (
        "Asterisk does not answer", "交换机没有回答", "`hotline up` starts it", "请在服务器上运行 hotline up",
    ),
    "clock_unsure": (
        "this node would handle every call, also of real callers, as on that day", "本节点会按那一天处理所有来电，包括真实来电",
        "use a node without callers, and add --yes", "请换一台没有来电的节点",
    ),
    "storage": (
        "{file}: {reason}", "无法读写 {file}：{reason_zh}",
        "make room, or correct the permissions, and try again", "请腾出磁盘空间或改正权限后再试",
    ),
    "mending_refused": (
        "an earlier change was cut short; the files of before it are back, but Asterisk does not take them over: {why}",
        "上一次变更中途断了，原来的文件已换回，但交换机没有接受：{why_zh}",
        "`hotline down`, `hotline up`: Asterisk reads them when it starts; then try again",
        "请在服务器上运行 hotline down 和 hotline up，再重新执行",
    ),
    "reason_missing": ("a change needs a reason", "请写明变更原因", "say it with --why", "填写原因后再提交"),
    "settings_missing": (
        "settings are missing or wrong: {names}", "缺少或写错了设置：{names}", "run `hotline setup`", "请在服务器上运行 hotline setup",
    ),
    "file_unreadable": (
        "{file} cannot be read: {reason}", "读不了 {file}：{reason_zh}", "name a site plan with --plan", "请换一个方案文件",
    ),
    "file_not_utf8": ("{file} is not UTF-8", "{file} 不是 UTF-8 编码", "save it as UTF-8", "请另存为 UTF-8"),
    "file_older": (
        "{file} is older than the plan in force, which came from elsewhere: applying it would undo that",
        "{file} 比生效的方案旧，执行它会撤销后来的变更",
        "`hotline dialplan show > {name}` fetches the plan in force; `rollback` goes back on purpose; `--plan {file}` means"
        " this file nevertheless", "请从生效的方案改起；要退回去请用变更记录里的“恢复到这一版”",
    ),
    # --- versions and proposals
    "version_unknown": (
        "there is no version {number}", "没有第 {number} 版", "`hotline dialplan history` lists them", "请在变更记录里选一版",
    ),
    "version_damaged": (
        "version {number} cannot be read: its record is damaged", "第 {number} 版的记录已损坏",
        "`hotline dialplan history` lists the others", "请在变更记录里选别的版本",
    ),
    "no_version_before": (
        "there is no version before the one in force", "生效的版本之前没有别的版本",
        "`hotline dialplan history` lists them", "请在变更记录里选一版",
    ),
    "never_in_force": (
        "version {number} was never in force: it ended as {outcome}", "第 {number} 版从未生效，不能恢复到它",
        "choose one that was applied", "请选曾经生效的版本",
    ),
    "proposal_unknown": (
        "there is no proposal {id}", "没有这份申请", "`hotline dialplan proposals` lists them", "请在方案变更里选一份",
    ),
    "proposal_damaged": (
        "{id} cannot be read: its file is damaged", "这份申请的文件已损坏", "propose it again", "请重新申请",
    ),
    "proposal_stale": (
        "{id} is stale: another change was applied since", "申请之后又有别的变更生效，这份申请已过期",
        "propose it again", "请重新编辑、重新申请",
    ),
    "proposal_decided": (
        "{id} is {status} already", "这份申请已经处理过", "propose it again if it is needed", "需要时请重新申请",
    ),
    "own_proposal": (
        "{by} proposed it, so somebody else must approve it", "自己提出的变更须由另一人批准",
        "ask a second person", "请另一位运维人员批准",
    ),
    "proposal_waits": (
        "{id} waits for a second person's approval", "这份申请还在等另一位运维人员批准",
        "let somebody else than {by} run `hotline dialplan approve {id}`", "请另一位运维人员批准",
    ),
    # --- what Asterisk has, or does, otherwise
    "reload_refused": ("`{command}`: {answer}", "交换机没有执行 {command}：{answer}"),
    "reload_unanswered": ("`{command}`: Asterisk does not answer ({reason})", "交换机没有回答 {command}"),
    "console_silent": ("Asterisk does not answer: {reason}", "交换机没有回答：{reason}"),
    "context_missing": ("the dialplan lacks the context {name}", "号码计划里缺少 {name} 一段"),
    "steps_missing": ("the dialplan has {count} steps where {wanted} were rendered", "号码计划有 {count} 步，应有 {wanted} 步"),
    "dialplan_other": ("the dialplan in force is not the one that was rendered", "交换机用的还是另一份号码计划"),
    "endpoint_missing": ("pjsip lacks the endpoint {name}", "缺少终端 {name}"),
    "endpoint_left": ("pjsip still has the endpoint {name}", "还留着已删除的终端 {name}"),
    "queue_missing": ("the queue {name} is missing", "缺少队列 {name}"),
    "manager_closed": ("the manager interface does not let the bridge in", "管理接口不让桥接进程登录"),
    "complaint": ("{text}", "交换机报告：{text}"),
    "scratch_dead": (
        "the scratch Asterisk does not start: {said}", "备用交换机没有启动：{said}",
        "nothing was changed; `hotline doctor`", "没有任何改动；请在服务器上运行 hotline doctor",
    ),
    "rehearsal_failed": (
        "{why}", "{why_zh}", "nothing was changed; correct the plan and try again", "现网没有任何改动；请改正后再试",
    ),
    "test_call": ("the test call to {number}: {problem}", "试拨 {number}：{problem_zh}"),
    "call_unanswered": ("no answer to the INVITE", "没有回应"),
    "call_port_closed": ("nothing listens on the SIP port", "SIP 端口没有程序在听"),
    "call_refused": ("refused with {status}", "被拒绝（{status}）"),
    "call_lost": ("answered, and then nothing listens any more", "接通后交换机不见了"),
    "call_silent": ("answered, but silent", "接通了，但没有声音"),
    "call_impossible": ("could not be placed ({reason})", "拨不出去（{reason}）"),
    # --- what the steps saw
    "mended": (
        "an earlier change was cut short: the files of before it were brought back", "上一次变更中途断了：已换回原来的文件",
    ),
    "mended_forward": (
        "an earlier change was cut short when it had taken effect: it stands in the history now",
        "上一次变更生效后断了：已补记到变更记录",
    ),
    "checked": ("{meaning} changes of meaning, {files} files differ", "{meaning} 项变化，{files} 个文件不同"),
    "approved": ("approved by {who}", "由 {who} 批准"),
    "approval_not_needed": ("not needed for this", "本次不需要"),
    "no_hand_edits": ("none", "没有"),
    "hand_edits_kept": ("{names}: a copy is kept", "{names}：已留副本"),
    "rendered": ("{files} files, {differ} of them differ", "共 {files} 个文件，{differ} 个不同"),
    "rendered_and_spoken": (
        "{files} files, {differ} of them differ, {spoken} prompts spoken", "共 {files} 个文件，{differ} 个不同，新生成 {spoken} 条提示音",
    ),
    "rehearsed": (
        "loaded without a complaint; called {numbers}: all answered and heard, slowest after {ms} ms",
        "加载无误；试拨 {numbers}，全部接通且有声音，最慢 {ms} 毫秒",
    ),
    "loaded": ("loaded without a complaint", "加载无误"),
    "not_rehearsed": ("the first plan of this node: nobody can call yet", "本节点的首个方案，还没有来电，不必试运行"),
    "swapped": ("all files at once", "全部文件一次替换"),
    "not_running": ("Asterisk does not run; it reads the files when it starts", "交换机没有运行，下次启动时生效"),
    "reloaded": ("{commands}", "{commands}"),
    "needs_restart": ("needs a restart: {files}", "要等交换机重启才生效：{files_zh}"),
    "nothing_to_reload": ("nothing to reload", "没有需要重新加载的部分"),
    "clock_ended": (
        "the rehearsed clock is the real time again: ended by this change", "时间演练已由这次变更结束，恢复真实时间",
    ),
    "verified": (
        "dialplan, endpoints, queues and manager interface are as rendered; nothing was complained about",
        "号码计划、终端、队列和管理接口都与方案一致，没有报错",
    ),
    "no_probe": ("the plan has no trunk of kind probe", "方案里没有拨测中继"),
    "foreign_address": (
        "not placed: {address} is no address of this machine ({reason})", "没有试拨：本机没有地址 {address}",
    ),
    "called": ("{number} answered after {ms} ms, and spoke", "{number} 在 {ms} 毫秒接通，并有声音"),
    "lines_known": ("the store knows these lines already", "线路资料没有变化"),
    "lines_taken": ("{lines}", "{lines_zh}"),
    "lines_not_taken": (
        "{reason}; run `hotline dialplan apply` again when the store answers",
        "数据库没有回答，线路资料没有同步；恢复后请在服务器上运行 hotline dialplan apply",
    ),
    "kept": ("version {number}", "第 {number} 版"),
}  # fmt: skip
"""Text, Chinese text, remedy, Chinese remedy. Values stand in braces, in English and Chinese alike."""
