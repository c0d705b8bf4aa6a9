"""What the asking member is told."""

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.permissions import HasTenantAccess
from core.api.filters import BooleanFilter
from core.api.pagination import KeyedPages
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet
from system import services
from system.api.serializers import NotificationSerializer, UnreadSerializer
from system.models import Notification


class NotificationFilters(django_filters.FilterSet):
    is_read = BooleanFilter(field_name="read_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Notification
        fields: list[str] = []


class NotificationViewSet(AccountViewSet):
    """One's own notices, newest first; those of whose kind one has lost the right are gone."""

    permission_classes = (HasTenantAccess,)
    is_own = True
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilters
    pagination_class = KeyedPages

    def rows(self, account: Account) -> QuerySet[Notification]:
        member = self.request.membership
        kinds = [kind for kind, right in settings.NOTIFICATIONS.items() if member.may(right)]
        return account.notifications.filter(member=member, kind__in=kinds, is_shown=True).order_by("-id")

    @extend_schema(responses=UnreadSerializer)
    @action(detail=False)
    def unread(self, request: AccountRequest) -> Response:
        """How many one has not read, and what the platform tells everybody: to be asked now and then."""
        count = self.get_queryset().filter(read_at=None).count()
        return Response({"unread": count, "maintenance": services.read_platform_settings().maintenance_notice})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="read", url_name="read")
    def mark_read(self, request: AccountRequest, pk: str) -> Response:
        """Note that one has read it."""
        return self.act(services.mark_read, notification=self.get_locked_object)

    @extend_schema(request=None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="read-all", url_name="read-all")
    def mark_all_read(self, request: AccountRequest) -> Response:
        """Note that one has read all there is."""
        return self.act(services.mark_all_read)
