from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, Inputs
from sales import services
from sales.api import offers_filters as filters
from sales.api import offers_serializers as serializers


class PriceRuleViewSet(AccountViewSet):
    """Prices beside the list: the most particular that holds makes the price of a line."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.PRICE_CHANGE
    module = "sales"
    feature = "sales"
    serializer_class = serializers.PriceRuleSerializer
    filterset_class = filters.PriceRuleFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.PriceRuleInput,
        "partial_update": serializers.PriceRuleChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.price_rules.order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_price_rule, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_price_rule, price_rule=self.get_locked_object)


class CouponViewSet(AccountViewSet):
    """Codes that take something off a sale: one to a sale. Who sells has to be told a code, and is shown none."""

    read_capability = Capability.PRICE_CHANGE
    write_capability = Capability.PRICE_CHANGE
    module = "sales"
    feature = "sales"
    serializer_class = serializers.CouponSerializer
    filterset_class = filters.CouponFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.CouponInput,
        "partial_update": serializers.CouponChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.coupons.order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_coupon, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_coupon, coupon=self.get_locked_object)


class PromotionViewSet(AccountViewSet):
    """What is given to whoever buys enough; the lowest priority comes first."""

    read_capability = Capability.SALE_READ
    write_capability = Capability.PRICE_CHANGE
    module = "sales"
    feature = "sales"
    serializer_class = serializers.PromotionSerializer
    filterset_class = filters.PromotionFilter
    input_classes: ClassVar[Inputs] = {
        "create": serializers.PromotionInput,
        "partial_update": serializers.PromotionChange,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.promotions.order_by("priority", "id").prefetch_related("items")

    def create(self, request: AccountRequest) -> Response:
        return self.act(services.add_promotion, status=http.HTTP_201_CREATED)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        return self.act(services.change_promotion, promotion=self.get_locked_object)


class QuoteViewSet(AccountViewSet):
    """What a basket would cost: nothing of it is kept."""

    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    keeps_answers = False
    serializer_class = serializers.QuoteSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.QuoteInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.sales.none()

    @extend_schema(responses=serializers.QuoteSerializer)
    def create(self, request: AccountRequest) -> Response:
        """Price a basket as a sale would: which rule made each price, and what takes something off."""
        return self.act(services.quote_sale)
