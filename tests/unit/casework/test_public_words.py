"""Private words in public replies: each is found, named and placed; what only looks like one is left alone."""

import pytest

from app.casework.public_words import find_private, is_citizen_id


@pytest.mark.parametrize(
    ("text", "kind", "at", "shown"),
    [
        ("请联系张先生13812345678处理", "手机号码", 7, "138****5678"),
        ("电话：138-1234-5678。", "手机号码", 4, "138****5678"),
        ("电话 +86 138 1234 5678", "手机号码", 4, "138****5678"),
        ("电话１３８１２３４５６７８", "手机号码", 3, "138****5678"),
        ("身份证11010519491231002X已核对", "身份证号码", 4, "110105********002X"),
        ("住建设路3号楼2单元501室", "门牌号", 5, "3***"),
        ("住建设路3号楼2单元501", "门牌号", 5, "3***"),
        ("住12栋304室", "门牌号", 2, "1***"),
        ("住三号楼二单元五零一户", "门牌号", 2, "三***"),
        ("住幸福小区2单元301", "门牌号", 6, "2***"),
        ("住幸福小区3-2-501", "门牌号", 6, "3***"),
        ("住叁号楼贰单元伍零壹", "门牌号", 2, "叁***"),
        ("住３＃楼２单元５０１", "门牌号", 2, "3***"),
        ("电话1 3 8 1 2 3 4 5 6 7 8", "手机号码", 3, "138****5678"),
        ("电话一三八一二三四五六七八", "手机号码", 3, "138****5678"),
        ("电话幺三八 一二三四 五六七八", "手机号码", 3, "138****5678"),
        ("电话壹叁捌壹贰叁肆伍陆柒捌", "手机号码", 3, "138****5678"),
        ("电话138·1234·5678", "手机号码", 3, "138****5678"),
        ("电话138\u200b1234\u200b5678", "手机号码", 3, "138****5678"),
        ("身份证110105 19491231 002X已核对", "身份证号码", 4, "110105********002X"),
        ("身份证一一零一零五一九四九一二三一零零二X", "身份证号码", 4, "110105********002X"),
    ],
)
def test_what_is_private_is_found_with_its_place(text: str, kind: str, at: int, shown: str) -> None:
    found = find_private(text)

    assert [(one.kind, one.at, one.shown) for one in found] == [(kind, at, shown)]


@pytest.mark.parametrize(
    "text",
    [
        "请拨打12345或12333咨询", "办公电话0375-2345678", "客服4001234567、400-820-8820", "已于2026-11-23清运完毕",
        "建设路88号政务服务中心", "3号楼前的路灯已修复", "工单号4104002611230000017", "2单元门口的井盖已更换",
        "身份证号110105194912310021位数不符", "罚款13812元", "银行卡6222021234567890123", "依据第12-3条",
    ],
)  # fmt: skip
def test_what_only_looks_private_may_be_said(text: str) -> None:
    assert find_private(text) == []


@pytest.mark.parametrize(
    "text",
    ["请回电0375-2345678", "请回电２３４５６７８", "请回电(0375)2345678", "请回电二三四五六七八", "请回电2345 678"],
)
def test_the_landline_of_who_asked_is_found_however_it_is_spelled(text: str) -> None:
    assert [(one.kind, one.shown) for one in find_private(text, {"03752345678"})] == [("诉求人号码", "037****5678")]


def test_the_mobile_of_who_asked_is_told_once_and_another_landline_not_at_all() -> None:
    assert [one.kind for one in find_private("请回电13812345678", {"13812345678"})] == ["手机号码"]
    assert find_private("办公电话0375-8765432，工单23456789", {"03752345678", "12345", ""}) == []


def test_everything_is_told_in_its_order() -> None:
    told = "、".join(str(one) for one in find_private("住5栋302室的王某13900001111"))

    assert told == "门牌号“5***”（第2个字起）、手机号码“139****1111”（第11个字起）"


@pytest.mark.parametrize(("number", "is_right"), [("11010519491231002X", True), ("110105194912310021", False)])
def test_the_check_digit_of_a_citizens_id_is_counted(number: str, is_right: bool) -> None:
    assert is_citizen_id(number) is is_right
