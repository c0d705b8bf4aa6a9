"""Pages of a list: by number where people leaf through, by key where a ledger grows without end."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from core.api import fields
from core.api.envelope import Page

MAX_PAGE_SIZE = 200


def page_size_of(request: Request, default: int) -> int:
    """`page_size`, 1 to 200. Raises ValidationError, rather than quietly giving another size."""
    return _whole(request, "page_size", default, most=MAX_PAGE_SIZE)


def _whole(request: Request, name: str, default: int, *, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise ValidationError({name: f"Give a whole number from 1 to {most}."})
    return int(text)


class NumberedPages(pagination.PageNumberPagination):
    """`page` and `page_size`; a page past the end is empty, for rows come and go while somebody leafs."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    parameters = ("page", "page_size")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url, self.size = request.build_absolute_uri(), page_size_of(request, self.page_size)
        self.number = _whole(request, "page", 1, most=10**9 - 1)
        self.count = Paginator(queryset, self.size).count
        start = (self.number - 1) * self.size
        return list(view.read(queryset)[start : start + self.size]) if start < self.count else []

    def get_paginated_response(self, data: Any) -> Response:
        return Response(Page(count=self.count, next=self._link(+1), previous=self._link(-1), results=data))

    def _link(self, step: int) -> str | None:
        number = self.number + step
        if number < 1 or (number - 1) * self.size >= max(self.count, 1):
            return None
        url = self.url
        return remove_query_param(url, "page") if number == 1 else replace_query_param(url, "page", number)


class KeyedPages(pagination.BasePagination):
    """Newest first, `cursor` being the id of the last row seen. UUIDv7 ids grow with time; no count, no OFFSET."""

    page_size = 50
    parameters = ("cursor", "page_size")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, size = request, page_size_of(request, self.page_size)
        rows = self._after_cursor(queryset.order_by("-id"))[: size + 1]
        found = list(rows)
        self.following = found[size - 1].id if len(found) > size else None
        return found[:size]

    def _after_cursor(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        cursor = self.request.query_params.get("cursor")
        if cursor is None:
            return queryset
        try:
            return queryset.filter(id__lt=fields.read_id(cursor))
        except ValueError:
            raise ValidationError({"cursor": "Give the cursor that the last page had."}) from None

    def get_paginated_response(self, data: Any) -> Response:
        url = self.request.build_absolute_uri()
        following = replace_query_param(url, "cursor", self.following) if self.following else None
        return Response(Page(count=None, next=following, previous=None, results=data))
