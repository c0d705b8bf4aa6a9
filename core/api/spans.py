"""From one day to another, as lists that are summed by days are asked."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from core.api import fields
from core.api.serializers import Serializer

FIRST_YEAR, LAST_YEAR = 2000, 2200
MOST_DAYS = timedelta(days=366)


class SpanInput(Serializer):
    """The first day and the last, both included."""

    first_on = fields.DateField()
    last_on = fields.DateField()

    def validate(self, attrs: Any) -> Any:
        span = attrs["last_on"] - attrs["first_on"]
        is_of_a_shop = FIRST_YEAR <= attrs["first_on"].year <= LAST_YEAR
        if not (is_of_a_shop and timedelta(0) <= span <= MOST_DAYS):
            message = serializers.ErrorDetail("Give a later day, and at most a year.", code="invalid_span")
            raise serializers.ValidationError({"last_on": [message]})
        return attrs
