"""Filters that really filter: a parameter that nobody declared is refused, and so is a value that makes no sense."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend

from core.api import fields

_BOOLEANS = {"true": True, "false": False}
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class _IdText(forms.CharField):
    def clean(self, value: Any) -> UUID | None:
        text = super().clean(value)
        try:
            return fields.read_id(text) if text else None
        except ValueError:
            raise forms.ValidationError("Enter a valid UUID.", code="invalid") from None


class _AmountText(forms.CharField):
    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if text and not _AMOUNT.fullmatch(text):
            raise forms.ValidationError("Give an amount in digits.", code="invalid")
        return Decimal(text) if text else None


class _BooleanText(forms.CharField):
    def clean(self, value: Any) -> bool | None:
        text = super().clean(value).lower()
        if text and text not in _BOOLEANS:
            raise forms.ValidationError("Give true or false.", code="invalid")
        return _BOOLEANS.get(text)


class _DateText(forms.CharField):
    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        try:
            if text and not _DATE.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise forms.ValidationError("Give a date as YYYY-MM-DD.", code="invalid") from None


class _MomentText(django_filters.fields.IsoDateTimeField):
    def clean(self, value: Any) -> datetime | None:
        if not str(value or "").isascii():
            raise forms.ValidationError("Enter a valid date/time.", code="invalid")
        moment: datetime | None = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else None  # PostgreSQL knows no offset above 15:59
        except OverflowError:
            raise forms.ValidationError("Enter a valid date/time.", code="invalid") from None


class IdFilter(django_filters.UUIDFilter):
    field_class = _IdText  # type: ignore[assignment]


class AmountFilter(django_filters.Filter):
    field_class = _AmountText


class BooleanFilter(django_filters.BooleanFilter):
    field_class = _BooleanText  # type: ignore[assignment]


class DateFilter(django_filters.DateFilter):
    field_class = _DateText  # type: ignore[assignment]


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = _MomentText


class FilterBackend(DjangoFilterBackend):
    """Builds filters only where a parameter asks for one: django-filter would copy them all for every list."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> Any:
        filterset_class = getattr(view, "filterset_class", None)
        if filterset_class is None or filterset_class.base_filters.keys().isdisjoint(request.query_params):
            return queryset
        return super().filter_queryset(request, queryset, view)


class SearchFilter(django_filters.CharFilter):
    """Every word must occur in one of the fields, whatever its case."""

    def __init__(self, *, fields: tuple[str, ...], **kwargs: Any) -> None:
        self.fields = fields
        super().__init__(max_length=100, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "").split():
            anywhere = Q()
            for field in self.fields:
                anywhere |= Q(**{f"{field}__icontains": word})
            queryset = queryset.filter(anywhere)
        return queryset
