"""Countries and their money, from Unicode CLDR through Babel: which there are, and what a country usually has."""

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.core.exceptions import ValidationError

from core import amounts, errors

_NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
_UNIONS = {"XAF", "XCD", "XCG", "XOF", "XPF"}


def is_country(code: str) -> bool:
    """Whether it is one of ISO 3166-1 alpha-2."""
    return len(code) == 2 and code in Locale("en").territories and code not in _NOT_COUNTRIES


def is_currency(code: str) -> bool:
    """Whether it is one of ISO 4217 that can be kept: those with three digits after the point cannot."""
    is_money = not code.startswith("X") or code in _UNIONS  # the others are metals and tests
    return is_money and code in Locale("en").currencies and amounts.currency_exponent(code) <= 2


def validate_country(code: str) -> None:
    if not is_country(code):
        raise ValidationError("There is no such country.", code="unknown")


def validate_currency(code: str) -> None:
    if not is_currency(code):
        raise ValidationError("There is no such currency here.", code="unknown")


def usual_currency(country: str) -> str:
    """Raises InvalidInput where the country has no currency of its own to presume."""
    currencies = get_territory_currencies(country)
    if not currencies:
        raise _required("currency")
    return currencies[0]


def only_time_zone(country: str) -> str:
    """Raises InvalidInput where the country lies in several time zones, or in none."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    if len(zones) != 1:
        raise _required("time_zone")
    return str(zones[0])


def _required(field: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        errors=[errors.FieldError(field, "required", "Say which: the country has several or none.")]
    )
