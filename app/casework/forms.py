"""What each move asks for: one form per verb, read once at the door. Titles are the labels of the page's fields."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from app.platform.errors import HotlineError
from app.platform.validation import chinese_errors

Words = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
UnitCode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9-]{1,40}$")]


class Channel(StrEnum):
    PHONE = "phone"
    VISIT = "visit"
    SMS = "sms"
    WEB = "web"


class SuspensionGround(StrEnum):
    """The only reasons for standing still (domain.md §3.7)."""

    MATERIAL = "material"
    APPRAISAL = "appraisal"
    COURT = "court"


class TerminationGround(StrEnum):
    """潍坊条例第21条."""

    OUT_OF_SCOPE = "out_of_scope"
    NOT_COOPERATING = "not_cooperating"


class RedoReason(StrEnum):
    OFF_TOPIC = "off_topic"
    NO_EVIDENCE = "no_evidence"
    AGAINST_POLICY = "against_policy"
    PERFUNCTORY = "perfunctory"
    FALSE_REPLY = "false_reply"


class ReturnReason(StrEnum):
    NOT_OUR_DUTY = "not_our_duty"
    NOT_OUR_PLACE = "not_our_place"
    INCOMPLETE = "incomplete"


class Result(StrEnum):
    SOLVED = "solved"
    PARTLY = "partly"
    EXPLAINED = "explained"
    UNSOLVED = "unsolved"


class ToldHow(StrEnum):
    PHONE = "phone"
    VISIT = "visit"
    SMS = "sms"
    NOT_WANTED = "not_wanted"
    """济南条例第29条: the citizen asked for no reply."""


class Satisfaction(StrEnum):
    SATISFIED = "satisfied"
    FAIRLY = "fairly"
    DISSATISFIED = "dissatisfied"


WORDS: dict[type[StrEnum], dict[str, str]] = {
    Channel: {"phone": "电话", "visit": "上门", "sms": "短信", "web": "网络"},
    SuspensionGround: {"material": "等待诉求人补充材料", "appraisal": "法定鉴定、检验、检测", "court": "等待司法程序"},
    TerminationGround: {"out_of_scope": "办理中发现不属于受理范围", "not_cooperating": "诉求人不配合致无法办理"},
    RedoReason: {
        "off_topic": "答非所问", "no_evidence": "缺少办理佐证", "against_policy": "不符合政策规定",
        "perfunctory": "敷衍应付", "false_reply": "答复不实",
    },
    ReturnReason: {
        "not_our_duty": "不属于本单位职责", "not_our_place": "不属于本单位辖区", "incomplete": "要素不全无法办理",
    },
    Result: {"solved": "已解决", "partly": "部分解决", "explained": "解释说明", "unsolved": "未解决"},
    ToldHow: {"phone": "电话", "visit": "上门", "sms": "短信", "not_wanted": "诉求人要求不回复"},
    Satisfaction: {"satisfied": "满意", "fairly": "基本满意", "dissatisfied": "不满意"},
}  # fmt: skip


class GivenRefused(HotlineError):
    """The move's form is not complete; `errors` names each field."""

    status = 422
    code = "move-incomplete"
    title = "内容不完整，不能提交"


class Form(BaseModel):
    """Nothing to say."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_missing(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


def _long(title: str, *, least: int = 4, most: int = 500) -> Any:
    return Field(title=title, min_length=least, max_length=most, json_schema_extra={"is_long": True})


class Reasoned(Form):
    reason: Words = _long("理由")


class Rejection(Form):
    exclusion_code: UnitCode = Field(title="不受理情形", json_schema_extra={"list": "exclusions"})
    reason: Words = _long("说明")
    is_channel_told: bool = Field(default=False, title="已向诉求人告知正确渠道")


class Merging(Form):
    master: str = Field(title="主工单号", pattern=r"^\d{1,19}$")
    reason: Words = _long("并单理由")


class Dispatching(Form):
    lead_unit_code: UnitCode = Field(title="主办单位", json_schema_extra={"list": "units"})
    supporting_unit_codes: list[UnitCode] = Field(default=[], title="协办单位", max_length=8)
    note: Words | None = Field(default=None, title="派单说明", max_length=500)
    duty_call: Words | None = Field(default=None, title="值班室接听人（特急必填）", max_length=80)


class Designation(Dispatching):
    decision: Words = _long("指定决定", least=10)
    becomes_rule: bool = Field(default=False, title="作为派单规则候选")


class ReturnRequest(Form):
    reason: ReturnReason = Field(title="退单原因")
    basis: Words = _long("职责依据", least=6)
    suggested_unit_code: UnitCode | None = Field(
        default=None, title="建议承办单位", json_schema_extra={"list": "units"}
    )
    evidence: Words = _long("佐证材料", least=6)


class Contact(Form):
    channel: Channel = Field(title="联系方式")
    note: Words = _long("联系情况", least=2)


class Support(Form):
    unit_code: UnitCode = Field(title="协办单位", json_schema_extra={"list": "units"})
    task: Words = _long("协办事项", most=400)
    due_on: date | None = Field(default=None, title="协办期限")


class Extension(Form):
    reason: Words = _long("延期理由", least=10)
    due_on: date = Field(title="延期至")
    evidence: Words = _long("佐证材料", least=6)


class Suspension(Form):
    ground: SuspensionGround = Field(title="挂起事由")
    review_on: date = Field(title="复核日期")
    evidence: Words = _long("佐证材料", least=6)


class Commitment(Form):
    reason: Words = _long("承诺办理理由", least=10)
    due_on: date = Field(title="承诺办结日期")
    milestones: Words = _long("阶段目标（每行一个：日期 目标，如 2026-12-31 完成施工图）", least=10, most=1000)


class MilestoneReport(Form):
    done: Words = _long("完成情况", least=6)


class Termination(Form):
    ground: TerminationGround = Field(title="终止事由")
    evidence: Words = _long("佐证材料", least=6)


class Reply(Form):
    to_platform: Words = _long("办理情况（报热线平台）", least=10, most=5000)
    to_citizen: Words = _long("公开答复内容（答复诉求人）", least=10, most=5000)
    result: Result = Field(title="办理结果")
    told_how: ToldHow = Field(title="答复方式")


class Judgement(Form):
    reason_code: RedoReason = Field(title="退回原因")
    reason: Words = _long("审核意见")


class Attempt(Form):
    channel: Channel = Field(title="回访方式")
    of_ticket: str | None = Field(default=None, title="回访对象工单号", pattern=r"^\d{1,19}$")
    reason: Words = _long("未接通情况", least=2)


class Answer(Form):
    channel: Channel = Field(title="回访方式")
    of_ticket: str | None = Field(default=None, title="回访对象工单号", pattern=r"^\d{1,19}$")
    is_contacted: bool | None = Field(default=None, title="承办单位已联系诉求人")
    is_solved: bool = Field(default=False, title="问题已解决")
    satisfaction: Satisfaction = Field(title="满意度")
    reason: Words | None = Field(default=None, title="诉求人意见", max_length=500, json_schema_extra={"is_long": True})


class Closing(Form):
    reason: Words | None = Field(
        default=None, title="不退回重办的理由", max_length=500, json_schema_extra={"is_long": True}
    )


class Reopening(Form):
    new_facts: Words = _long("新的事实或理由", least=10)


class Withdrawal(Form):
    is_identity_checked: bool = Field(default=False, title="已核实诉求人身份")
    reason: Words = _long("撤回原因")


FORMS: dict[str, type[Form]] = {
    "reject": Rejection, "guide": Rejection, "merge": Merging, "unmerge": Reasoned, "detach": Reasoned,
    "send_back": Reasoned, "dispatch": Dispatching, "request_return": ReturnRequest, "refuse_return": Reasoned,
    "dispute": Reasoned, "note_opinion": Reasoned, "designate": Designation, "contact": Contact,
    "note_failed_contact": Contact, "assign_support": Support, "request_extension": Extension,
    "refuse_extension": Reasoned, "request_suspension": Suspension, "refuse_suspension": Reasoned,
    "end_suspension": Reasoned, "request_commitment": Commitment, "refuse_commitment": Reasoned,
    "report_milestone": MilestoneReport,
    "request_termination": Termination, "refuse_termination": Reasoned, "draft_reply": Reply,
    "audit_redo": Judgement, "note_attempt": Attempt, "note_answer": Answer, "follow_up_redo": Reasoned,
    "rate": Closing, "reopen": Reopening, "withdraw": Withdrawal,
}  # fmt: skip
"""Verb → its form; a verb that is not here asks for nothing."""


def read_form(verb: str, given: dict[str, Any]) -> Form:
    """What was sent, as the verb's form. Raises GivenRefused, which names each field in Chinese."""
    form = FORMS.get(verb, Form)
    try:
        return form.model_validate(given)
    except ValidationError as error:
        wrong = chinese_errors(error.errors())
        titles = {name: field.title or name for name, field in form.model_fields.items()}
        told = "；".join(f"{titles.get(e.field, e.field)}：{e.message}" for e in wrong)
        errors = [{"field": e.field, "message": e.message} for e in wrong]
        raise GivenRefused(told, errors=errors) from error
