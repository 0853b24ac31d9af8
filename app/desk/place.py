"""Where a number comes from, by Google's numbering data (PyPI phonenumbers): landlines and mobiles of all China."""

from phonenumbers import NumberParseException, geocoder, parse

HOME = "CN"
COUNTRY = "中国"
"""What the data says of a number it knows nothing more about."""
MOBILE_DIGITS = 11


def describe_place(number: str | None) -> str:
    """河南省平顶山市手机, 北京市固话, 境外号码 …; empty for an anonymous caller and for what is no telephone number."""
    digits = (number or "").removeprefix("+86")
    if digits.startswith(("00", "+")):
        return "境外号码"
    if not digits.isdigit():
        return ""
    if digits.startswith("1") and len(digits) == MOBILE_DIGITS:
        return f"{_region(digits)}手机"
    if digits.startswith("0"):
        return f"{_region(digits) or '外地'}固话"
    return "本地固话" if len(digits) in (7, 8) else ""


def _region(digits: str) -> str:
    """省市; empty where the data does not know it."""
    try:
        found: str = geocoder.description_for_number(parse(digits, HOME), "zh")
    except NumberParseException:
        return ""
    return "" if found == COUNTRY else found
