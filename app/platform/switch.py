"""Switch commands: what the desk asks of the telephony side. The effect comes home as call events, never from here."""

import httpx
import structlog
from pydantic import ValidationError

from app.contract.commands import AnyCommand, CommandResult
from app.platform.errors import Conflict, Unavailable
from app.platform.settings import Settings

ANSWER_TIMEOUT_SECONDS = 4.0

log = structlog.get_logger()


class SwitchNotReached(Unavailable):
    """The bridge does not answer, or it has no connection to Asterisk: nobody can tell whether the command worked."""

    code = "switch-not-reached"
    title = "电话系统未连接"


class SwitchRefused(Conflict):
    """Asterisk answered and said no."""

    code = "switch-refused"
    title = "电话系统没有接受操作"


REFUSALS: tuple[tuple[str, str], ...] = (
    ("not registered", "分机未注册：请先打开软电话并确认已登录"),
    ("unreachable", "分机不在线：请检查软电话"),
    ("interface not found", "您不在队列中，请先签入"),
    ("not there", "您不在队列中，请先签入"),
    ("already there", "您已在队列中"),
    ("no such queue", "队列不存在，请联系运维人员"),
    ("no channel", "通话已经结束"),
    ("no way to hand over", "没有通往该号码的中继，请口头告知市民直接拨打"),
    ("does not talk in this call", "您已不在这通电话中"),
    ("no hand-over is under way", "没有正在进行的转接"),
    ("hand-over is under way", "已有转接正在进行，请先撤回"),
    ("other side is not in", "对方尚未接通，您离开后市民将无人接听"),
    ("left it to the other side", "您已离开通话，不能撤回"),
    ("no way to play", "电话系统里没有这段播报，请联系运维人员"),
    ("no flow is being played", "没有正在进行的播报"),
    ("flow is being played", "正在向市民播报，请等播报结束或先停止播报"),
    ("does not wait any more", "您已离开通话，不能停止播报"),
    ("permission denied", "电话系统拒绝了操作，请联系运维人员"),
)
"""Words of Asterisk and the bridge → what an agent can act on; the first that fits is shown."""


def explain_refusal(message: str) -> str:
    """The Chinese sentence for a refusal; an unknown one is shown as it came, for the ops engineer."""
    for words, sentence in REFUSALS:
        if words in message.lower():
            return sentence
    return f"电话系统没有接受操作（{message}）" if message else SwitchRefused.title


class Switch:
    """The bridge's command door. One client per process; `close` at the end."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    def send(self, command: AnyCommand) -> None:
        """Ask Asterisk to do it. SwitchNotReached, SwitchRefused."""
        try:
            answer = self._client.post("/commands", json=command.model_dump())
        except httpx.HTTPError as error:
            log.warning("switch_not_reached", command=command.command, reason=type(error).__name__)
            raise SwitchNotReached("电话系统未连接，请稍后再试；来电不受影响") from error
        if answer.status_code != httpx.codes.OK:
            log.warning("switch_not_reached", command=command.command, status=answer.status_code)
            raise SwitchNotReached("电话系统暂时无法执行操作，请稍后再试")
        try:
            result = CommandResult.model_validate_json(answer.content)
        except ValidationError as error:
            log.warning("switch_answer_unreadable", command=command.command)
            raise SwitchNotReached("电话系统的回答无法读取，请联系运维人员") from error
        if not result.is_accepted:
            log.info("switch_refused", command=command.command, message=result.message)
            raise SwitchRefused(explain_refusal(result.message), reason=result.message)

    def close(self) -> None:
        self._client.close()


def make_switch(settings: Settings) -> Switch:
    """The switch that the settings name."""
    return Switch(settings.bridge_url, settings.command_token.get_secret_value())
