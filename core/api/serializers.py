"""Base serializers: strict fields, and no unknown ones."""

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from django.db import models
from rest_framework import serializers

from core import amounts
from core.api import fields

Built = TypeVar("Built", bound=serializers.BaseSerializer[Any])

MOST_UNKNOWN = 20  # fields that one refusal names

_kept = threading.local()


class Serializer(serializers.Serializer[Any]):
    """Refuses what it does not know, so that a typing mistake is never taken for a wish."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def to_representation(self, instance: Any) -> Any:
        """Columns that a query has named already are taken as they are, without looking for attributes."""
        if not isinstance(instance, dict):
            return super().to_representation(instance)
        values = ((name, instance[source], show) for name, source, show in self._columns)
        return {name: None if value is None else show(value) for name, value, show in values}

    @cached_property
    def _columns(self) -> list[tuple[str, str, Callable[[Any], Any]]]:
        return [(str(field.field_name), str(field.source), field.to_representation) for field in self._readable_fields]


class ModelSerializer(serializers.ModelSerializer[Any]):
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: fields.TextField,
        models.TextField: fields.TextField,
        models.IntegerField: fields.IntegerField,
        models.PositiveIntegerField: fields.IntegerField,
        models.BooleanField: fields.BooleanField,
        models.UUIDField: fields.IdField,
        models.DateField: fields.DateField,
        models.DateTimeField: fields.MomentField,
        models.DecimalField: fields.DecimalField,
        amounts.MoneyField: fields.MoneyField,
        amounts.UnitCostField: fields.UnitCostField,
        amounts.ValueField: fields.ValueField,
        amounts.QuantityField: fields.QuantityField,
        amounts.RateField: fields.RateField,
        amounts.PercentField: fields.PercentField,
    }
    serializer_related_field = fields.AccountKeyField

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def get_validators(self) -> list[Any]:
        # Uniqueness and the like are the constraints' business: a check in Python can lose a race, and would have to be
        # scoped to the account by hand.
        return []

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[type, dict[str, Any]]:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        kwargs["validators"] = [
            validator
            for validator in kwargs.get("validators", [])
            if type(validator).__module__ != "rest_framework.validators"
        ]
        if not kwargs["validators"]:
            del kwargs["validators"]
        return field_class, kwargs


class WholeSerializer(Serializer):
    """A line of a document: a change of the document may leave out its lines, but no part of a line, as DRF would."""

    def to_internal_value(self, data: Any) -> Any:
        left_out = [
            name
            for name, field in self.fields.items()
            if field.required and isinstance(data, Mapping) and name not in data
        ]
        if left_out:
            required = serializers.ErrorDetail("This field is required.", code="required")
            raise serializers.ValidationError({name: [required] for name in left_out})
        return super().to_internal_value(data)


def kept(serializer_class: type[Built], *, context: Mapping[str, Any], partial: bool = False) -> Built:
    """This thread's one instance of a serializer, for `to_representation` and `run_validation`.

    To build one costs more than to use it, and a use leaves nothing in it but the context.
    """
    instances = _kept.__dict__.setdefault("instances", {})
    serializer: Built | None = instances.get((serializer_class, partial))
    if serializer is None:
        serializer = instances[serializer_class, partial] = serializer_class(partial=partial)
    serializer._context = context
    return serializer


def refuse_unknown(serializer: serializers.BaseSerializer[Any], data: Any) -> None:
    """Raises ValidationError `unknown_field` for every key that the serializer cannot take."""
    if not isinstance(data, Mapping):
        return
    known = {name for name, field in serializer.fields.items() if not field.read_only}  # type: ignore[attr-defined]
    unknown = [name for name in data if name not in known]
    if unknown:
        message = serializers.ErrorDetail("There is no such field.", code="unknown_field")
        raise serializers.ValidationError({name: [message] for name in unknown[:MOST_UNKNOWN]})
