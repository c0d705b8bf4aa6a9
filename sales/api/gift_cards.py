from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.amounts import SMALLEST_MONEY
from core.api import fields
from core.api.requests import AccountRequest
from core.api.serializers import ModelSerializer, Serializer
from core.api.views import AccountViewSet, Inputs
from sales import services
from sales.api import filters
from sales.api.customer_serializers import MoneyInput
from sales.models import GiftCard


class GiftCardSerializer(ModelSerializer):
    class Meta:
        model = GiftCard
        fields = [
            "id",
            "last_four",
            "amount",
            "balance",
            "expires_on",
            "is_blocked",
            "sold_by",
            "sold_at",
            "version",
        ]


class SoldGiftCardSerializer(GiftCardSerializer):
    """With its code, which is told this once."""

    code = fields.TextField()
    change_due = fields.MoneyField()

    class Meta(GiftCardSerializer.Meta):
        fields = [*GiftCardSerializer.Meta.fields, "code", "change_due"]


class GiftCardInput(Serializer):
    id = fields.IdField(required=False)
    register = fields.IdField()
    amount = fields.MoneyField(min_value=SMALLEST_MONEY)
    payments = fields.BoundedList(child=MoneyInput(), min_length=1, max_length=20)
    expires_on = fields.DateField(required=False, allow_null=True)
    sold_at = fields.MomentField(required=False)


class GiftCardChange(ModelSerializer):
    class Meta:
        model = GiftCard
        fields = ["expires_on", "is_blocked"]


class GiftCardCodeInput(Serializer):
    code = fields.TextField(max_length=100)


class GiftCardViewSet(AccountViewSet):
    read_capability = Capability.SALE_READ
    write_capability = Capability.SALE_COMPLETE
    module = "sales"
    feature = "sales"
    exactly_once = True
    tells_secrets = True
    serializer_class = GiftCardSerializer
    filterset_class = filters.GiftCardFilter
    input_classes: ClassVar[Inputs] = {
        "create": GiftCardInput,
        "partial_update": GiftCardChange,
        "look_up": GiftCardCodeInput,
    }

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.gift_cards.order_by("-sold_at", "-id")

    @extend_schema(responses={201: SoldGiftCardSerializer})
    def create(self, request: AccountRequest) -> Response:
        """Sell a card for money. The answer, and its replay for who sold it, are the only ones that tell the code."""
        return self.act(services.sell_gift_card, status=http.HTTP_201_CREATED, shown_by=SoldGiftCardSerializer)

    def partial_update(self, request: AccountRequest, pk: str) -> Response:
        """Block it, or let it end on another day."""
        return self.act(services.change_gift_card, card=self.get_locked_object)

    @action(detail=False, methods=["post"], url_path="look-up", url_name="look-up", exactly_once=False)
    def look_up(self, request: AccountRequest) -> Response:
        """What is on the card of this code."""
        return self.act(services.find_gift_card)
