"""Where a number comes from, as far as the number itself says: area codes of Henan and a few big cities."""

AREA_CODES: dict[str, str] = {
    "0370": "河南商丘", "0371": "河南郑州、开封", "0372": "河南安阳", "0373": "河南新乡", "0374": "河南许昌",
    "0375": "河南平顶山", "0376": "河南信阳", "0377": "河南南阳", "0379": "河南洛阳", "0391": "河南焦作、济源",
    "0392": "河南鹤壁", "0393": "河南濮阳", "0394": "河南周口", "0395": "河南漯河", "0396": "河南驻马店",
    "0398": "河南三门峡", "010": "北京", "020": "广东广州", "021": "上海", "022": "天津", "023": "重庆",
    "024": "辽宁沈阳", "025": "江苏南京", "027": "湖北武汉", "028": "四川成都", "029": "陕西西安",
}  # fmt: skip
"""domain.md §3.6 and the three-digit codes of the national numbering plan."""

MOBILE_DIGITS = 11


def describe_place(number: str | None) -> str:
    """河南平顶山, 手机号码, 外地固话 …; empty for an anonymous caller. A mobile number says nothing of a place."""
    if not number:
        return ""
    if len(number) == MOBILE_DIGITS and number.startswith("1"):
        return "手机号码"
    if number.startswith("00") or number.startswith("+"):
        return "境外号码"
    if number.startswith("0"):
        for length in (4, 3):
            if place := AREA_CODES.get(number[:length]):
                return f"{place}固话"
        return "外地固话"
    return "本地固话" if number.isdigit() and len(number) in (7, 8) else ""
