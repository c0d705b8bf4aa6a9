"""Fields that take exactly what they say: no digits of other scripts, no `yes` for true, no numbers for text."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from rest_framework import serializers

from core import amounts

_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def read_id(text: str) -> UUID:
    """An id as it is usually spelt. Raises ValueError for what else Python takes: braces, `urn:uuid:`, `0x`, `1_0`."""
    if not _ID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


class TextField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class PatternField(TextField):
    """A text of one form. `pattern` has to match all of it."""

    def __init__(self, pattern: str, sentence: str, **kwargs: Any) -> None:
        super().__init__(validators=[RegexValidator(rf"^(?:{pattern})\Z", sentence)], **kwargs)


class PhoneField(PatternField):
    """A number however it is spaced; kept without spaces, so that it is found however it is typed."""

    example = "0240000000"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"\+?[0-9]{3,31}", "Give a phone number: digits, a + in front if you like.", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data.replace(" ", "") if isinstance(data, str) else data)


class IntegerField(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not _INTEGER.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class BooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class IdField(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _ID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


class AccountKeyField(serializers.PrimaryKeyRelatedField[Any]):
    """A reference to a row of the asking account, at a place of the asking member where it stands at one.

    Someone else's is as unknown as one that never was.
    """

    default_error_messages = {
        "does_not_exist": "There is no such object.",
        "incorrect_type": "Give an id.",
    }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "":
            self.fail("incorrect_type")  # DRF would take it for null
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not _ID.fullmatch(data):
            self.fail("incorrect_type")
        return super().to_internal_value(data)

    def get_queryset(self) -> Any:
        named: Any = self.queryset  # type: ignore[arg-type]
        request = self.context["request"]
        return named.filter(account_id=request.account.id).open_to(request.membership)


class DateField(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not value.isascii():
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class MomentField(serializers.DateTimeField):
    """A date and time with its offset, so that nobody has to guess whose clock it was."""

    default_error_messages = {"offset": "Give the offset from UTC, such as Z or +00:00."}

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not value.isascii():
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("offset")
        return super().enforce_timezone(value)


class BoundedList(serializers.ListField):
    """A list whose length is judged before its items are: a long list of nonsense would take long to explain."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class DecimalField(serializers.DecimalField):
    """A decimal as a string or a JSON number, in ASCII digits."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not _DECIMAL.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(str(data)) + 0  # there is no minus zero

    def to_representation(self, value: Any) -> str:
        return f"{value:.{self.decimal_places}f}"


class MoneyField(DecimalField):
    """An amount in the account's currency: written, and accepted, with the digits that the currency has."""

    default_error_messages = {"currency": "{currency} has {exponent} digits after the point."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, **kwargs})

    def to_internal_value(self, data: Any) -> Decimal:
        amount = super().to_internal_value(data)
        account = self.context["request"].account
        if amount != amounts.round_money(amount, account.currency_exponent):
            self.fail("currency", currency=account.currency, exponent=account.currency_exponent)
        return amount

    def to_representation(self, value: Any) -> str:
        return amounts.show_money(value, self.context["request"].account.currency_exponent)


class UnitCostField(DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 4, **kwargs})


class ValueField(DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 28, "decimal_places": 7, **kwargs})


class QuantityField(DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 3, **kwargs})


class RateField(DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 7, "decimal_places": 4, **kwargs})


class PercentField(DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_digits": 5, "decimal_places": 2, "min_value": amounts.ZERO, "max_value": 100, **kwargs}
        )
