"""What a country usually has, from Unicode CLDR through Babel: defaults for a registration."""

from babel.core import get_global
from babel.numbers import get_territory_currencies

from core import errors


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
