"""What can be had now, and what of it is promised to carts."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import status as http
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory import services
from inventory.api import filters
from inventory.api.serializers import reservations as serializers


class ReservationViewSet(AccountViewSet):
    """What carts hold now. An hour that has run out holds nothing, and needs nobody to take it back."""

    read_capability = Capability.STOCK_READ
    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    serializer_class = serializers.ReservationSerializer
    filterset_class = filters.ReservationFilter
    input_classes: ClassVar[Inputs] = {"create": serializers.ReservationInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.reservations.filter(expires_at__gt=timezone.now()).order_by("-held_at", "-id")

    def create(self, request: AccountRequest) -> Response:
        """Hold so much of a product for a cart; what the cart held of it before is replaced."""
        return self.act(services.hold_stock, status=http.HTTP_201_CREATED)

    def destroy(self, request: AccountRequest, pk: str) -> Response:
        """Let go of it."""
        return self.act(services.release_hold, reservation=self.get_locked_object)
