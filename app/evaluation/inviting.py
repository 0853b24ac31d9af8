"""Send a citizen the link to his own follow-up, as a text message."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.casework.notices import mobile_of, sending_moment
from app.evaluation.by_link import LINK_LIVES, make_link
from app.evaluation.desk import get_open_row
from app.outbox.service import put_message
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict
from app.tickets.follow_up_tasks import FollowUpTask

PATH = "/r/"


class NoMobileNumber(Conflict):
    """He left none: only a call reaches him."""

    code = "no-mobile-number"
    title = "诉求人没有留下手机号码，不能发送短信"


def invite(session: Session, task_id: int, *, public_url: str, actor: Actor, now: datetime) -> FollowUpTask:
    """Put the message into the outbox; a link sent before is dead from now on.

    Raises NotFound, TaskSettled, NoMobileNumber.
    """
    row = get_open_row(session, task_id, actor)
    mobile = mobile_of(row.ticket)
    if not mobile:
        raise NoMobileNumber()
    link = f"{public_url}{PATH}{make_link(row.task, now)}"
    until = to_shanghai(now + LINK_LIVES)
    text = (
        f"【12345热线】您反映的事项（工单号{row.ticket.ticket_number}）已答复，请评价：{link} "
        f"{until:%m月%d日}前有效，仅可使用一次。"
    )
    put_message(
        session, key=f"follow-up:{row.task.id}:{now.isoformat()}", recipient=mobile, text=text,
        send_at=sending_moment(session, row.ticket.urgency, now), now=now, ticket_id=row.ticket.id,
    )  # fmt: skip
    session.flush()
    return row.task
