"""An error says whose turn it is: one base, the HTTP status on the class, one renderer at the edge (RFC 9457)."""

from typing import ClassVar


class HotlineError(Exception):
    """Base of everything that we refuse on purpose. `detail` is Chinese: users read it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "请求有误"

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra


class NotFound(HotlineError):
    status = 404
    code = "not-found"
    title = "未找到"


class NotLoggedIn(HotlineError):
    status = 401
    code = "not-logged-in"
    title = "请先登录"


class NotAllowed(HotlineError):
    status = 403
    code = "not-allowed"
    title = "没有权限"


class Conflict(HotlineError):
    status = 409
    code = "conflict"
    title = "与当前状态冲突"


class PreconditionFailed(HotlineError):
    """If-Match does not fit: somebody else saved first. `extra` says who and what."""

    status = 412
    code = "edit-conflict"
    title = "内容已被他人修改"


class PreconditionRequired(HotlineError):
    status = 428
    code = "if-match-required"
    title = "缺少 If-Match"


class TooManyAttempts(HotlineError):
    status = 429
    code = "too-many-attempts"
    title = "尝试次数过多"


class Unavailable(HotlineError):
    """A part we depend on does not answer; trying again later may help."""

    status = 503
    code = "unavailable"
    title = "服务暂不可用"
