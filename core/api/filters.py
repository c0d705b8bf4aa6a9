"""Filters that really filter: a parameter that nobody declared is refused, and so is a value that makes no sense."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet


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
