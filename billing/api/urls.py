from django.urls import path
from rest_framework.routers import SimpleRouter

from billing.api import credit_views, views

momo, paystack = views.MomoWebhookView.as_view(), views.PaystackWebhookView.as_view()
stripe = views.StripeWebhookView.as_view()
router = SimpleRouter()
router.register("credits/transactions", credit_views.CreditTransactionViewSet, basename="credit-transaction")
router.register("credits/reservations", credit_views.ReservationViewSet, basename="credit-reservation")
router.register("credits/purchases", credit_views.PurchaseViewSet, basename="credit-purchase")

urlpatterns = [
    path("webhooks/momo/", momo),
    path("webhooks/momo/<str:account>/", momo),
    path("webhooks/paystack/", paystack),
    path("webhooks/paystack/<str:account>/", paystack),
    path("webhooks/stripe/", stripe),
    path("webhooks/stripe/<str:account>/", stripe),
    path("credits/balance/", credit_views.BalanceView.as_view(), name="credit-balance"),
    path("credits/costs/", credit_views.CostsView.as_view(), name="credit-costs"),
    path("credits/quote/", credit_views.CreditQuoteView.as_view(), name="credit-quote"),
    path("credits/deduct/", credit_views.SpendingViewSet.as_view({"post": "create"}), name="credit-deduct"),
    path("credits/packs/", credit_views.PacksView.as_view(), name="credit-packs"),
    path("credits/usage/", credit_views.UsageView.as_view(), name="credit-usage"),
    *router.urls,
]
