"""What the pages of the console are made of: rows of all businesses, read by a role that may, and not changed."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from core.tenancy import STAFF

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody leafs."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


class AccountFilter(admin.SimpleListFilter):
    """The rows of the businesses that are named so, or of the one with this id."""

    title = "business"
    parameter_name = "account"
    template = "core/account_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.is_needed = model_admin.needs_account
        self.others = [(name, value) for name, value in request.GET.items() if name not in (self.parameter_name, "p")]

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def choices(self, changelist: Any) -> Any:
        return [{"named": self.value() or "", "others": self.others, "is_needed": self.is_needed}]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        named = (self.value() or "").replace("\0", "").strip()  # which PostgreSQL does not take
        if not named:
            return queryset.none() if self.is_needed else queryset
        accounts = queryset.model._meta.get_field("account").related_model.across_accounts.using(STAFF)
        try:
            found = accounts.filter(pk=UUID(named))
        except ValueError:
            found = accounts.filter(name__icontains=named)
        return queryset.filter(account_id__in=list(found.values_list("pk", flat=True)))


class ReadOnly:
    """Nothing is added, changed or removed here. Whoever looks must be on duty, and have the right."""

    admin_site: admin.AdminSite
    read_capability = "platform:read"

    def may(self, request: HttpRequest, capability: str) -> bool:
        return self.admin_site.has_permission(request) and request.membership.may(capability)  # type: ignore[attr-defined]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, self.read_capability)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # What these rows refer to is read on the same connection.
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.using(STAFF)


class StaffAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a page per row. `fields` names all that is shown: what is not named stays secret.

    Lists that grow with every sale set `needs_account`: they show nothing until a business is named.
    """

    needs_account = False
    actions: Any = None
    writable: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()  # filters that links lead to
    list_filter: ClassVar[Any] = (AccountFilter,)
    ordering: ClassVar[Any] = ("-account_id", "-id")
    list_per_page = 50
    list_max_show_all = 0
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Only the filters that the page offers: by any other a secret could be guessed letter by letter."""
        return re.sub(r"__(exact|isempty)$", "", lookup) in {*map(_parameter_of, self.list_filter), *self.linked}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if any("\0" in value for value in request.GET.values()):
            raise BadRequest  # PostgreSQL does not take it
        response = super().changelist_view(request, extra_context)
        if AccountFilter.parameter_name in request.GET and hasattr(response, "context_data"):
            self._look_into(request, response.context_data["cl"].result_list)
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "GET":
            self._look_into(request, [row])
        return row

    def _look_into(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """Whose rows these are can read that they were looked at; a list that names no business tells of none."""
        self.admin_site.look_into(request, rows)  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.get_fields(request, obj) if name not in self.writable]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The business's own history of this row."""
        row = self.get_object(request, object_id)
        about = {"subject_id": object_id, "account": getattr(row, "account_id", object_id)}
        return HttpResponseRedirect(f"{reverse('admin:accounts_auditevent_changelist')}?{urlencode(about)}")


def _parameter_of(offered: Any) -> str:
    if isinstance(offered, tuple):
        return str(offered[0])
    return offered if isinstance(offered, str) else str(offered.parameter_name)


class StaffInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The rows that belong to one row."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.get_fields(request, obj)]
