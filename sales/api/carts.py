from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Account
from accounts.roles import Capability
from core import errors
from core.api import fields
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from inventory.api.serializers.documents import ReasonInput
from sales import services
from sales.api import cart_serializers as serializers
from sales.api import filters
from sales.api.offers_serializers import QuoteSerializer

NAMED = [OpenApiParameter("line", OpenApiTypes.UUID, OpenApiParameter.PATH)]


class CartViewSet(AccountViewSet):
    """What is about to be sold, at any till of a storefront. The till sells it by `sales/` with the cart's id."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    exactly_once = True
    filterset_class = filters.CartFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CartInput,
        "partial_update": serializers.CartChange,
        "resume": serializers.ResumeInput,
        "hold": serializers.HoldInput,
        "abandon": ReasonInput,
        "lines": serializers.CartLineInput,
        "line": serializers.CartLineChange,
    }

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        is_list = self.action == "list"
        return serializers.CartSummarySerializer if is_list else serializers.CartSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.carts.order_by("-touched_at", "-id")

    def create(self, request: AccountRequest) -> Response:
        """Open a cart at a register; a register may have several."""
        return self.act(services.open_cart, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Say whose it is, what it is called, or at which price level it is sold."""
        return self.act(services.change_cart, cart=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def lines(self, request: AccountRequest, pk: str) -> Response:
        """Put something in, by its product or its barcode; of what is in it already, so many more."""
        return self.act(services.add_cart_line, cart=self.get_locked_object)

    @extend_schema(parameters=NAMED)
    @action(detail=True, methods=["patch"], url_path="lines/(?P<line>[^/]+)")
    def line(self, request: AccountRequest, pk: str, line: str) -> Response:
        """Change how many, or at which price."""
        return self.act(services.change_cart_line, cart=self.get_locked_object, line=self._line_id)

    @extend_schema(parameters=NAMED, request=None, responses=serializers.CartSerializer)
    @line.mapping.delete
    def remove_line(self, request: AccountRequest, pk: str, line: str) -> Response:
        """Take it out."""
        return self.act(services.remove_cart_line, cart=self.get_locked_object, line=self._line_id)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def park(self, request: AccountRequest, pk: str) -> Response:
        """Put it aside, for the customer comes back."""
        return self.act(services.park_cart, cart=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def resume(self, request: AccountRequest, pk: str) -> Response:
        """Go on with it, at any register of the storefront."""
        return self.act(services.resume_cart, cart=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def hold(self, request: AccountRequest, pk: str) -> Response:
        """Promise it all that is in it, for a quarter of an hour unless told."""
        return self.act(services.hold_cart, cart=self.get_locked_object)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def release(self, request: AccountRequest, pk: str) -> Response:
        """Let go of what it was promised."""
        return self.act(services.release_held, cart=self.get_locked_object)

    @action(detail=True, methods=["post"])
    def abandon(self, request: AccountRequest, pk: str) -> Response:
        """Give it up, with what it was promised."""
        return self.act(services.abandon_cart, cart=self.get_locked_object)

    @extend_schema(responses=QuoteSerializer)
    @action(detail=True, asks=serializers.CartQuoteInput)
    def quote(self, request: AccountRequest, pk: str) -> Response:
        """What it costs now, line by line, with these discounts and this coupon; refused as its sale would be."""
        quote = services.quote_cart(by=request.membership, cart=self.get_object(), **self.asked())
        return self.show(quote, shown_by=QuoteSerializer)

    def _line_id(self) -> UUID:
        try:
            return fields.read_id(self.kwargs["line"])
        except ValueError:
            raise errors.NotFound from None
