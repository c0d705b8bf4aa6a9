"""Fields of what a business and a person are."""

from typing import Any

from babel.core import get_global
from rest_framework import serializers

from accounts import countries
from accounts.models import canonical_email
from core.api import fields


class CountryField(fields.TextField):
    """ISO 3166-1 alpha-2, as Unicode CLDR knows it."""

    default_error_messages = {"unknown": "There is no such country."}

    def to_internal_value(self, data: Any) -> str:
        country = super().to_internal_value(data)
        if not countries.is_country(country):
            self.fail("unknown")
        return country


class CurrencyField(fields.TextField):
    """ISO 4217. Currencies with three digits after the point are not kept, for money has two."""

    default_error_messages = {"unknown": "There is no such currency here."}

    def to_internal_value(self, data: Any) -> str:
        currency = super().to_internal_value(data)
        if not countries.is_currency(currency):
            self.fail("unknown")
        return currency


class TimeZoneField(fields.TextField):
    default_error_messages = {"unknown": "There is no such time zone."}

    def to_internal_value(self, data: Any) -> str:
        zone = super().to_internal_value(data)
        if zone not in get_global("zone_territories"):
            self.fail("unknown")
        return zone


class EmailField(serializers.EmailField):
    """An address in its canonical form, which is what is judged."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        email = canonical_email(super().to_internal_value(data))
        if not email.isascii():
            self.fail("invalid")
        return email
