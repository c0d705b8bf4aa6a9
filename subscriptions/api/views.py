from io import BytesIO
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status as http
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import Account
from accounts.roles import Capability
from core.api.envelope import Page
from core.api.requests import AccountRequest
from core.api.views import AccountViewSet, DeclaredView, Inputs
from subscriptions import papers, queries, services
from subscriptions.api import serializers
from subscriptions.models import Subscription, SubscriptionPlan, SubscriptionPricingTier
from system import media


class StatusView(DeclaredView):
    read_capability = Capability.ACCOUNT_READ
    feature = "account"

    @extend_schema(responses=serializers.SubscriptionStatusSerializer)
    def get(self, request: AccountRequest) -> Response:
        """The plan, the state that follows from its dates, how much of it is used, and what it opens."""
        return Response(serializers.SubscriptionStatusSerializer(queries.read_standing(request.account)).data)


class PlansView(DeclaredView):
    read_capability = Capability.ACCOUNT_READ
    feature = "account"

    @extend_schema(responses=serializers.PlanSerializer(many=True))
    def get(self, request: AccountRequest) -> Response:
        """Every plan that is offered, with what it costs for how many storefronts, before taxes and fees."""
        tiers = SubscriptionPricingTier.objects.order_by("cycle", "min_storefronts")
        plans = SubscriptionPlan.objects.filter(is_offered=True).order_by("code")
        found = plans.prefetch_related(Prefetch("tiers", tiers, to_attr="sold_tiers"))
        rows = list(serializers.PlanSerializer(found, many=True).data)
        return Response(Page(count=len(rows), next=None, previous=None, results=rows))


class MyPricingView(DeclaredView):
    read_capability = Capability.SUBSCRIPTION_READ
    feature = "account"
    asks = serializers.PricingInput

    @extend_schema(responses=serializers.SubscriptionOfferSerializer)
    def get(self, request: AccountRequest) -> Response:
        """What the next payment would cost: by the storefronts that there are, and the taxes and fees of today."""
        offer = services.make_offer(by=request.membership, **self.asked())
        return Response(serializers.SubscriptionOfferSerializer(offer).data)


class SubscriptionViewSet(AccountViewSet):
    """What the business holds, which it may change, end, and take up again."""

    write_capability = Capability.SUBSCRIPTION_CHANGE
    feature = "account"
    serializer_class = serializers.SubscriptionSerializer
    input_classes: ClassVar[Inputs] = {"next_plan": serializers.NextPlanInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return Subscription.across_accounts.filter(account=account)

    def next_plan(self, request: AccountRequest) -> Response:
        """Go on with another plan when what is paid for has ended; with null, with the one that runs."""
        return self.act(services.choose_next_plan)

    @extend_schema(request=None)
    def cancel(self, request: AccountRequest) -> Response:
        """Let it end with what is paid for, without days of grace."""
        return self.act(services.cancel_subscription)

    @extend_schema(request=None)
    def resume(self, request: AccountRequest) -> Response:
        """Take the cancelling back, while it still runs."""
        return self.act(services.resume_subscription)


class PaymentViewSet(AccountViewSet):
    """What was to be paid, and what came of it. What an invoice is for has `granted_at`."""

    read_capability = Capability.SUBSCRIPTION_READ
    write_capability = Capability.SUBSCRIPTION_CHANGE
    feature = "account"
    exactly_once = True
    serializer_class = serializers.SubscriptionPaymentSerializer
    input_classes: ClassVar[Inputs] = {"create": serializers.SubscriptionPaymentInput}

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.subscription_payments.select_related("attempt", "plan").order_by("-id")

    def create(self, request: AccountRequest) -> Response:
        """Begin to pay: the server reckons the price. Without a plan one goes on with what there is."""
        return self.act(services.start_subscription_payment, status=http.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], exactly_once=False)
    def verify(self, request: AccountRequest, pk: str) -> Response:
        """Have the gateway asked, as when the payer comes back from its page. Read the payment a little later."""
        return self.act(services.verify_subscription_payment, payment=self.get_object)


class InvoiceViewSet(AccountViewSet):
    """Invoices, and the credit notes of money that went back."""

    read_capability = Capability.SUBSCRIPTION_READ
    feature = "account"
    serializer_class = serializers.InvoiceSerializer

    def rows(self, account: Account) -> QuerySet[Any]:
        return account.invoices.order_by("-id")

    @extend_schema(responses={(200, media.PDF): OpenApiTypes.BINARY})
    @action(detail=True)
    def pdf(self, request: AccountRequest, pk: str) -> FileResponse:
        """The paper, as it was issued."""
        invoice = self.get_object()
        return FileResponse(
            BytesIO(papers.render(invoice)),
            as_attachment=True,
            filename=f"{invoice.number}.pdf",
            content_type=media.PDF,
        )
