"""Which number of a unit takes text messages. Pure."""

from app.calls.rules import is_mobile
from app.catalogue.models import Unit


def mobile_of_unit(unit: Unit, *, is_emergency: bool) -> str:
    """Its duty room's mobile in an emergency, else its contact's; empty: it has none, pages and people tell it."""
    numbers = (unit.duty_phone if is_emergency else "", unit.contact_phone)
    return next((number for number in numbers if is_mobile(number)), "")
