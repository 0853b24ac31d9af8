"""Terms, explanations, calendars and profiles as people write and read them."""

from datetime import date, datetime, time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.deadlines.arithmetic import Hours, Pause, due_after, when_to_tell
from app.deadlines.calendar import CalendarUnreadable, missing_year, read_year
from app.deadlines.explain import Chinese, English, explain
from app.deadlines.profile import ClockKind, ProfileUnreadable, Step, check_profile, read_profile
from app.deadlines.terms import Term, TermUnreadable, TimeUnit, parse_term
from app.deadlines.versions import PROFILES, shipped_calendar, shipped_profiles
from app.platform.clock import SHANGHAI

CALENDAR = shipped_calendar()
HENAN = (PROFILES / "henan.yaml").read_text(encoding="utf-8")
HEADER = "day,kind,name,english\n"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(st.builds(Term, st.integers(1, 900), st.sampled_from(list(TimeUnit))))
def test_a_term_reads_back_as_it_was_written(term: Term) -> None:
    assert parse_term(str(term)) == term


@pytest.mark.parametrize(
    "text", ["", "5", "5 workdays", "0 days", "-1 days", "five working days", "5 working  days", "1e3 days"]
)
def test_what_is_no_term_says_how_to_write_one(text: str) -> None:
    with pytest.raises(TermUnreadable, match=r'write e.g. "3 working days"'):
        parse_term(text)


def test_a_due_time_explains_itself_in_both_languages() -> None:
    start, term = at("2026-09-30T16:30"), parse_term("5 working days")
    due = due_after(CALENDAR, start, term)

    assert explain(CALENDAR, start, term, due, words=Chinese()) == [
        "自2026年9月30日（周三）16:30起，5个工作日，起算当天不计",
        "跳过国庆节：10月1日至7日（7天）",
        "跳过周末：10月11日",
        "10月10日（周六）调休上班，计入工作日",
        "最后一个工作日为2026年10月13日（周二），至当日24时止",
    ]
    assert explain(CALENDAR, start, term, due, words=English()) == [
        "5 working days from Wed 2026-09-30 16:30 Asia/Shanghai, the start day not counted",
        "National Day skipped: 2026-10-01 to 2026-10-07",
        "weekend skipped: 2026-10-11",
        "worked to make up, counted: Sat 2026-10-10",
        "due at the end of Tue 2026-10-13",
    ]


def test_a_pause_and_a_day_off_at_the_end_are_explained() -> None:
    start, term = at("2026-09-24T09:00"), parse_term("7 days")
    pause = Pause(at("2026-09-28T10:00"), at("2026-09-29T10:00"), "等待诉求人补充材料")
    due = due_after(CALENDAR, start, term, [pause])

    steps = explain(CALENDAR, start, term, due, pauses=[pause], words=Chinese())

    assert "9月28日（周一）10:00至9月29日（周二）10:00暂停计时（等待诉求人补充材料）" in steps
    assert "跳过国庆节：10月1日至7日（7天）" in steps
    assert steps[-1] == "最后一日为2026年10月8日（周四），至当日24时止"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("2027-10-01,holiday,国庆节,\nsoon,holiday,国庆节,", "line 3: 'soon' is no date, write e.g. 2027-10-01"),
        ("2026-10-01,holiday,国庆节,", "line 2: 2026-10-01 is not in 2027"),
        ("2027-10-01,free,国庆节,", "line 2: 'free' is no kind: write holiday or make_up"),
        ("2027-10-01,holiday,国庆节,\n2027-10-01,holiday,国庆节,", "line 3: 2027-10-01 stands twice"),
        ("2027-10-01,holiday,,", "line 2: 2027-10-01 has no name of the holiday it belongs to"),
        ("2027-10-08,make_up,国庆节,", "line 2: 2027-10-08 is a weekday and worked anyway"),
        ("", "2027 has no holiday at all: is the arrangement complete?"),
    ],
)
def test_a_broken_calendar_is_refused_with_the_row_and_the_reason(rows: str, problem: str) -> None:
    with pytest.raises(CalendarUnreadable) as error:
        read_year(HEADER + rows, 2027)

    assert any(told.startswith(problem) for told in error.value.problems)


def test_a_calendar_with_other_columns_is_refused() -> None:
    with pytest.raises(CalendarUnreadable, match="the columns must be day,kind,name,english"):
        read_year("日期,类型\n2027-10-01,休\n", 2027)


@pytest.mark.parametrize(
    ("today", "years", "missing"),
    [
        ("2026-10-31", [2026], None), ("2026-11-01", [2026], 2027), ("2026-11-23", [2025, 2026, 2027], None),
        ("2027-01-01", [2026], 2027), ("2026-12-31", [2026], 2027),
    ],
)  # fmt: skip
def test_next_years_calendar_is_missed_from_the_first_of_november(
    today: str, years: list[int], missing: int | None
) -> None:
    assert missing_year(years, date.fromisoformat(today)) == missing


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"), ("2026-11-23T03:00", "2026-11-23T08:30"),
        ("2026-11-23T18:00", "2026-11-24T08:30"), ("2026-10-01T10:00", "2026-10-08T08:30"),
        ("2026-12-31T19:00", "2027-01-01T08:30"),
    ],
)  # fmt: skip
def test_notices_wait_for_working_hours(now: str, told: str) -> None:
    assert when_to_tell(CALENDAR, at(now), Hours(time(8, 30), time(18))) == at(told)


def test_every_shipped_profile_is_valid_and_says_whether_it_is_verified() -> None:
    profiles = shipped_profiles()

    assert set(profiles) == {"henan", "anhui", "beijing", "guangdong", "pingdingshan"}
    assert not profiles["pingdingshan"].is_verified
    assert profiles["pingdingshan"].class_of(ticket_type="complaint", urgency="normal") == "D"
    assert profiles["pingdingshan"].class_of(ticket_type="complaint", urgency="emergency") == "A"


@pytest.mark.parametrize(
    ("profile", "kind", "urgency", "term"),
    [
        ("henan", "consult", "normal", "3 working days"), ("henan", "help", "normal", "5 working days"),
        ("henan", "complaint", "normal", "10 working days"), ("anhui", "help", "normal", "10 working days"),
        ("guangdong", "report", "normal", "15 working days"), ("beijing", "help", "normal", "7 days"),
        ("henan", "complaint", "emergency", "24 hours"), ("guangdong", "consult", "urgent", "2 working days"),
    ],
)  # fmt: skip
def test_the_reply_of_a_region_takes_as_long_as_its_rules_say(profile: str, kind: str, urgency: str, term: str) -> None:
    rules = shipped_profiles()[profile]

    assert rules.find_term(ClockKind.REPLY, ticket_type=kind, urgency=urgency) == parse_term(term)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("consult: 3 working days", "consult: 3 workdays",
         "clocks.reply.consult: '3 workdays' is no length of time: write e.g. \"3 working days\""),
        ("consult: 3 working days", "chat: 3 working days",
         "clocks.reply.chat is neither a ticket type nor an urgency"),
        ("follow_up: {default: 2 working days}", "follow_up: {urgent: 2 working days}",
         "clocks.follow_up has no default"),
        ("red: 3 working days", "red: 1 working day", "ladder.red comes no later than ladder.yellow"),
        ("{yellow: 1 working day,", "{urge: 1 working day,", "ladder.urge follows from the due time and is not given"),
        ("yellow: 1 working day", "yellow: 1 day", "ladder.yellow must be working days, or plain hours or minutes"),
        ('closes: "18:00"', 'closes: "08:00"', "notice_hours: opens must be before closes"),
        ("is_verified: true", "is_verified: true\nspeed: fast", "speed: there is no such setting"),
        ("region_code: \"410000\"\n", "", "region_code: is missing"),
    ],
)  # fmt: skip
def test_a_broken_profile_is_refused_with_the_place_and_the_reason(old: str, new: str, problem: str) -> None:
    assert old in HENAN

    with pytest.raises(ProfileUnreadable) as error:
        read_profile(HENAN.replace(old, new))

    assert any(told.startswith(problem) for told in error.value.problems), error.value.problems


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", ""])
def test_what_is_no_profile_at_all_is_refused(text: str) -> None:
    with pytest.raises(ProfileUnreadable):
        read_profile(text)


def test_a_profile_survives_being_stored() -> None:
    profile = read_profile(HENAN)

    assert check_profile(profile.model_dump(mode="json")) == profile
    assert list(yaml.safe_load(HENAN)["ladder"]) == [str(step) for step in profile.ladder]
    assert profile.rework_steps == {1: Step.YELLOW, 2: Step.RED}


@pytest.mark.parametrize(
    ("reply", "rework"),
    [("10 working days", "5 working days"), ("3 working days", "2 working days"), ("24 hours", "12 hours")],
)
def test_rework_gets_half_the_time_and_at_least_two_working_days(reply: str, rework: str) -> None:
    assert read_profile(HENAN).rework_term(parse_term(reply)) == parse_term(rework)
